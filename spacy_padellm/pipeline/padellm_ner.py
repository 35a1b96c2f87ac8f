"""The pipeline component."""

import logging
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from spacy import util
from spacy.language import Language
from spacy.pipeline import TrainablePipe
from spacy.tokens import Doc
from spacy.training import Example, validate_examples, validate_get_examples
from spacy.vocab import Vocab
from thinc.api import Model, Optimizer

from ..engines.base import Engine, EngineSource
from ..errors import Errors, Warnings
from ..formats.base import Format
from ..formats.extraction import prepare
from ..locks import Once
from ..model.shim import causal_lm_shim
from ..settings import check_positive
from ..spans.windows import join_tokens_of
from ..types import LabelNames, WindowGetter
from . import restoring, saving
from .adapter_format import check_format, check_predicts, format_of
from .adapter_set import AdapterSet
from .adapters_and_labels import AdaptersAndLabels
from .annotate import annotate, register_score
from .engines import check_engine, check_trains
from .gold import trees_of
from .labels import given_labels, gold_labels, has_gold, names_labels
from .language import PipelineOf, check_spans_key
from .output import Output, OutputSetting
from .predict import predict_docs, predict_each
from .prediction import Prediction
from .prediction_warnings import prediction_warnings
from .record import Replay, TrainingRecord
from .saved_settings import settings_to_save
from .settings_view import SettingsView, settings_of

logger = logging.getLogger(__name__)

# What `warm_up` reads, and looks for if an adapter has no labels.
WARM_UP_WORDS = ("Ann", "Lee", "left", "Oslo", ".")
WARM_UP_LABELS = {"PERSON": "person"}


@dataclass(frozen=True, slots=True)
class Call:
    """What one call asks for.

    adapter: to predict with; None is the component's own.
    labels: None are those of the adapter.
    """

    output: Output
    adapter: str | None = None
    labels: LabelNames | None = None


