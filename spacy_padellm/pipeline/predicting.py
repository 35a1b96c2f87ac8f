"""Reading docs: one by one and in a stream, with settings of one call's own."""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from spacy import util
from spacy.tokens import Doc

from ..errors import Errors, Warnings
from ..formats.base import Format
from ..models.shim import CausalLMShim
from ..types import LabelNames, WindowGetter
from .annotating import annotate
from .label_table import given_labels
from .locating import Reading
from .neighbours import PipelineOf, check_spans_key
from .output import Output
from .reading import read_docs

logger = logging.getLogger(__name__)


class ReadsDocs:
    """Predicts, and writes what it found into the docs.

    One call may have settings of its own: `labels`, and those of `Output`. spaCy passes
    them on as `component_cfg`:

        nlp.pipe(texts, component_cfg={"padellm_ner": {"threshold": 0.5}})
    """

    name: str
    label_data: LabelNames
    output: Output
    format: Format
    windows: WindowGetter
    batch_tokens: int
    get_error_handler: Callable[[], Callable]
    _lm: CausalLMShim
    _pipeline: PipelineOf
    _warned: set[str]

    def __call__(self, doc: Doc, **changed: Any) -> Doc:
        """Find the entities of one doc. A `batch_size` is ignored: nlp.pipe leaves it
        behind in the `component_cfg` that it was given."""
        changed.pop("batch_size", None)
        try:
            labels, output = self._for_one_call(changed)
            readings = self.predict([doc], labels=labels, output=output)
            self.set_annotations([doc], readings, output=output)
            return doc
        except Exception as error:
            self.get_error_handler()(self.name, self, [doc], error)

    def pipe(
        self, stream: Iterable[Doc], *, batch_size: int = 128, **changed: Any
    ) -> Iterator[Doc]:
        """As in spaCy, but a doc that fails takes no other doc of its batch with it."""
        labels, output = self._for_one_call(changed)
        handle_error = self.get_error_handler()
        for docs in util.minibatch(stream, size=batch_size):
            readings = self._readings(docs, labels, output)
            for doc, reading in zip(docs, readings, strict=True):
                try:
                    if isinstance(reading, Exception):
                        raise reading
                    self.set_annotations([doc], [reading], output=output)
                except Exception as error:
                    handle_error(self.name, self, [doc], error)
                    continue
                yield doc

    def predict(
        self,
        docs: Iterable[Doc],
        *,
        labels: LabelNames | None = None,
        output: Output | None = None,
    ) -> list[Reading]:
        """What is found in each doc; the docs are not changed.

        labels, output: in place of the component's own.
        """
        docs = list(docs)
        if not any(doc.text.strip() for doc in docs):
            return [Reading() for _ in docs]
        labels = self.label_data if labels is None else labels
        output = output or self.output
        if not labels:
            self._warn_once("no labels", Warnings.W803)
            return [Reading() for _ in docs]
        self._check_adapter()
        return read_docs(
            docs,
            labels,
            engine=self._lm.engine,
            tokenizer=self._lm.tokenizer,
            format=self.format,
            windows=self.windows,
            alignment_mode=output.alignment_mode,
            batch_tokens=self.batch_tokens,
            deduplicate=output.deduplicate,
            threshold=output.threshold,
        )

    def set_annotations(
        self,
        docs: Iterable[Doc],
        readings: Sequence[Reading],
        *,
        output: Output | None = None,
    ) -> None:
        """Write entities, scores and spans into the docs; see `annotate`."""
        for doc, reading in zip(docs, readings, strict=True):
            annotate(doc, reading, output=output or self.output, component=self.name)
            for mention in reading.not_in_text:
                self._warn_once("not in text", Warnings.W801, mention=mention)

    def _for_one_call(
        self, changed: Mapping[str, Any]
    ) -> tuple[LabelNames | None, Output]:
        """The labels (None: the component's) and output settings; ValueError for what
        is not allowed."""
        settings = dict(changed)
        labels = given_labels(settings.pop("labels", None))
        output = self.output.changed(settings)
        check_spans_key(self._pipeline(), self.name, output.spans_key)
        return labels, output

    def _readings(
        self, docs: Sequence[Doc], labels: LabelNames | None, output: Output
    ) -> Iterator[Reading | Exception]:
        """Readings of the docs, and the error of each that fails. A batch that fails is
        halved until the docs that are to blame are alone."""
        try:
            readings = self.predict(docs, labels=labels, output=output)
        except Exception as error:
            if len(docs) == 1:
                yield error
                return
        else:
            yield from readings
            return
        half = len(docs) // 2
        yield from self._readings(docs[:half], labels, output)
        yield from self._readings(docs[half:], labels, output)

    def _check_adapter(self) -> None:
        """An adapter answers only in the format that it was trained in."""
        card = self._lm.card()
        if card is not None and card.format and card.format != self.format.name:
            raise ValueError(
                Errors.E802.format(
                    trained=card.format, format=self.format.name, name=self.name
                )
            )

    def _warn_once(self, kind: str, message: str, **values: Any) -> None:
        if kind not in self._warned:
            self._warned.add(kind)
            logger.warning(message.format(name=self.name, **values))
