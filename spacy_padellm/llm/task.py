"""The spacy-llm task that finds named entities with `ParallelDecoder`."""

import logging
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

# spacy-llm compares type hints and only knows those from `typing`
from typing import Any, Iterable, Tuple  # noqa: UP035

import srsly
from spacy import util
from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Example
from spacy_llm.pipeline import LLMWrapper
from spacy_llm.registry import lowercase_normalizer
from spacy_llm.tasks.ner.util import score
from spacy_llm.ty import Scorer, ShardMapper

from ..errors import Errors, Warnings
from ..formats.base import Extraction, Query
from ..locks import Once
from ..pipeline.annotate import annotate, register_score
from ..pipeline.labels import gold_labels
from ..pipeline.output import Output
from ..pipeline.prediction import WindowPrediction, locate
from ..pipeline.prediction_warnings import prediction_warnings
from ..spans.normalised import normalise
from ..spans.wrapping import unwrapped
from ..writing import replace_files
from .caching import TASK, cache_key, component_asking_for, name_of
from .labels import TaskLabels
from .messages import read_answer, write_prompt
from .model import ParallelDecoder
from .sharding import SentenceShardMapper, Shards

logger = logging.getLogger(__name__)


def build_ner_v1(
    *,
    labels: list[str] | str | dict[str, str] | None = None,
    label_definitions: dict[str, str] | None = None,
    normalizer: Callable[[str], str] | None = None,
    shard_mapper: ShardMapper | None = None,
    scorer: Scorer | None = None,
    spans_key: str | None = None,
    allow_overlap: bool = False,
    threshold: float = 0.0,
    deduplicate: bool = True,
    overwrite_ents: bool = False,
    alignment_mode: str = "contract",
    all_occurrences: bool = False,
    save_trace: bool = False,
) -> "NERTask":
    """Named entity recognition for the model `spacy_padellm.ParallelDecoder.v1`.

    labels: a list, a string with commas, or a dict label → name in the prompt. If null
        or empty, `initialize` takes the labels of its examples.
    label_definitions: label → name in the prompt. Adapters are trained on names of one
        or two words, such as "sports team". Do not use sentences.
    normalizer: normalizes labels before they are compared. Null is
        `spacy.LowercaseNormalizer.v1`.
    shard_mapper: cuts docs that are too long. Null cuts them between sentences, and
        measures them in model tokens.
    scorer: null is the scorer of `spacy.NER.v3`.
    The other settings are those of `padellm_ner`.
    """
    register_score()
    return NERTask(
        TaskLabels(labels, label_definitions, normalizer or lowercase_normalizer()),
        Output(
            spans_key=spans_key,
            allow_overlap=allow_overlap,
            threshold=threshold,
            deduplicate=deduplicate,
            overwrite_ents=overwrite_ents,
            alignment_mode=alignment_mode,
            all_occurrences=all_occurrences,
            save_trace=save_trace,
        ),
        shard_mapper=shard_mapper,
        scorer=scorer or score,
    )


