"""What the output folder records of a run: its plan, and a receipt for each shard."""

import json
from dataclasses import asdict, dataclass, field
from typing import Any

from ..errors import Errors
from .folder import Folder
from .plan import Plan
from .writers import FORMATS, json_line

# Readers of data sets leave out folders whose names begin with an underscore.
RECORD = "_annotate"
PLAN = f"{RECORD}/plan.json"
DONE = f"{RECORD}/done"
FINISHED = f"{RECORD}/finished.json"


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a shard. It is written last: a shard with a receipt is done.

    plan: its digest. docs: written documents. blank: those without words.
    dropped: mentions that became no entity, by reason.
    unsaved: what a .spacy file cannot hold, and how many of its docs had it.
    failed: documents that are not in the output, with the reason.
    size: of the shard's file in bytes.
    """

    plan: str
    shard: int
    size: int
    docs: int = 0
    entities: int = 0
    blank: int = 0
    dropped: dict[str, int] = field(default_factory=dict)
    unsaved: dict[str, int] = field(default_factory=dict)
    failed: list[dict[str, Any]] = field(default_factory=list)

    def to_bytes(self) -> bytes:
        return json_line(asdict(self))

    @staticmethod
    def from_bytes(data: bytes) -> "Receipt":
        return Receipt(**json.loads(data))


def read_plan(folder: Folder) -> Plan:
    """Raises ValueError (E425) if there is none that this version can read."""
    try:
        return Plan.from_bytes(folder.read(PLAN))
    except (OSError, ValueError, KeyError, TypeError) as error:
        path = f"{folder.path}/{PLAN}"
        reason = f"{type(error).__name__}: {error}"
        raise ValueError(Errors.E425.format(path=path, reason=reason)) from error


def shard_name(number: int, format: str) -> str:
    return f"part-{number:05d}{FORMATS[format]}"


def receipt_name(number: int) -> str:
    return f"{DONE}/{number:05d}.json"
