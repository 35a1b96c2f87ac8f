"""The pipeline component `padellm_ner`."""

import logging
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from spacy import util
from spacy.language import Language
from spacy.pipeline import TrainablePipe
from spacy.tokens import Doc
from spacy.training import Example, validate_examples, validate_get_examples
from spacy.vocab import Vocab
from thinc.api import Config, Model, Optimizer

from ..errors import Errors, Warnings
from ..formats.base import Format
from ..formats.labels import label_names
from ..models.shim import causal_lm_shim
from ..settings import check_positive
from ..types import WindowGetter
from .annotating import annotate, register_score
from .label_table import LabelTable, gold_labels
from .learning import gold_trees
from .reading import Reading, read_docs
from .saving import SavedWithAdapter

logger = logging.getLogger(__name__)

default_config = Config().from_str(
    """
[padellm_ner]
labels = null
spans_key = "padellm_ner"
overwrite_ents = false
alignment_mode = "contract"
batch_tokens = 4096

[padellm_ner.model]
@architectures = "spacy_padellm.CausalLM.v1"
base = "smollm2-135m-instruct"
revision = null
adapter = null
device = "auto"
dtype = "auto"
trust_remote_code = false
train_batch_tokens = 512
lora_rank = 16
lora_alpha = 32
lora_targets = "all-linear"
lora_rslora = false
lora_dora = false

[padellm_ner.format]
@misc = "spacy_padellm.PaDeLLM.v1"
template = "compact"
max_count = 64
max_mention_tokens = 48
only_in_text = true

[padellm_ner.windows]
@misc = "spacy_padellm.SentenceWindows.v1"
max_tokens = 96

[padellm_ner.scorer]
@scorers = "spacy.ner_scorer.v1"
"""
)["padellm_ner"]


@Language.factory(
    "padellm_ner",
    assigns=["doc.ents", "token.ent_iob", "token.ent_type", "doc.spans"],
    default_config=default_config,
    default_score_weights={
        "ents_f": 1.0,
        "ents_p": 0.0,
        "ents_r": 0.0,
        "ents_per_type": None,
    },
)
def make_padellm_ner(
    nlp: Language,
    name: str,
    model: Model,
    format: Format,
    windows: WindowGetter,
    labels: list[str] | dict[str, str] | None,
    spans_key: str,
    overwrite_ents: bool,
    alignment_mode: str,
    batch_tokens: int,
    scorer: Callable | None,
) -> "PaDeLLMNER":
    """Named entities by a causal language model with parallel decoding.

    model: see `spacy_padellm.CausalLM.v1`.
    format: how labels and mentions are written, `spacy_padellm.PaDeLLM.v1`.
    windows: how long docs are cut, `spacy_padellm.SentenceWindows.v1`.
    labels: a list, or a table label → name that the model reads. Null: the adapter's
        own labels; in training, those of the gold data.
    spans_key: where in `doc.spans` the entities stand with their scores.
    overwrite_ents: whether new entities replace those that a doc already has.
    alignment_mode: for mentions that are not whole tokens: "strict", "contract" or
        "expand", as in `Doc.char_span`.
    batch_tokens: padded tokens in a batch of texts, at most.
    """
    return PaDeLLMNER(
        nlp.vocab,
        model,
        name,
        format=format,
        windows=windows,
        labels=labels,
        spans_key=spans_key,
        overwrite_ents=overwrite_ents,
        alignment_mode=alignment_mode,
        batch_tokens=batch_tokens,
        scorer=scorer,
    )