class NERTask:
    """See `build_ner_v1`. The protocol of a task is in `spacy_llm.ty`."""

    def __init__(
        self,
        table: TaskLabels,
        output: Output,
        *,
        shard_mapper: ShardMapper | None,
        scorer: Scorer,
    ) -> None:
        self.output = output
        self.shard_mapper = shard_mapper
        self._table = table
        self._scorer = scorer
        self._component: LLMWrapper | None = None
        self._warned = Once()

    # -- prompts and answers ----------------------------------------------------------

    def generate_prompts(
        self, docs: Iterable[Doc], context_length: int | None = None
    ) -> Iterable[Tuple[Iterable[str], Iterable[Doc]]]:  # noqa: UP006
        """Yield the prompts and the shards of each doc.

        context_length: the maximum number of model tokens in a prompt with its answer.
            Docs are not cut if it is None or if the model cannot count tokens.
        """
        if not self.labels:
            self._warn_once("no labels", Warnings.W841)
        for doc in docs:
            shards = self._shards(doc, context_length)
            yield [self._prompt(shard) for shard in shards], shards

    def parse_responses(
        self, shards: Iterable[Iterable[Doc]], responses: Iterable[Iterable[str]]
    ) -> Iterable[Doc]:
        """Yield the docs with the entities from their shards.

        It annotates and yields the original doc, so annotations of other components
        are preserved. Raises ValueError for answers of other models.
        """
        for of_doc, answers in zip(shards, responses, strict=True):
            of_doc = of_doc if isinstance(of_doc, Shards) else Shards.fused(of_doc)
            yield self._annotated(of_doc, answers)

    def scorer(self, examples: Iterable[Example]) -> dict[str, Any]:
        return self._scorer(examples)

    def _shards(self, doc: Doc, context_length: int | None) -> Shards:
        mapper = self._mapper()
        blank = not self.labels or not doc.text.strip()
        if blank or mapper is None or context_length is None:
            return Shards(doc, [doc])

        def render(shard: Doc, i_shard: int, i_doc: int, n_shards: int) -> str:
            return self._prompt(shard)

        return Shards(doc, list(mapper(doc, 0, context_length, render)))

    def _mapper(self) -> ShardMapper | None:
        model = None if self._component is None else self._component._model
        if self.shard_mapper is None and isinstance(model, ParallelDecoder):
            return SentenceShardMapper(model.n_tokens)
        return self.shard_mapper

    def _prompt(self, shard: Doc) -> str:
        return write_prompt(self._query(shard))

    def _query(self, shard: Doc) -> Query:
        # the text of a span has no whitespace after its last token
        return Query(normalise(unwrapped(shard[:].text)).text, self._table.names)

    def _annotated(self, shards: Shards, answers: Iterable[str]) -> Doc:
        parts = []
        for window, shard, answer in zip(
            shards.windows(), shards, answers, strict=True
        ):
            extraction = self._extraction(answer)
            query = self._query(shard)
            if query.text.strip():
                parts.append(WindowPrediction(window, query, extraction))
        prediction = locate(shards.doc, parts, self.output)
        annotate(shards.doc, prediction, output=self.output, component=self._name)
        for kind, message, values in prediction_warnings(shards.doc, prediction):
            self._warn_once(kind, message, **values)
        return shards.doc

    def _extraction(self, answer: str) -> Extraction:
        """Parse an answer and replace its labels with the task's labels."""
        extraction = read_answer(answer)
        lost = Counter(extraction.lost)
        mentions = []
        for mention in extraction.mentions:
            label = self._table.of_answer(mention.label)
            if label is None:
                lost["unknown label"] += 1
            else:
                mentions.append(replace(mention, label=label))
        return replace(extraction, mentions=tuple(mentions), lost=lost)

    # -- labels -----------------------------------------------------------------------

    @property
    def labels(self) -> Tuple[str, ...]:  # noqa: UP006
        return tuple(self._table.names)

    @property
    def label_definitions(self) -> dict[str, str]:
        """Label → name in the prompt, for the labels with a definition."""
        return dict(self._table.definitions)

    def add_label(self, label: str, label_definition: str | None = None) -> int:
        """Add a label. Returns 1, or 0 if the task already has the label."""
        if label in self.labels:
            return 0
        self._set_table(self._table.added(label, label_definition))
        return 1

    def clear(self) -> None:
        """Remove all labels and definitions."""
        self._set_table(TaskLabels(None, None, self._table.normalizer))

    def initialize(
        self,
        get_examples: Callable[[], Iterable[Example]],
        nlp: Language | None = None,
        labels: list[str] | str | dict[str, str] | None = None,
    ) -> None:
        """Set the labels to `labels`. If it is empty and the task has no labels, set
        them to the labels of the examples."""
        if labels:
            self._set_table(self._table.replaced(labels))
        elif not self.labels:
            found = gold_labels(get_examples())
            names = {label: name for label, name in found.items() if name}
            self._set_table(self._table.replaced(list(found), names))

    def _set_table(self, table: TaskLabels) -> None:
        """Replace the labels. Raises ValueError if the cache has docs for others."""
        before, self._table = self._table, table
        if self._component is None or table.names == before.names:
            return
        try:
            self._component._cache.prompt_template = self.prompt_template
        except ValueError as error:
            self._table = before
            raise ValueError(
                Errors.E846.format(old=list(before.names), new=list(table.names))
            ) from error

    # -- cache ------------------------------------------------------------------------

    @property
    def prompt_template(self) -> str:
        """The cache key, see `caching`."""
        self._component = component_asking_for(self) or self._component
        settings = {"labels": self._table.names, "output": asdict(self.output)}
        if name_of(self._table.normalizer) != name_of(lowercase_normalizer()):
            settings["normalizer"] = name_of(self._table.normalizer)
        if self.shard_mapper is not None:
            settings["shard_mapper"] = name_of(self.shard_mapper)
        return cache_key(settings, self._component)

    # -- files ------------------------------------------------------------------------

    def to_bytes(self, *, exclude: Iterable[str] = ()) -> bytes:
        fields = {"cfg": lambda: srsly.json_dumps(self._table.to_dict())}
        return util.to_bytes(fields, exclude)

    def from_bytes(
        self, bytes_data: bytes, *, exclude: Iterable[str] = ()
    ) -> "NERTask":
        fields = {"cfg": lambda data: self._load(srsly.json_loads(data))}
        util.from_bytes(bytes_data, fields, exclude)
        return self

    def to_disk(self, path: Path, *, exclude: Iterable[str] = ()) -> None:
        text = srsly.json_dumps(self._table.to_dict(), indent=2)
        fields = {"cfg": lambda file: replace_files({file: text})}
        util.to_disk(path, fields, exclude)

    def from_disk(self, path: Path, *, exclude: Iterable[str] = ()) -> "NERTask":
        fields = {"cfg": lambda file: self._load(srsly.read_json(file))}
        util.from_disk(path, fields, exclude)
        return self

    def _load(self, cfg: dict[str, Any]) -> None:
        self._set_table(TaskLabels(**cfg, normalizer=self._table.normalizer))

    # -- messages ---------------------------------------------------------------------

    @property
    def _name(self) -> str:
        """The name of the component, or of the task if there is no component."""
        return TASK if self._component is None else self._component._name

    def _warn_once(self, kind: str, message: str, **values: Any) -> None:
        if self._warned.is_first(kind):
            logger.warning(message.format(name=self._name, **values))
