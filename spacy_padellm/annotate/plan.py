"""The plan of a run: its input, cut into shards that every run cuts alike."""

import json
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field, replace
from hashlib import sha256
from itertools import accumulate
from typing import Any

from ..errors import Errors
from .inputs import InputFile, find_files, hash_of
from .rows import Layout, Row, read_rows
from .schema import ENTITIES, Schema

# A shard ends after so many characters too: all its docs are in memory together.
MAX_CHARS = 2_000_000

Bar = Callable[[Iterable[InputFile]], Iterable[InputFile]]


@dataclass(frozen=True, slots=True)
class Shard:
    """Documents that become one file of the output.

    number: from 0. first: its first document, from 0 over all files. docs: how many.
    """

    number: int
    first: int
    docs: int


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run does. It is kept in the output folder as its manifest.

    options: all that decides the result, by the names that the user knows.
    files: the input. docs: the number of documents in each file.
    sizes: the number of documents in each shard.
    schema: of Parquet files, in base64; empty for other formats.
    """

    options: dict[str, Any]
    layout: Layout
    format: str
    files: list[InputFile]
    docs: list[int]
    sizes: list[int]
    schema: str = ""
    firsts: list[int] = field(default_factory=list, compare=False, repr=False)

    def __post_init__(self) -> None:
        self.firsts.extend(accumulate(self.sizes, initial=0))

    @property
    def total(self) -> int:
        """The number of documents."""
        return sum(self.docs)

    def shard(self, number: int) -> Shard:
        return Shard(number, self.firsts[number], self.sizes[number])

    def to_bytes(self) -> bytes:
        plan = asdict(self)
        del plan["firsts"]
        # ASCII: the name of a file may not be UTF-8
        return json.dumps(plan, indent=1).encode("ascii")

    @staticmethod
    def from_bytes(data: bytes) -> "Plan":
        """Raises ValueError, KeyError or TypeError for bytes that are no plan."""
        plan = json.loads(data)
        layout = Layout(**plan.pop("layout"))
        files = [InputFile(**file) for file in plan.pop("files")]
        return Plan(layout=layout, files=files, **plan)

    def digest(self) -> str:
        """Return what identifies the plan. It does not depend on times of change."""
        files = [replace(file, stamp="") for file in self.files]
        timeless = replace(self, files=files, firsts=[])
        return sha256(timeless.to_bytes()).hexdigest()[:16]


def make_plan(
    source: str,
    layout: Layout,
    *,
    format: str,
    shard_size: int,
    options: dict[str, Any],
    bar: Bar = iter,
) -> Plan:
    """Read all input once, and cut it into shards of `shard_size` documents or of
    MAX_CHARS characters.

    Raises ValueError for input that cannot be read to its end.
    """
    files, docs = [], []
    cutter = Cutter(shard_size)
    schema = Schema() if format == "parquet" else None
    for file in bar(find_files(source)):
        rows = read_rows(file, layout)
        if schema is not None:
            rows = schema.watch(rows, file)
        count = 0
        for row in rows:
            if format != "spacy" and ENTITIES in row.fields:
                raise ValueError(Errors.E423.format(path=file.path, name="entities"))
            cutter.add(row)
            count += 1
        files.append(replace(file, content=hash_of(file.path)))
        docs.append(count)
    return Plan(
        options=options,
        layout=layout,
        format=format,
        files=files,
        docs=docs,
        sizes=cutter.sizes(),
        schema="" if schema is None else schema.to_text(),
    )


class Cutter:
    """Cuts a stream of documents into shards."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._sizes: list[int] = []
        self._docs = self._chars = 0

    def add(self, row: Row) -> None:
        chars = len(row.text or "")
        full = self._docs == self._most or self._chars + chars > MAX_CHARS
        if self._docs and full:
            self._sizes.append(self._docs)
            self._docs = self._chars = 0
        self._docs += 1
        self._chars += chars

    def sizes(self) -> list[int]:
        return [*self._sizes, self._docs] if self._docs else self._sizes


def check_input(plan: Plan, source: str, out: str) -> Plan:
    """Return the plan with its files' present times of change.

    Raises ValueError (E415) unless the input is the plan's. Files with another time of
    change and the same bytes are the same.
    """
    now = {file.path: file for file in find_files(source)}
    then = {file.path: file for file in plan.files}
    for path in sorted(then.keys() | now.keys()):
        if path not in now:
            what = f"{path} is gone"
        elif path not in then:
            what = f"{path} is new"
        elif _is_changed(then[path], now[path]):
            what = f"{path} has changed"
        else:
            continue
        raise ValueError(Errors.E415.format(out=out, what=what))
    files = [replace(file, stamp=now[file.path].stamp) for file in plan.files]
    return replace(plan, files=files, firsts=[])


def _is_changed(then: InputFile, now: InputFile) -> bool:
    if then.size != now.size:
        return True
    return then.stamp != now.stamp and then.content != hash_of(now.path)