class PaDeLLMNER(LabelTable, SavedWithAdapter, TrainablePipe):
    """See `make_padellm_ner`."""

    def __init__(
        self,
        vocab: Vocab,
        model: Model,
        name: str = "padellm_ner",
        *,
        format: Format,
        windows: WindowGetter,
        labels: list[str] | dict[str, str] | None = None,
        spans_key: str = "padellm_ner",
        overwrite_ents: bool = False,
        alignment_mode: str = "contract",
        batch_tokens: int = 4096,
        scorer: Callable | None = None,
    ) -> None:
        if alignment_mode not in ("strict", "contract", "expand"):
            raise ValueError(Errors.E801.format(value=alignment_mode))
        check_positive(batch_tokens=batch_tokens)
        register_score()
        self.vocab = vocab
        self.model = model
        self.name = name
        self.scorer = scorer
        self.format = format
        self.windows = windows
        self.spans_key = spans_key
        self.overwrite_ents = overwrite_ents
        self.alignment_mode = alignment_mode
        self.batch_tokens = batch_tokens
        self._lm = causal_lm_shim(model)
        self._labels_are_fixed = labels is not None
        # cfg is what is saved beside the adapter
        self.cfg: dict[str, Any] = {
            "labels": None if labels is None else label_names(labels)
        }
        self._warned: set[str] = set()

    # -- prediction -------------------------------------------------------------------

    def predict(self, docs: Iterable[Doc]) -> list[Reading]:
        """What is found in each doc; the docs are not changed."""
        docs = list(docs)
        if not any(doc.text.strip() for doc in docs):
            return [Reading() for _ in docs]
        labels = self.label_data
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
            alignment_mode=self.alignment_mode,
            batch_tokens=self.batch_tokens,
        )

    def set_annotations(self, docs: Iterable[Doc], readings: list[Reading]) -> None:
        """Write entities, scores and spans into the docs."""
        for doc, reading in zip(docs, readings, strict=True):
            annotate(
                doc,
                reading.spans,
                dropped=reading.dropped,
                spans_key=self.spans_key,
                overwrite_ents=self.overwrite_ents,
            )
            for mention in reading.not_in_text:
                self._warn_once("not in text", Warnings.W801, mention=mention)

    def pipe(self, stream: Iterable[Doc], *, batch_size: int = 128) -> Iterator[Doc]:
        """As in spaCy, but a doc that fails takes no other doc of its batch with it."""
        handle_error = self.get_error_handler()
        for docs in util.minibatch(stream, size=batch_size):
            readings: list[Reading | None]
            try:
                readings = self.predict(docs)
            except Exception:
                # then each doc on its own: one of them is to blame
                readings = [None] * len(docs)
            for doc, reading in zip(docs, readings, strict=True):
                try:
                    reading = reading or self.predict([doc])[0]
                    self.set_annotations([doc], [reading])
                except Exception as error:
                    handle_error(self.name, self, [doc], error)
                else:
                    yield doc

    # -- training ---------------------------------------------------------------------

    def initialize(
        self,
        get_examples: Callable[[], Iterable[Example]],
        *,
        nlp: Language | None = None,
        labels: list[str] | dict[str, str] | None = None,
    ) -> None:
        """Start with the adapter that the config names, or with a new one.

        labels: exactly the labels to learn, as from `spacy init labels`. Without them,
            and without labels in the config, those of the gold data are added to those
            of `add_label`.
        """
        validate_get_examples(get_examples, "PaDeLLMNER.initialize")
        if labels is not None:
            self.labels = labels
        elif not self._labels_are_fixed:
            for label, name in gold_labels(get_examples()).items():
                self.add_label(label, name)
        for label in self.labels:
            self.vocab.strings.add(label)
        self._lm.initialize()
        self._check_adapter()

    def update(
        self,
        examples: Iterable[Example],
        *,
        drop: float = 0.0,
        sgd: Optimizer | None = None,
        losses: dict[str, float] | None = None,
    ) -> dict[str, float]:
        """Learn from gold docs. Docs without entity annotation are left out, and so are
        windows with missing annotation: they would teach that nothing is there."""
        losses = {} if losses is None else losses
        losses.setdefault(self.name, 0.0)
        examples = list(examples)
        validate_examples(examples, "PaDeLLMNER.update")
        problems: Counter[str] = Counter()
        trees = [
            tree
            for example in examples
            if example.reference.has_annotation("ENT_IOB")
            for tree in gold_trees(
                example.reference,
                self.label_data,
                format=self.format,
                windows=self.windows,
                tokenizer=self._lm.tokenizer,
                problems=problems,
            )
        ]
        for problem in problems:
            self._warn_once(problem, Warnings.W802, problem=problem)
        if trees:
            self._lm.set_dropout(drop)
            try:
                loss, _ = self.model.begin_update(trees)
            finally:
                self._lm.set_dropout(0.0)
            losses[self.name] += loss
        if sgd not in (None, False):
            self.finish_update(sgd)
        return losses

    # -- checks and messages ----------------------------------------------------------

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
