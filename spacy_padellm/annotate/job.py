"""Begin a run or go on with one, and say what came of it."""

import re
from collections import Counter
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from fsspec.core import url_to_fs
from fsspec.utils import glob_translate

from ..errors import Errors
from .attempts import NOTES
from .failures import check_errors, write_errors
from .folder import Folder
from .plan import Bar, Plan, check_input, make_plan
from .record import (
    DONE,
    FINISHED,
    PLAN,
    RECORD,
    Receipt,
    read_plan,
    receipt_name,
    shard_name,
)
from .rows import Layout
from .settings import PipelineSettings, differences, pipeline_digest, versions
from .worker import Job
from .writers import FORMATS, json_line

LOCK = "lock"  # in RECORD; it stays there, also after a run that never began


@dataclass(frozen=True, slots=True)
class Request:
    """What the user asks for.

    source: see `find_files`. out: the output folder.
    format: one of FORMATS. shard_size: documents in an output file, at most.
    errors: the file for documents that fail; None stops at the first one.
    """

    source: str
    out: str
    settings: PipelineSettings
    layout: Layout = Layout()
    format: str = "jsonl"
    shard_size: int = 1000
    errors: str | None = None


@dataclass(slots=True)
class Totals:
    """The sums of all receipts. failing: the shards with documents that failed."""

    docs: int = 0
    entities: int = 0
    blank: int = 0
    failed: int = 0
    dropped: Counter[str] = field(default_factory=Counter)
    unsaved: Counter[str] = field(default_factory=Counter)
    failing: list[int] = field(default_factory=list)

    def add(self, receipt: Receipt) -> None:
        self.docs += receipt.docs
        self.entities += receipt.entities
        self.blank += receipt.blank
        self.failed += len(receipt.failed)
        self.dropped.update(receipt.dropped)
        self.unsaved.update(receipt.unsaved)
        if receipt.failed:
            self.failing.append(receipt.shard)


class Run:
    """A run in an output folder, new or gone on with.

    plan: what to do. job: the same for workers. todo: the numbers of the shards that
    are not done. totals: of those that are. damaged: the files of shards that were
    done, but are missing, have another size now, or no receipt that can be read; their
    shards are in todo again.
    """

    def __init__(self, request: Request, plan: Plan) -> None:
        self.plan = plan
        self.totals = Totals()
        self.damaged: list[str] = []
        self._request = request
        self._folder = Folder(absolute(request.out))
        digest = plan.digest()
        settings = request.settings.placed()
        self.job = Job(self._folder.path, digest, settings, request.errors is not None)
        self._folder.remove(NOTES)
        self._remove_unfinished()
        done = self._receipts()
        for receipt in done.values():
            self.totals.add(receipt)
        self.todo = [shard for shard in range(len(plan.sizes)) if shard not in done]

    @property
    def n_done(self) -> int:
        """The number of documents that need nothing more."""
        return self.totals.docs + self.totals.failed

    def close(self) -> None:
        """Write the documents that failed, and note in the folder that all is done."""
        totals = self.totals
        if self._request.errors is not None:
            lines = [
                json_line(failed)
                for shard in sorted(totals.failing)
                for failed in self._receipt(shard).failed
            ]
            write_errors(self._request.errors, b"".join(lines))
        summary = {
            "documents": totals.docs,
            "entities": totals.entities,
            "failed": totals.failed,
            "blank": totals.blank,
            "dropped": dict(totals.dropped),
            "unsaved": dict(totals.unsaved),
        }
        self._folder.write(FINISHED, json_line(summary))
        self._folder.remove(NOTES)
        self._remove_unfinished()

    def _remove_unfinished(self) -> None:
        """Remove what workers that were killed left half written."""
        for inner in ("", RECORD, DONE):
            self._folder.remove_unfinished(inner)

    def _receipts(self) -> dict[int, Receipt]:
        """The receipts of this plan's shards whose files are as they were written."""
        receipts, sizes = self._folder.names(DONE), self._folder.sizes()
        found = {}
        for shard in range(len(self.plan.sizes)):
            if Path(receipt_name(shard)).name not in receipts:
                continue
            name = shard_name(shard, self.plan.format)
            try:
                receipt = self._receipt(shard)
            except (ValueError, TypeError):  # it was cut
                self.damaged.append(name)
                continue
            if receipt.plan != self.job.plan:
                continue
            if sizes.get(name) == receipt.size:
                found[shard] = receipt
            else:
                self.damaged.append(name)
        return found

    def _receipt(self, shard: int) -> Receipt:
        return Receipt.from_bytes(self._folder.read(receipt_name(shard)))


