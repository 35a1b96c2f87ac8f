"""Annotate shards on Ray Data: the same units of work as in processes."""

import os
from collections.abc import Iterator, Sequence
from typing import Any

from ..annotate.entities import BrokenPipeline
from ..annotate.record import Receipt
from ..annotate.worker import Advance, Job, ShardWorker
from .cluster import connected, places


def run_on_ray(
    job: Job,
    shards: Sequence[int],
    address: str,
    per_node: int,
    gpus: float | None,
    advance: Advance,
) -> Iterator[Receipt]:
    """Yield the receipt of each shard, in the order in which they are done.

    address: of a cluster, or "local" to start one here. All nodes must reach the
        output folder. per_node, gpus: see `places`.
    advance: called with the number of documents that were computed.

    Ray starts an actor that dies anew, and gives it the shard again; `Attempts` counts.
    Raises ValueError for what a worker raises, and for a cluster that does not fit.
    """
    if not shards:
        return
    with connected(address) as ray:
        nodes = [node["Resources"] for node in ray.nodes() if node["Alive"]]
        room = places(nodes, job.settings.device, per_node, gpus)
        ray.data.DataContext.get_current().enable_progress_bars = False
        units = [{"shard": shard} for shard in shards]
        data = ray.data.from_items(units, override_num_blocks=len(units)).map_batches(
            ShardActor,
            fn_constructor_args=(job,),
            batch_size=1,
            compute=ray.data.ActorPoolStrategy(size=min(room.workers, len(units))),
            num_cpus=room.cpus,
            num_gpus=room.gpus,
        )
        for row in data.iter_rows():
            if row["error"]:
                raise ValueError(row["error"])
            receipt = Receipt.from_bytes(row["receipt"].encode("utf8"))
            advance(receipt.docs + len(receipt.failed))
            yield receipt


class ShardActor:
    """A worker on Ray. What a user can mend, it returns as an error: Ray would try the
    same again."""

    def __init__(self, job: Job) -> None:
        self._error = ""
        try:
            self._worker = ShardWorker(job)
        except (ValueError, OSError, ImportError) as error:
            self._error = str(error)

    def __call__(self, batch: dict[str, Any]) -> dict[str, list[str]]:
        receipts, errors = [], []
        for shard in batch["shard"]:
            receipt, error = self._run(int(shard))
            receipts.append(receipt)
            errors.append(error)
        return {"receipt": receipts, "error": errors}

    def _run(self, shard: int) -> tuple[str, str]:
        if self._error:
            return "", self._error
        try:
            return self._worker.run(shard).to_bytes().decode("utf8"), ""
        except BrokenPipeline:
            os._exit(1)  # a new actor may do
        except (ValueError, OSError, ImportError) as error:
            return "", str(error)
