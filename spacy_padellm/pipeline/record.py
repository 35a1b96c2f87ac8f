"""What a training has done so far, so that it can be replayed without a model."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

from spacy.tokens import Span
from spacy.training import Example

from ..corpora.named_labels import named_labels
from ..errors import Errors


@dataclass(slots=True)
class TrainingRecord:
    """The losses and scores of a training, in order.

    losses: of each update. scores: of each evaluation.
    texts: a sha256, in hex, of all texts and annotation learned from, in order.
    """

    losses: list[float] = field(default_factory=list)
    scores: list[dict[str, Any]] = field(default_factory=list)
    texts: str = ""

    def add_update(self, examples: Iterable[Example], loss: float) -> None:
        self.losses.append(loss)
        self.texts = texts_digest(self.texts, examples)

    def add_scores(self, scores: dict[str, Any]) -> None:
        # A checkpoint holds plain numbers. Python's JSON keeps each bit of a float;
        # srsly's does not.
        self.scores.append(json.loads(json.dumps(scores, default=float)))

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


class Replay:
    """Answers with what was recorded in place of a component that trains.

    path: of the checkpoint, for errors.
    """

    def __init__(self, record: TrainingRecord, path: str) -> None:
        self.record = record
        self.path = path
        self._seen = TrainingRecord()

    def update(self, examples: Iterable[Example]) -> float:
        """The loss of the next update. Raises ValueError (E646) if there was none."""
        number = len(self._seen.losses)
        if number == len(self.record.losses):
            raise self._another_training()
        loss = self.record.losses[number]
        self._seen.add_update(examples, loss)
        return loss

    def scores(self) -> dict[str, Any]:
        """The scores of the next evaluation. Raises ValueError (E646) as above."""
        number = len(self._seen.scores)
        if number == len(self.record.scores):
            raise self._another_training()
        self._seen.add_scores(self.record.scores[number])
        return self.record.scores[number]

    def end(self) -> TrainingRecord:
        """The record, to go on with. Raises ValueError (E646) if other texts were given
        than those that were learned from."""
        if self._seen != self.record:
            raise self._another_training()
        return self.record

    def _another_training(self) -> ValueError:
        what = "its texts, or their order, are not those of this one"
        return ValueError(Errors.E646.format(path=self.path, what=what))


def texts_digest(before: str, examples: Iterable[Example]) -> str:
    """A sha256, in hex, of texts and what they teach, and of what came before them."""
    digest = hashlib.sha256(before.encode("utf8"))
    for example in examples:
        doc = example.reference
        teaches = {
            "text": doc.text,
            "ents": _places(doc.ents),
            "spans": {key: _places(group) for key, group in sorted(doc.spans.items())},
            "unknown": [token.i for token in doc if token.ent_iob == 0],
            "labels": named_labels(doc),
        }
        digest.update(json.dumps(teaches).encode("utf8"))
    return digest.hexdigest()


def _places(spans: Iterable[Span]) -> list[tuple[int, int, str]]:
    return [(span.start_char, span.end_char, span.label_) for span in spans]
