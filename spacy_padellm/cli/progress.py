"""Progress bars."""

from collections.abc import Iterable
from typing import TypeVar

T = TypeVar("T")


def progress(items: Iterable[T], title: str, total: int | None = None) -> Iterable[T]:
    """Yield the items, with a progress bar if the output is a terminal."""
    from tqdm import tqdm

    return tqdm(items, title, total, disable=None, leave=False)
