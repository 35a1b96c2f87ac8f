"""A system with its model loaded, ready to predict documents."""

from collections.abc import Sequence

from spacy.tokens import Doc

from spacy_padellm.engines.base import Engine
from spacy_padellm.formats.base import Format
from spacy_padellm.formats.extraction import prepare
from spacy_padellm.model.shim import causal_lm_shim
from spacy_padellm.pipeline.output import Output
from spacy_padellm.pipeline.padellm_ner import PaDeLLMNER
from spacy_padellm.pipeline.predict import predict_docs
from spacy_padellm.pipeline.prediction import Prediction
from spacy_padellm.types import LabelNames

from .usage import CountingEngine, Usage
from .vllm.server import VLLMServer


class LoadedSystem:
    """Predicts as a component does, with an engine and a format of its own.

    ner: the component, which gives windows and alignment mode.
    format, labels: those of the component unless given.
    batch_tokens: a batch size that replaces the requested one, for systems that form
        their batches in another way.
    vllm: the server that runs the model, for vLLM.
    """

    def __init__(
        self,
        ner: PaDeLLMNER,
        engine: Engine,
        *,
        format: Format | None = None,
        labels: LabelNames | None = None,
        batch_tokens: int | None = None,
        vllm: VLLMServer | None = None,
    ) -> None:
        self.ner = ner
        self.shim = causal_lm_shim(ner.model)
        self.engine = CountingEngine(engine)
        self.format = format or ner.active_format
        self.labels = labels or ner.label_data
        self.batch_tokens = batch_tokens
        self.vllm = vllm

    @property
    def usage(self) -> Usage:
        """What the system has done so far, as a copy."""
        return self.engine.usage

    @property
    def excluded_seconds(self) -> float:
        """Time that no measurement should include.

        A simulation takes longer than the thing it simulates. Waking a server is not
        part of what it does.
        """
        return self.engine.excluded_seconds

    def activate(self) -> None:
        """Make the component's adapter the active one on its base.

        Components that share a base switch adapters. That time belongs to no system.
        """
        self.shim.lm.base.activate(self.shim.lm.name)

    def prepare(self) -> None:
        """Compute and keep what depends on the labels alone."""
        prepare(self.labels, engine=self.engine, format=self.format)

    def predict(self, docs: Sequence[Doc], batch_tokens: int) -> list[Prediction]:
        """Predict documents, which are not changed.

        batch_tokens: padded tokens of texts in a batch, at most.
        """
        return predict_docs(
            docs,
            self.labels,
            engine=self.engine,
            format=self.format,
            windows=self.ner.windows,
            output=Output(alignment_mode=self.ner.alignment_mode),
            batch_tokens=self.batch_tokens or batch_tokens,
        )

    def __enter__(self) -> "LoadedSystem":
        return self

    def __exit__(self, *error: object) -> None:
        if self.vllm is not None:
            self.vllm.close()
