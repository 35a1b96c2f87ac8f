"""Find the entities of texts, in a process of some engine's."""

from collections.abc import Iterable

from ..errors import Errors
from .entities import DocAnnotator, Entity, Failure
from .rows import Row
from .settings import PipelineSettings
from .worker import batches


class TextAnnotator:
    """Loads a pipeline once, and finds the entities of lists of texts.

    Raises what a pipeline that cannot be used raises.
    """

    def __init__(self, settings: PipelineSettings) -> None:
        self._annotator = DocAnnotator(settings.load())

    def __call__(self, texts: Iterable[str | None]) -> list[list[Entity]]:
        """Return the entities of each text, with start, end, label and score.

        Raises ValueError (E431) for a text that fails.
        """
        found = self.try_each(texts)
        for number, one in enumerate(found):
            if isinstance(one, Failure):
                raise ValueError(Errors.E431.format(number=number, reason=one.reason))
        return found

    def try_each(self, texts: Iterable[str | None]) -> list[list[Entity] | Failure]:
        """Return the entities of each text, or why it failed."""
        rows = []
        for number, text in enumerate(texts):
            is_text = isinstance(text, str)
            problem = "" if is_text else f"it is {text!r:.40}, which is no string"
            rows.append(Row(number, text if is_text else None, {}, problem))
        found: list[list[Entity] | Failure] = []
        # frees the words that the texts bring into the vocabulary
        with self._annotator.nlp.memory_zone():
            for batch in batches(rows):
                found += self._try_batch(batch)
        return found

    def _try_batch(self, rows: list[Row]) -> list[list[Entity] | Failure]:
        return [
            one if isinstance(one, Failure) else self._annotator.entities(one)
            for one in self._annotator.annotate(rows)
        ]
