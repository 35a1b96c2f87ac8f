"""Reading docs: one by one and in a stream, with settings of one call's own."""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from spacy import util
from spacy.tokens import Doc

from ..errors import Warnings
from ..types import LabelNames, WindowGetter
from .annotating import annotate
from .label_table import given_labels
from .locating import Reading
from .named_adapters import NamedAdapters
from .neighbours import PipelineOf, check_spans_key
from .output import Output
from .reading import read_docs

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Call:
    """What one call asks for.

    adapter: to read with; None is the component's own.
    labels: None are those of the adapter.
    """

    output: Output
    adapter: str | None = None
    labels: LabelNames | None = None


class ReadsDocs(NamedAdapters):
    """Predicts, and writes what it found into the docs.

    One call may have settings of its own: `labels`, `active_adapter`, and those of
    `Output`. spaCy passes them on as `component_cfg`:

        nlp.pipe(texts, component_cfg={"padellm_ner": {"threshold": 0.5}})
    """

    output: Output
    windows: WindowGetter
    batch_tokens: int
    get_error_handler: Callable[[], Callable]
    _label_data_of: Callable[[str | None], LabelNames]
    _pipeline: PipelineOf
    _warned: set[str]

    def __call__(self, doc: Doc, **changed: Any) -> Doc:
        """Find the entities of one doc. A `batch_size` is ignored: nlp.pipe leaves it
        behind in the `component_cfg` that it was given."""
        changed.pop("batch_size", None)
        try:
            call = self._call(changed)
            readings = self.predict([doc], call)
            self.set_annotations([doc], readings, output=call.output)
            return doc
        except Exception as error:
            self.get_error_handler()(self.name, self, [doc], error)

    def pipe(
        self, stream: Iterable[Doc], *, batch_size: int = 128, **changed: Any
    ) -> Iterator[Doc]:
        """As in spaCy, but a doc that fails takes no other doc of its batch with it."""
        call = self._call(changed)
        handle_error = self.get_error_handler()
        for docs in util.minibatch(stream, size=batch_size):
            readings = self._readings(docs, call)
            for doc, reading in zip(docs, readings, strict=True):
                try:
                    if isinstance(reading, Exception):
                        raise reading
                    self.set_annotations([doc], [reading], output=call.output)
                except Exception as error:
                    handle_error(self.name, self, [doc], error)
                    continue
                yield doc

    def predict(self, docs: Iterable[Doc], call: Call | None = None) -> list[Reading]:
        """What is found in each doc; the docs are not changed.

        call: in place of the component's own settings.
        """
        docs = list(docs)
        if not any(doc.text.strip() for doc in docs):
            return [Reading() for _ in docs]
        call = call or self._call({})
        labels = call.labels
        if labels is None:
            labels = self._label_data_of(call.adapter)
        if not labels:
            self._warn_once("no labels", Warnings.W803)
            return [Reading() for _ in docs]
        lm = self._lm_of(call.adapter)
        self._check_format(lm)
        return read_docs(
            docs,
            labels,
            engine=lm.engine,
            tokenizer=lm.tokenizer,
            format=self.format,
            windows=self.windows,
            alignment_mode=call.output.alignment_mode,
            batch_tokens=self.batch_tokens,
            deduplicate=call.output.deduplicate,
            threshold=call.output.threshold,
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

    def _call(self, changed: Mapping[str, Any]) -> Call:
        """The component's settings with some changed; ValueError for what is not
        allowed."""
        settings = dict(changed)
        labels = given_labels(settings.pop("labels", None))
        adapter = settings.pop("active_adapter", self.active_adapter)
        self._lm_of(adapter)
        output = self.output.changed(settings)
        check_spans_key(self._pipeline(), self.name, output.spans_key)
        return Call(output, adapter, labels)

    def _readings(
        self, docs: Sequence[Doc], call: Call
    ) -> Iterator[Reading | Exception]:
        """Readings of the docs, and the error of each that fails. A batch that fails is
        halved until the docs that are to blame are alone."""
        try:
            readings = self.predict(docs, call)
        except Exception as error:
            if len(docs) == 1:
                yield error
                return
        else:
            yield from readings
            return
        half = len(docs) // 2
        yield from self._readings(docs[:half], call)
        yield from self._readings(docs[half:], call)

    def _warn_once(self, kind: str, message: str, **values: Any) -> None:
        if kind not in self._warned:
            self._warned.add(kind)
            logger.warning(message.format(name=self.name, **values))
