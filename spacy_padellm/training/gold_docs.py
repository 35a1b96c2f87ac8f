"""Gold docs as trees to learn from, and as texts to be read."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from spacy.tokens import Doc

from ..errors import Warnings
from ..formats.base import Format, PromptTokenizer
from ..pipeline.learning import annotated_labels, gold_trees
from ..spans.align import boundaries
from ..trees.packing import GoldTree
from ..types import LabelNames, Window, WindowGetter
from .dev_texts import DevText


@dataclass(slots=True)
class GoldReader:
    """Cuts gold docs into windows as the component would.

    problems: counts what cannot be learned, see `gold_trees`.
    """

    labels: LabelNames
    format: Format
    windows: WindowGetter
    tokenizer: PromptTokenizer
    problems: Counter[str] = field(default_factory=Counter)

    def trees(self, doc: Doc) -> list[GoldTree]:
        """A tree for each window that `nlp.update` would learn from."""
        return [tree for _, tree in self._windows(doc)]

    def texts(self, doc: Doc, number: int) -> Iterator[tuple[GoldTree, DevText]]:
        """The same with the window's text and entities; number: the doc's."""
        asked = annotated_labels(doc, self.labels)
        for window, tree in self._windows(doc):
            text, starts, ends = boundaries(doc[window.start : window.end])
            offset = doc[window.start].idx
            entities = [
                (ent.start_char - offset, ent.end_char - offset, ent.label_)
                for ent in doc.ents
                if window.start <= ent.start and ent.end <= window.end
                if ent.label_ in asked
            ]
            yield (
                tree,
                DevText(number, text, asked, sorted(starts), sorted(ends), entities),
            )

    def warnings(self) -> list[str]:
        """Of what could not be learned; unknown labels are counted elsewhere."""
        return [
            Warnings.W873.format(problem=problem, times=times)
            for problem, times in self.problems.items()
            if not problem.startswith("unknown label")
        ]

    def _windows(self, doc: Doc) -> Iterator[tuple[Window, GoldTree]]:
        if not doc.has_annotation("ENT_IOB"):
            self.problems["doc without entity annotation"] += 1
            return
        for window in self.windows(doc):
            for tree in gold_trees(
                doc,
                self.labels,
                format=self.format,
                windows=lambda doc, window=window: [window],
                tokenizer=self.tokenizer,
                problems=self.problems,
            ):
                yield window, tree
