"""Find the document that ends the worker process, by notes that outlive it.

A shard is tried TRIES times as a whole: most deaths have other causes, and pass. Then
its documents are computed one by one. A document that ends the process twice by itself
is deadly, and left out. Deaths that no document caused, because the shard was being
read or written, end the run when there are too many.
"""

import json
from dataclasses import asdict, dataclass, field

from .folder import Folder

NOTES = "_annotate/attempts"
TRIES = 2
MOST_DEADLY = 10  # more in one shard have a cause in common
MOST_UNCAUSED = 6  # one after the other, TRIES of them at the whole shard


@dataclass(slots=True)
class Attempts:
    """What is known of the attempts at one shard.

    started: how many attempts at the whole shard were begun, and did not end.
    at: the document that is being computed by itself, from 0 in the shard.
    deaths: how often each document ended the process by itself.
    deadly: the documents to leave out.
    known: the length of `deadly` after the last search. If a new search finds no
        more, its result is final.
    uncaused: how many attempts in a row ended while no document was computed by itself.
    """

    started: int = 0
    at: int | None = None
    deaths: dict[str, int] = field(default_factory=dict)
    deadly: list[int] = field(default_factory=list)
    known: int = 0
    uncaused: int = -1  # the first attempt follows no death

    @property
    def is_alone(self) -> bool:
        """Whether to compute the documents one by one."""
        return self.started > TRIES


class Notes:
    """The notes about one shard in the output folder."""

    def __init__(self, folder: Folder, shard: int) -> None:
        self._folder = folder
        self._name = f"{NOTES}/{shard:05d}.json"
        self.attempts = Attempts()

    def begin(self) -> Attempts:
        """Note that an attempt begins. Returns what is known of earlier ones."""
        try:
            self.attempts = Attempts(**json.loads(self._folder.read(self._name)))
        except FileNotFoundError:
            pass
        self._count_death()
        if not self.attempts.is_alone:
            self.attempts.started += 1
        self._write()
        return self.attempts

    def at(self, doc: int | None) -> None:
        """Note the document that is computed by itself next."""
        self.attempts.at = doc
        self._write()

    def end_search(self) -> bool:
        """Note that each document was computed by itself. Returns whether that found
        deadly ones, so that the shard may do as a whole without them."""
        if len(self.attempts.deadly) == self.attempts.known:
            return False
        self.attempts.known = len(self.attempts.deadly)
        self.attempts.at = None
        self.attempts.started = 1
        self.attempts.uncaused = 0
        self._write()
        return True

    def remove(self) -> None:
        self._folder.remove(self._name)

    def _count_death(self) -> None:
        doc = self.attempts.at
        if doc is None:
            self.attempts.uncaused += 1
            return
        self.attempts.at, self.attempts.uncaused = None, 0
        deaths = self.attempts.deaths.get(str(doc), 0) + 1
        self.attempts.deaths[str(doc)] = deaths
        if deaths >= TRIES:
            self.attempts.deadly.append(doc)

    def _write(self) -> None:
        data = json.dumps(asdict(self.attempts)).encode("ascii")
        self._folder.write(self._name, data)
