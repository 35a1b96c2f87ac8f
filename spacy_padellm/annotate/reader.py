"""Read the documents of one shard after another."""

from bisect import bisect_right
from collections.abc import Iterator
from itertools import accumulate, islice

from ..errors import Errors
from .inputs import InputError, InputFile, check_unchanged
from .plan import Plan, Shard
from .rows import Row, read_rows


class Reader:
    """Reads the documents of shards. It goes on in the file where the last shard ended:
    shards in order cost one pass through the input."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._starts = list(accumulate(plan.docs, initial=0))
        self._place: int | None = None  # of the next document, over all files
        self._rows: Iterator[tuple[InputFile, Row]] = iter(())

    def rows(self, shard: Shard) -> list[tuple[InputFile, Row]]:
        """Return the shard's documents, each with its file.

        Raises InputError (E424) if a file has changed since the run began.
        """
        if self._place is None or not self._is_ahead(self._place, shard.first):
            self._place = self._open(shard.first)
        skipped = shard.first - self._place
        rows = list(islice(self._rows, skipped, skipped + shard.docs))
        last = shard.first + shard.docs - 1
        files = slice(self._file_of(self._place), self._file_of(last) + 1)
        for file in self._plan.files[files]:
            check_unchanged(file)  # also one that changed after it was opened
        if len(rows) < shard.docs:
            raise InputError(Errors.E424.format(path=self._plan.files[files][-1].path))
        self._place = shard.first + shard.docs
        return rows

    def _is_ahead(self, place: int, first: int) -> bool:
        """Whether a document comes later than `place`, and in the same file."""
        return place <= first and self._file_of(place) == self._file_of(first)

    def _file_of(self, place: int) -> int:
        return bisect_right(self._starts, place) - 1

    def _open(self, first: int) -> int:
        """Open the document's file. Returns the place of the file's first document."""
        number = self._file_of(first)
        self._rows = (
            (file, row)
            for file in self._plan.files[number:]
            for row in read_rows(file, self._plan.layout)
        )
        return self._starts[number]
