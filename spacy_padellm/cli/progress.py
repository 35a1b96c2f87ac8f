"""Progress bars."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from tqdm import tqdm

T = TypeVar("T")


def progress(items: Iterable[T], title: str, total: int | None = None) -> Iterable[T]:
    """Yield the items, with a progress bar if the output is a terminal."""
    from tqdm import tqdm

    return tqdm(items, title, total, disable=None, leave=False)


def document_bar(total: int, done: int) -> "tqdm":
    """Return a bar with documents a second and the time left. `update` advances it."""
    from tqdm import tqdm

    return tqdm(
        desc="Annotating",
        total=total,
        initial=done,
        unit=" docs",
        disable=None,
        leave=False,
    )
