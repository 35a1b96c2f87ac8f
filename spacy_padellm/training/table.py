"""Losses and scores, a line for each look at the dev set."""

from collections.abc import Callable

from .dev_set import DevScore

HEAD = ("#", "LOSS", "DEV LOSS", "DEV F", "TOKENS/S")


class ScoreTable:
    """Gathers what the steps since the last line have learned."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self.say = say
        self._has_head = False
        self._clear()

    def add(self, loss: float | None, tokens: int, seconds: float) -> None:
        """loss: None for a step that had nothing to learn from."""
        if loss is not None:
            self._losses.append(loss)
        self._tokens += tokens
        self._seconds += seconds

    def row(self, number: int, score: DevScore) -> None:
        """number: of the last step, from 0, as spaCy counts."""
        mean = sum(self._losses) / max(len(self._losses), 1)
        self._line(
            f"{number:,}",
            f"{mean:.4f}",
            f"{score.loss:.4f}",
            "" if score.f is None else f"{100 * score.f:.2f}",
            f"{self._tokens / max(self._seconds, 1e-9):,.0f}",
        )
        self._clear()

    def _line(self, *cells: str) -> None:
        if not self._has_head:
            self._has_head = True
            self._line(*HEAD)
        self.say("".join(f"{cell:>10}" for cell in cells))

    def _clear(self) -> None:
        self._losses: list[float] = []
        self._tokens = 0
        self._seconds = 0.0