def locked(out: str) -> AbstractContextManager[Any]:
    """Keep other runs out of a local folder.

    Raises ValueError if the folder holds something else (E410), or if another run is
    in it (E430).
    """
    from filelock import FileLock, Timeout

    folder = Folder(absolute(out))
    others = folder.names() - {RECORD}
    if others and not folder.names(RECORD) - {LOCK}:
        raise ValueError(Errors.E410.format(path=out, name=min(others)))
    place = folder.local_place(f"{RECORD}/{LOCK}")
    if place is None:
        return nullcontext()
    Path(place).parent.mkdir(parents=True, exist_ok=True)
    try:
        return FileLock(place).acquire(timeout=0)
    except Timeout:
        raise ValueError(Errors.E430.format(out=out)) from None


def open_run(request: Request, bar: Bar = iter, *, device: str | None = None) -> Run:
    """Plan a run, or go on with the one in the output folder, which is `locked`.

    bar: shows the progress through the input files.
    device: to try the pipeline on, if its own is on another machine.

    Raises ValueError if the folder, the input or the options do not fit. Nothing is
    written then.
    """
    if request.format not in FORMATS:
        known = ", ".join(FORMATS)
        raise ValueError(Errors.E429.format(format=request.format, known=known))
    source, out = absolute(request.source), absolute(request.out)
    _check_apart(source, out, request.format)
    if request.errors is not None:
        check_errors(request.errors, source, out)
    folder = Folder(out)
    is_new = Path(PLAN).name not in folder.names(RECORD)
    settings = request.settings
    nlp = replace(settings, device=device or settings.device).load()
    options = options_of(request, pipeline_digest(settings, nlp))
    if is_new:
        plan = make_plan(
            source,
            request.layout,
            format=request.format,
            shard_size=request.shard_size,
            options=options,
            bar=bar,
        )
        folder.write(PLAN, plan.to_bytes())
        return Run(request, plan)
    plan = read_plan(folder)
    changed = differences(plan.options, options, _said)
    if changed:
        what = "; ".join(changed)
        raise ValueError(Errors.E416.format(out=request.out, what=what))
    present = check_input(plan, source, request.out)
    if present != plan:  # only the times of change
        folder.write(PLAN, present.to_bytes())
    return Run(request, present)


def options_of(request: Request, pipeline: str) -> dict[str, Any]:
    """Return what decides the result, beside the input."""
    settings = request.settings
    return {
        "--column": request.layout.column,
        "--lines": request.layout.lines,
        "--format": request.format,
        "--shard-size": request.shard_size,
        "--labels": settings.labels,
        "--threshold": settings.threshold,
        "--adapter": settings.adapter,
        "--spans-key": settings.spans_key,
        "--pipe": settings.pipe,
        "PIPELINE": pipeline,
        **versions(),
    }


def absolute(path: str) -> str:
    """Return a local path in full, with slashes. A URL is as it was."""
    fs, root = url_to_fs(path)
    return root if "::" not in path and fs.protocol[0] == "file" else path


def _said(name: str, then: Any, now: Any) -> str:
    if name == "PIPELINE":
        return "PIPELINE has changed, or its base has"
    return f"{name} was {then!r} and is {now!r}"


def _check_apart(source: str, out: str, format: str) -> None:
    """Raise ValueError (E426) if output files would be read as input."""
    (fs, inner), (out_fs, out_inner) = url_to_fs(source), url_to_fs(out)
    if type(fs) is not type(out_fs):
        return
    file = f"{out_inner.rstrip('/')}/part-00000{FORMATS[format]}"
    if fs.isdir(inner):
        is_inside = file.startswith(f"{inner.rstrip('/')}/")
    else:
        is_inside = re.match(glob_translate(inner), file) is not None
    if is_inside:
        raise ValueError(Errors.E426.format(out=out, source=source))
