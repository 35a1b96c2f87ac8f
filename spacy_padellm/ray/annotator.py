"""A callable class for `ray.data.Dataset.map_batches`."""

from typing import Any

import numpy as np

from ..annotate.entities import Failure
from ..annotate.schema import ENTITIES, entities_type
from ..annotate.settings import DEFAULT, PipelineSettings
from ..annotate.texts import TextAnnotator
from ..errors import Errors

ERROR = "error"


class Annotator:
    """Adds the column `entities` to batches: lists of start, end, label and score.

        dataset.map_batches(Annotator, batch_format="pyarrow", compute=...)

    Each actor loads the pipeline once. Batches of pyarrow give the column its type even
    where no text has entities; batches of numpy work too.

    pipeline: a folder or a package that all nodes have, or "default".
    column: the column of the texts.
    keep_errors: add the column `error` with the reason for texts that fail, which are
        None in `entities`. Without it, such a text is an error (E431).

    The other settings are those of the command `annotate`.
    """

    def __init__(
        self,
        pipeline: str = DEFAULT,
        *,
        column: str = "text",
        labels: dict[str, str] | list[str] | None = None,
        threshold: float | None = None,
        adapter: str | None = None,
        spans_key: str | None = None,
        pipe: str | None = None,
        device: str = "auto",
        keep_errors: bool = False,
    ) -> None:
        settings = PipelineSettings(
            pipeline, labels, threshold, adapter, spans_key, pipe, device
        )
        self._column = column
        self._keep_errors = keep_errors
        self._find = TextAnnotator(settings)

    def __call__(self, batch: Any) -> Any:
        """Return the batch, a dict of arrays or a pyarrow.Table, with the column.

        Raises ValueError (E423) if it has that column already.
        """
        is_dict = isinstance(batch, dict)
        for name in (ENTITIES, ERROR) if self._keep_errors else (ENTITIES,):
            if name in (batch if is_dict else batch.column_names):
                raise ValueError(Errors.E423.format(path="The batch", name=name))
        values = batch[self._column]
        texts = list(values) if is_dict else values.to_pylist()
        if not self._keep_errors:
            return _with(batch, ENTITIES, self._find(texts))
        found = self._find.try_each(texts)
        failed = [isinstance(one, Failure) for one in found]
        pairs = list(zip(found, failed, strict=True))
        batch = _with(batch, ENTITIES, [None if bad else one for one, bad in pairs])
        return _with(batch, ERROR, [one.reason if bad else None for one, bad in pairs])


def _with(batch: Any, name: str, values: list[Any]) -> Any:
    if not isinstance(batch, dict):
        import pyarrow

        kind = entities_type() if name == ENTITIES else pyarrow.string()
        return batch.append_column(name, pyarrow.array(values, type=kind))
    column = np.empty(len(values), dtype=object)
    column[:] = values
    return {**batch, name: column}
