"""Annotate texts with a pipeline. A document that fails takes no other with it."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from spacy.tokens import Doc

from ..pipeline.language import component_names
from ..scoring.entity_score import entity_score
from .rows import Row

if TYPE_CHECKING:
    from spacy.language import Language

PROBE = "Ann left Oslo."
# The group of components that write none: their counts of what they dropped are read
# from it, and it is removed.
COUNTS = "spacy_padellm.counts"

# start and end (characters, exclusive), label, and score (0 to 1, or None)
Entity: TypeAlias = dict[str, Any]
# (start, end, label) → score
Scores: TypeAlias = dict[tuple[int, int, str], float | None]

CHANGED_TEXT = (
    "the pipeline's tokenizer changes the text, for example its spaces, so the places "
    "of entities would be wrong"
)


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a document could not be annotated."""

    reason: str


class BrokenPipeline(RuntimeError):
    """The pipeline fails on every text, for example because its GPU is gone."""


class DocAnnotator:
    """Runs a pipeline. keys: the groups of doc.spans with its components' entities.
    overlapping: those with mentions that may overlap entities.

    Loads the base, and raises what a pipeline that does not work raises:
    ConnectionError for a server that does not answer.
    """

    def __init__(self, nlp: "Language") -> None:
        self.nlp = nlp
        components = [nlp.get_pipe(name) for name in component_names(nlp)]
        for component in components:
            component.spans_key = component.spans_key or COUNTS
        self.keys = list(dict.fromkeys(one.spans_key for one in components))
        self.overlapping = {one.spans_key for one in components if one.allow_overlap}
        self._run_alone(nlp.make_doc(PROBE))

    def annotate(self, rows: Sequence[Row]) -> list[Doc | Failure]:
        """Return a doc for each row, or why there is none. Raises BrokenPipeline, and
        ConnectionError for a server that does not answer: no document is to blame."""
        found: list[Doc | Failure] = [self._doc(row) for row in rows]
        docs = [(one, i) for i, one in enumerate(found) if isinstance(one, Doc)]
        try:
            done = dict(_piped(self.nlp, docs))
        except Exception:  # of a component without an error handler
            done = {}
        for _, i in docs:
            found[i] = done[i] if i in done else self._alone(rows[i])
        return found

    def _alone(self, row: Row) -> Doc | Failure:
        """Annotate a document that others may have taken with them."""
        doc = self._doc(row)  # a new one: the other is half annotated
        if isinstance(doc, Failure):
            return doc
        try:
            return self._run_alone(doc)
        except ConnectionError:
            raise
        except Exception as error:
            reason = str(error) or type(error).__name__
        try:
            self._run_alone(self.nlp.make_doc(PROBE))
        except Exception as error:
            raise BrokenPipeline(reason) from error
        return Failure(reason)

    def _run_alone(self, doc: Doc) -> Doc:
        self.nlp.set_error_handler(_raise)
        try:
            return next(iter(self.nlp.pipe([doc])))
        finally:
            self.nlp.set_error_handler(_leave_out)

    def _doc(self, row: Row) -> Doc | Failure:
        if row.text is None:
            return Failure(row.problem)
        try:
            if row.doc is not None:
                return Doc(self.nlp.vocab).from_bytes(row.doc)
            doc = self.nlp.make_doc(row.text)
        except Exception as error:  # a text that is too long, or a lone surrogate
            return Failure(str(error) or type(error).__name__)
        is_same = doc.text.rstrip() == row.text.rstrip()  # a last space moves nothing
        return doc if is_same else Failure(CHANGED_TEXT)

    def entities(self, doc: Doc) -> list[Entity] | Failure:
        """Return doc.ents, and with `allow_overlap` all mentions of the groups."""
        scores: Scores = {}
        places: Scores = {}
        for key in self.keys:
            try:
                scored = _scored(doc, key)
            except IndexError as error:  # a later component has merged tokens
                if key in self.overlapping:
                    return Failure(str(error))
                continue
            scores |= scored
            if key in self.overlapping:
                places |= scored
        for ent in doc.ents:
            place = ent.start_char, ent.end_char, ent.label_
            places[place] = scores[place] if place in scores else entity_score(ent)
        return [
            {"start": start, "end": end, "label": label, "score": score}
            for (start, end, label), score in sorted(
                places.items(), key=lambda one: (one[0][0], -one[0][1], one[0][2])
            )
        ]

    def dropped(self, doc: Doc) -> Counter[str]:
        """Return how many mentions became no entity, by reason, and remove COUNTS."""
        counts: Counter[str] = Counter()
        for key in self.keys:
            group = doc.spans.get(key)
            counts.update({} if group is None else group.attrs.get("dropped", {}))
        doc.spans.pop(COUNTS, None)
        return counts


def _scored(doc: Doc, key: str) -> Scores:
    """The spans of a group, with their scores. IndexError: they do not fit the doc."""
    group = doc.spans.get(key, ())
    scores = getattr(group, "attrs", {}).get("scores", ())
    return {
        (span.start_char, span.end_char, span.label_): float(score)
        for span, score in zip(group, scores, strict=False)
    }


def _piped(nlp: "Language", docs: list[tuple[Doc, int]]) -> Iterator[tuple[int, Doc]]:
    for doc, i in nlp.pipe(docs, as_tuples=True):
        yield i, doc


def _leave_out(
    name: str, component: Any, docs: Sequence[Doc], error: Exception
) -> None:
    """The pipeline goes on without these docs; they are tried again, each alone."""


def _raise(name: str, proc: Any, docs: Sequence[Doc], error: Exception) -> None:
    raise error
