"""Progress bars, for terminals alone."""

from collections.abc import Iterable
from typing import TypeVar

T = TypeVar("T")


def progress(items: Iterable[T], title: str, total: int | None = None) -> Iterable[T]:
    """The items, with a bar while they are gone through; no bar where nobody looks."""
    from tqdm import tqdm

    return tqdm(items, title, total, disable=None, leave=False)
