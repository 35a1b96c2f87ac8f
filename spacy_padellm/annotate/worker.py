"""Annotate one shard after another, in a process that may end at any moment."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from spacy.tokens import Doc

from ..errors import Errors
from .attempts import MOST_DEADLY, MOST_UNCAUSED, Attempts, Notes
from .entities import DocAnnotator, Failure
from .folder import Folder
from .inputs import InputFile
from .plan import Shard
from .reader import Reader
from .record import Receipt, read_plan, receipt_name, shard_name
from .rows import Row
from .settings import PipelineSettings
from .values import drop_unsaved
from .writers import Annotated, checker, writer

DEADLY = "it ended the worker process each time that it was computed"
# Texts that go through the pipeline together. The component cuts batches of its own, by
# tokens; see its batch_tokens.
BATCH_DOCS, BATCH_CHARS = 256, 200_000

Advance = Callable[[int], object]


@dataclass(frozen=True, slots=True)
class Job:
    """What a worker needs to know.

    out: the output folder, which has the plan. plan: its digest.
    keep_failed: note documents that fail, and go on.
    """

    out: str
    plan: str
    settings: PipelineSettings
    keep_failed: bool = False


class DocumentFailed(ValueError):
    """A document that fails stops the run (E417)."""


class ShardWorker:
    """Loads the pipeline and annotates shards.

    Raises ValueError (E425) if the plan cannot be read or is another.
    """

    def __init__(self, job: Job) -> None:
        self._job = job
        self._folder = Folder(job.out)
        self._plan = read_plan(self._folder)
        if self._plan.digest() != job.plan:
            reason = "it is the plan of another run"
            raise ValueError(Errors.E425.format(path=job.out, reason=reason))
        self._reader = Reader(self._plan)
        self._check = checker(self._plan.format, self._plan.schema)
        self._write = writer(self._plan.format, self._plan.schema)
        self._annotator = DocAnnotator(job.settings.load())

    def run(self, number: int, advance: Advance = lambda docs: None) -> Receipt:
        """Annotate a shard, write it, and then its receipt.

        advance: called with the number of documents that are done, also those that are
            left out; with a negative one for those that are computed once more.

        Raises ValueError if a document fails (E417) and failures are not kept, if too
        many documents end the process (E418), or if it ends again and again while the
        shard is read or written (E437).
        """
        shard = self._plan.shard(number)
        notes = Notes(self._folder, number)
        attempts = notes.begin()
        if attempts.uncaused >= MOST_UNCAUSED:
            places = {"first": shard.first + 1, "last": shard.first + shard.docs}
            raise ValueError(Errors.E437.format(deaths=attempts.uncaused, **places))
        sources = self._check(self._reader.rows(shard))
        self._check_deadly(attempts, sources)
        # frees the words that the shard's texts bring into the vocabulary
        with self._annotator.nlp.memory_zone():
            receipt, data = self._annotate(shard, sources, notes, advance)
        self._folder.write(shard_name(number, self._plan.format), data)
        self._folder.write(receipt_name(number), receipt.to_bytes())
        notes.remove()
        return receipt

    def _annotate(
        self,
        shard: Shard,
        sources: Sequence[tuple[InputFile, Row]],
        notes: Notes,
        advance: Advance,
    ) -> tuple[Receipt, bytes]:
        """Return the receipt, and the bytes of the shard's file."""
        rows = [row for _, row in sources]
        found = self._found(rows, notes, advance)
        done: list[Annotated] = []
        failed = []
        dropped: Counter[str] = Counter()
        unsaved: Counter[str] = Counter()
        for i, ((file, row), one) in enumerate(zip(sources, found, strict=True)):
            entities = self._annotator.entities(one) if isinstance(one, Doc) else one
            if isinstance(entities, Failure):
                reason = entities.reason
                if not self._job.keep_failed:
                    place = place_of(file, row)
                    message = Errors.E417.format(place=place, reason=reason)
                    raise DocumentFailed(message)
                failed.append(_failed(shard.first + i, file, row, reason))
            else:
                done.append((row, one, entities))
                dropped.update(self._annotator.dropped(one))
                if self._plan.format == "spacy":
                    unsaved.update(drop_unsaved(one))
        data = self._write(done)
        receipt = Receipt(
            plan=self._job.plan,
            shard=shard.number,
            docs=len(done),
            entities=sum(len(entities) for _, _, entities in done),
            blank=sum(not (row.text or "").strip() for row, _, _ in done),
            dropped=dict(dropped),
            unsaved=dict(unsaved),
            failed=failed,
            size=len(data),
        )
        return receipt, data

    def _found(
        self, rows: Sequence[Row], notes: Notes, advance: Advance
    ) -> list[Doc | Failure]:
        if notes.attempts.is_alone:
            found = self._one_by_one(rows, notes, advance)
            if not notes.end_search():
                return found
            # once more in batches, as a run does that nothing disturbs
            advance(-len(rows))
        deadly = set(notes.attempts.deadly)
        living = [i for i in range(len(rows)) if i not in deadly]
        found = [Failure(DEADLY)] * len(rows)
        advance(len(deadly))
        for batch in batches([rows[i] for i in living]):
            docs = self._annotator.annotate(batch)
            for doc in docs:
                found[living.pop(0)] = doc
            advance(len(docs))
        return found

    def _one_by_one(
        self, rows: Sequence[Row], notes: Notes, advance: Advance
    ) -> list[Doc | Failure]:
        found: list[Doc | Failure] = [Failure(DEADLY)] * len(rows)
        for i, row in enumerate(rows):
            if i not in notes.attempts.deadly:
                notes.at(i)
                [found[i]] = self._annotator.annotate([row])
            advance(1)
        notes.at(None)  # no document is to blame if the shard cannot be written
        return found

    def _check_deadly(
        self, attempts: Attempts, sources: Sequence[tuple[InputFile, Row]]
    ) -> None:
        if len(attempts.deadly) > MOST_DEADLY:
            place = place_of(*sources[attempts.deadly[-1]])
            deaths = len(attempts.deadly)
            raise ValueError(Errors.E418.format(deaths=deaths, place=place))


def batches(rows: Sequence[Row]) -> Iterator[list[Row]]:
    """Cut rows into batches of BATCH_DOCS documents or BATCH_CHARS characters."""
    batch: list[Row] = []
    chars = 0
    for row in rows:
        more = len(row.text or "")
        if batch and (len(batch) == BATCH_DOCS or chars + more > BATCH_CHARS):
            yield batch
            batch, chars = [], 0
        batch.append(row)
        chars += more
    if batch:
        yield batch


def place_of(file: InputFile, row: Row) -> str:
    """Name a document."""
    return f"Document {row.number} of {file.path}"


def _failed(place: int, file: InputFile, row: Row, reason: str) -> dict[str, Any]:
    return {
        "file": file.path,
        "number": row.number,
        "document": place,
        "reason": reason,
        "input": row.fields,
    }