class PaDeLLMNER(AdaptersAndLabels, TrainablePipe):
    """Finds named entities with a causal language model; `make_padellm_ner` describes
    the settings.

    A single call may have settings of its own: `labels`, `active_adapter`, and those of
    `Output`. spaCy passes them on as `component_cfg`:

        nlp.pipe(texts, component_cfg={"padellm_ner": {"threshold": 0.5}})

    output: the settings of what enters the docs; each is an attribute as well.
    record, replay: what `Checkpoints` keeps of a training, and replays.
    """

    spans_key = OutputSetting()
    allow_overlap = OutputSetting()
    threshold = OutputSetting()
    deduplicate = OutputSetting()
    overwrite_ents = OutputSetting()
    alignment_mode = OutputSetting()
    all_occurrences = OutputSetting()
    save_trace = OutputSetting()

    def __init__(
        self,
        vocab: Vocab,
        model: Model,
        name: str = "padellm_ner",
        *,
        format: Format,
        windows: WindowGetter,
        engine: EngineSource,
        labels: list[str] | dict[str, str | dict[str, str]] | None = None,
        adapters: dict[str, str] | None = None,
        active_adapter: str | None = None,
        output: Output | None = None,
        batch_tokens: int = 4096,
        scorer: Callable | None = None,
    ) -> None:
        check_positive(batch_tokens=batch_tokens)
        check_engine(engine, format, name)
        register_score()
        adapter_set = AdapterSet(
            causal_lm_shim(model),
            name=name,
            labels=given_labels(labels),
            paths=adapters,
            active=active_adapter,
        )
        AdaptersAndLabels.__init__(
            self, vocab, adapter_set, format=format, windows=windows
        )
        self.model = model
        self.scorer = scorer
        self.engine = engine
        self.output = output or Output()
        self._configured_settings = settings_to_save(self.output, format)
        self.batch_tokens = batch_tokens
        self.record: TrainingRecord | None = None
        self.replay: Replay | None = None
        self._pipeline = PipelineOf()
        self._warned = Once()
        self._was_idle = False  # the last step had a learning rate of 0

    def join(self, nlp: Language) -> None:
        """Remember the pipeline. Raises ValueError (E809) if another component of it
        writes to the same group of spans."""
        check_spans_key(nlp, self.name, self.spans_key)
        self._pipeline = PipelineOf(nlp)

    @property
    def name(self) -> str:
        """In the pipeline. spaCy sets another one if a pipeline takes the component
        from another pipeline."""
        return self._adapters.name

    @name.setter
    def name(self, name: str) -> None:
        self._adapters.name = name

    @property
    def cfg(self) -> SettingsView:
        """The settings of `output`, and those of the format as `cfg["format"]`. Setting
        one changes the component, as spaCy's find-threshold does."""
        return settings_of(self)

    @cfg.setter
    def cfg(self, settings: Mapping[str, Any]) -> None:
        self.cfg.update(settings)

    # -- prediction -------------------------------------------------------------------

    def __call__(self, doc: Doc, **changed: Any) -> Doc:
        """Find the entities of one doc. A `batch_size` is ignored: nlp.pipe leaves it
        behind in the `component_cfg` that it was given."""
        changed.pop("batch_size", None)
        try:
            call = self._call(changed)
            predictions = self.predict([doc], call)
            self.set_annotations([doc], predictions, output=call.output)
            return doc
        except Exception as error:
            self.get_error_handler()(self.name, self, [doc], error)

    def pipe(
        self, stream: Iterable[Doc], *, batch_size: int = 128, **changed: Any
    ) -> Iterator[Doc]:
        """As in spaCy, but a doc that fails takes no other doc of its batch with it."""
        if self.replay is not None:  # `score` has the recorded scores
            yield from stream
            return
        call = self._call(changed)
        handle_error = self.get_error_handler()
        for docs in util.minibatch(stream, size=batch_size):
            predictions = predict_each(
                docs,
                lambda part: self.predict(part, call),
                check_model=lambda: self._check_model(call.adapter),
            )
            for doc, prediction in zip(docs, predictions, strict=True):
                try:
                    if isinstance(prediction, Exception):
                        raise prediction
                    self.set_annotations([doc], [prediction], output=call.output)
                except Exception as error:
                    handle_error(self.name, self, [doc], error)
                    continue
                yield doc

    def warm_up(self) -> None:
        """Do now what the first calls would do: load the base, put the active adapter
        and the named ones on it, build their engines, read one short text with each,
        and measure the breadths of their labels (see `build_pointer_v1`). If a server
        runs the model, it is checked.

        This costs seconds, most of them to load torch, transformers and the base's
        weights, and the memory for the weights, which stay there. Breadths cost
        seconds too, more for more labels. On a CPU, bases of up to 2 GiB are kept a
        second time, packed for its matrix products. Another call of `warm_up` costs one
        short text for each adapter.

        Raises what the first call would raise, such as ValueError for a base that is
        missing (E301) or an adapter that does not fit it (E326).
        """
        doc = Doc(self.vocab, words=WARM_UP_WORDS)
        for adapter in dict.fromkeys((self.active_adapter, *self.adapters)):
            labels = self._adapters.labels(adapter) or WARM_UP_LABELS
            self.predict([doc], Call(self.output, adapter, labels))
            engine, format = self._open(adapter), self._format(adapter)
            prepare(labels, engine=engine, format=format)

    def predict(
        self, docs: Iterable[Doc], call: Call | None = None
    ) -> list[Prediction]:
        """What is found in each doc; the docs are not changed.

        call: in place of the component's own settings.
        """
        docs = list(docs)
        if not any(doc.text.strip() for doc in docs):
            return [Prediction() for _ in docs]
        call = call or self._call({})
        labels = call.labels
        if labels is None:
            labels = self._adapters.labels(call.adapter)
        if not labels:
            self._warn_once("no labels", Warnings.W803)
            return [Prediction() for _ in docs]
        if call.labels is None and not self.adapters:
            self._check_thresholds(labels)
        return predict_docs(
            docs,
            labels,
            engine=self._open(call.adapter),
            format=self._format(call.adapter),
            windows=self._adapters.windows(call.adapter, self._windows),
            output=call.output,
            batch_tokens=self.batch_tokens,
        )

    def set_annotations(
        self,
        docs: Iterable[Doc],
        predictions: Sequence[Prediction],
        *,
        output: Output | None = None,
    ) -> None:
        """Write entities, scores and spans into the docs; see `annotate`."""
        for doc, prediction in zip(docs, predictions, strict=True):
            annotate(doc, prediction, output=output or self.output, component=self.name)
            for kind, message, values in prediction_warnings(doc, prediction):
                self._warn_once(kind, message, **values)

    def _open(self, adapter: str | None) -> Engine:
        """The engine for an adapter. Raises ValueError (E802, E814) if the adapter does
        not fit the format."""
        shim = self._adapters.shim(adapter)
        check_predicts(shim, self.format, self.name)
        return self.engine.open(shim, adapter)

    def _format(self, adapter: str | None) -> Format:
        """The component's format, as an adapter was trained in it."""
        return format_of(self._adapters.shim(adapter), self.format)

    def _check_model(self, adapter: str | None) -> None:
        """Raises the error of an adapter or a base that cannot be loaded, merged or
        read with."""
        with self._open(adapter).session(0):
            pass

    def _call(self, changed: Mapping[str, Any]) -> Call:
        """The component's settings with some changed. Raises ValueError for a value
        that is not allowed."""
        settings = dict(changed)
        labels = given_labels(settings.pop("labels", None))
        adapter = settings.pop("active_adapter", self.active_adapter)
        self._adapters.shim(adapter)
        if labels is not None:
            labels = self._adapters.choice(adapter).completed(labels)
        output = self.output.changed(settings)
        nlp = self._pipeline()
        if nlp is not None and (self.name, self) in nlp.components:
            check_spans_key(nlp, self.name, output.spans_key)
        return Call(output, adapter, labels)

    def _check_thresholds(self, labels: LabelNames) -> None:
        """Warn of thresholds for labels that the component does not have."""
        if unknown := self.format.thresholds.keys() - labels.keys():
            names = {"labels": ", ".join(sorted(unknown)), "own": ", ".join(labels)}
            self._warn_once("thresholds", Warnings.W809, **names)

    def _warn_once(self, kind: str, message: str, **values: Any) -> None:
        if self._warned.is_first(kind):
            logger.warning(message.format(name=self.name, **values))

    # -- training ---------------------------------------------------------------------

    def initialize(
        self,
        get_examples: Callable[[], Iterable[Example]],
        *,
        nlp: Language | None = None,
        labels: list[str] | dict[str, str | dict[str, str]] | None = None,
    ) -> None:
        """Start with the adapter that the config names, or with a new one. Without
        gold annotation, for example to initialize another component, the component
        keeps the adapter that it has.

        labels: exactly the labels to learn, as from `spacy init labels`. Without them,
            and without labels in the config, those of the gold data are added to those
            that were set or that `add_label` added. A label that the adapter knows
            keeps its name.

        Raises ValueError (E366) if there is gold annotation and a server runs the
        model.
        """
        validate_get_examples(get_examples, "PaDeLLMNER.initialize")
        self._adapters.check_trains_its_own()
        if nlp is not None:
            self.join(nlp)
        if labels is not None:
            self.labels = labels
        learns = has_gold(get_examples(), self.gold_key)
        if learns and labels is None and self._adapters.configured_labels is None:
            found = gold_labels(get_examples(), self.gold_key)
            self._adapters.choice(None).learn(found)
        for label in self.labels:
            self.vocab.strings.add(label)
        own = self._adapters.own
        self._was_idle = False
        if learns:
            check_trains(self.engine, self.name)
        if self.engine.url is None and (learns or not own.has_adapter):
            own.initialize(self.format.head)
        check_format(own, self.format, self.name)

    def update(
        self,
        examples: Iterable[Example],
        *,
        drop: float = 0.0,
        sgd: Optimizer | None = None,
        losses: dict[str, float] | None = None,
    ) -> dict[str, float]:
        """Learn from gold docs. Nothing is learned from tokens without annotation: they
        would teach that nothing is there. Formats that generate leave out the whole
        window.

        With `allow_overlap`, the mentions of a doc are those of
        `doc.spans[spans_key]`, if it has that group.

        Raises ValueError (E816) if there are no labels to learn, and (E366) if a server
        runs the model.
        """
        check_trains(self.engine, self.name)
        self._adapters.check_trains_its_own()
        losses = {} if losses is None else losses
        losses.setdefault(self.name, 0.0)
        examples = list(examples)
        validate_examples(examples, "PaDeLLMNER.update")
        if self.replay is not None:
            losses[self.name] += self.replay.update(examples)
            return losses
        if not self.label_data and not names_labels(examples):
            raise ValueError(Errors.E816.format(name=self.name))
        loss = self._accumulate(examples, drop)
        losses[self.name] += loss
        if self.record is not None:
            self.record.add_update(examples, loss)
        if sgd not in (None, False):
            self.finish_update(sgd)
        return losses

    def finish_update(self, sgd: Optimizer) -> None:
        """One step for the gradients of all updates since the last step. The adapter's
        card then has the `join_tokens` of the windows. Warns once (W875) if the
        learning rate stays 0, which teaches nothing."""
        is_idle = getattr(sgd, "learn_rate", None) == 0.0
        if is_idle and self._was_idle:  # one step of 0 begins a warm-up
            self._warn_once("rate", Warnings.W875)
        self._was_idle = is_idle
        if not is_idle:
            self._adapters.own.join_tokens = join_tokens_of(self.windows)
        super().finish_update(sgd)

    def rehearse(
        self,
        examples: Iterable[Example],
        *,
        sgd: Optimizer | None = None,
        losses: dict[str, float] | None = None,
        **config: Any,
    ) -> dict[str, float]:
        """Not supported: warns once (W808), and changes nothing."""
        self._warn_once("rehearse", Warnings.W808)
        return {} if losses is None else losses

    def score(self, examples: Iterable[Example], **kwargs: Any) -> dict[str, Any]:
        """Compare the predictions with gold docs, by the component's scorer."""
        if self.replay is not None:
            return self.replay.scores()
        # which `spancat_scorer` needs
        scores = super().score(examples, **{"spans_key": self.spans_key, **kwargs})
        if self.record is not None:
            self.record.add_scores(scores)
        return scores

    @property
    def gold_key(self) -> str | None:
        """The group of `doc.spans` with gold mentions; None if they are entities."""
        return self.spans_key if self.allow_overlap else None

    def _accumulate(self, examples: Sequence[Example], drop: float) -> float:
        """Add the gradients of the examples to those of the next step; their loss."""
        shim = self._adapters.own
        check_predicts(shim, self.format, self.name)
        trees, problems = trees_of(
            examples,
            self.label_data,
            format=format_of(shim, self.format),
            windows=self.windows,
            tokenizer=shim.tokenizer,
            spans_key=self.gold_key,
        )
        for problem in problems:
            self._warn_once(problem, Warnings.W802, problem=problem)
        if not trees:
            return 0.0
        shim.set_dropout(drop)
        try:
            loss, _ = self.model.begin_update(trees)
        finally:
            shim.set_dropout(0.0)
        return loss

    # -- saving -----------------------------------------------------------------------

    def to_bytes(self, *, exclude: Iterable[str] = ()) -> bytes:
        exclude = tuple(exclude)
        return saving.to_bytes(self._collect(exclude), self.vocab, exclude)

    def from_bytes(
        self, bytes_data: bytes, *, exclude: Iterable[str] = ()
    ) -> "PaDeLLMNER":
        saved = saving.from_bytes(bytes_data, self.vocab, exclude, component=self.name)
        return self._apply(saved, exclude)

    def to_disk(self, path: str | Path, *, exclude: Iterable[str] = ()) -> None:
        """Write the labels, a PEFT folder `adapter`, and one in `adapters` for each
        named adapter; never the base's weights."""
        path, exclude = util.ensure_path(path), tuple(exclude)
        saving.to_disk(self._collect(exclude), path, self.vocab, exclude)

    def from_disk(
        self, path: str | Path, *, exclude: Iterable[str] = ()
    ) -> "PaDeLLMNER":
        path = util.ensure_path(path)
        saved = saving.from_disk(path, self.vocab, exclude, component=self.name)
        return self._apply(saved, exclude)

    def _collect(self, exclude: Collection[str]) -> saving.Saved:
        return saving.collect(
            self._adapters,
            self.format,
            self.output,
            configured=self._configured_settings,
            exclude=exclude,
        )

    def _apply(self, saved: saving.Saved, exclude: Iterable[str]) -> "PaDeLLMNER":
        output, format = saved.settings(
            self.output, self.format, configured=self._configured_settings
        )
        restoring.apply(saved, self._adapters, self.format, exclude)
        self.output, self.format = output, format
        return self
