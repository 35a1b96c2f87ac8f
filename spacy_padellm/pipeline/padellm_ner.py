"""The pipeline component `padellm_ner`."""

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

from spacy.language import Language
from spacy.pipeline import TrainablePipe
from spacy.training import Example, validate_examples, validate_get_examples
from spacy.vocab import Vocab
from thinc.api import Config, Model, Optimizer

from ..errors import Warnings
from ..formats.base import Format
from ..models.shim import causal_lm_shim
from ..settings import check_positive
from ..types import WindowGetter
from .annotating import register_score
from .label_table import LabelTable, given_labels, gold_labels
from .learning import gold_trees
from .neighbours import PipelineOf, check_spans_key
from .output import Output, OutputSettings
from .predicting import ReadsDocs
from .saving import SavedWithAdapters

default_config = Config().from_str(
    """
[padellm_ner]
labels = null
adapters = null
active_adapter = null
spans_key = "padellm_ner"
allow_overlap = false
threshold = 0.0
deduplicate = true
overwrite_ents = false
alignment_mode = "contract"
save_trace = false
batch_tokens = 4096

[padellm_ner.model]
@architectures = "spacy_padellm.CausalLM.v1"
base = "smollm2-135m-instruct"
revision = null
adapter = null
device = "auto"
dtype = "auto"
merge_adapter = "auto"
cuda_graphs = false
trust_remote_code = false
train_batch_tokens = 1024
label_smoothing = 0.0
lora_rank = 16
lora_alpha = 32
lora_targets = "all-linear"
lora_rslora = false
lora_dora = false
full_finetuning = false

[padellm_ner.format]
@misc = "spacy_padellm.PaDeLLM.v1"
template = "compact"
max_count = 64
max_mention_tokens = 48
only_in_text = true
prefix_lm = null
text_twice = false
count_threshold = null
count_weight = 1.0
index_weight = 1.0
absent_labels = 1.0

[padellm_ner.windows]
@misc = "spacy_padellm.SentenceWindows.v1"
max_tokens = 96
join_tokens = 32

[padellm_ner.scorer]
@scorers = "spacy.ner_scorer.v1"
"""
)["padellm_ner"]


@Language.factory(
    "padellm_ner",
    assigns=[
        "doc.ents",
        "token.ent_iob",
        "token.ent_type",
        "doc.spans",
        "span._.score",
    ],
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
    adapters: dict[str, str] | None,
    active_adapter: str | None,
    spans_key: str,
    allow_overlap: bool,
    threshold: float,
    deduplicate: bool,
    overwrite_ents: bool,
    alignment_mode: str,
    save_trace: bool,
    batch_tokens: int,
    scorer: Callable | None,
) -> "PaDeLLMNER":
    """Named entities by a causal language model with parallel decoding.

    model: see `spacy_padellm.CausalLM.v1`.
    format: how labels and mentions are written, `spacy_padellm.PaDeLLM.v1`.
    windows: how long docs are cut, `spacy_padellm.SentenceWindows.v1`.
    labels: a list, or a table label → name that the model reads. Null: the adapter's
        own labels; in training, those of the gold data.
    adapters: a table name → folder of further adapters on the same base, see
        `NamedAdapters.add_adapter`.
    active_adapter: the one of them to read with; null is the component's own.
    spans_key: where in `doc.spans` the entities stand with their scores.
    allow_overlap: put all mentions found there, those too that overlap others or have
        no room in `doc.ents`.
    threshold: leave out mentions with a lower score, 0 to 1. A score is P(count >= i)
        x P(mention i).
    deduplicate: leave a string that several labels claim in a window to the most
        probable one, as the paper does.
    overwrite_ents: whether new entities replace those that a doc already has.
    alignment_mode: for mentions that are not whole tokens: "strict", "contract" or
        "expand", as in `Doc.char_span`.
    save_trace: keep what was asked, written and dropped in
        `doc.spans[spans_key].attrs["trace"]`.
    batch_tokens: padded tokens in a batch of texts, at most.

    ValueError: a setting is wrong, or another component of the pipeline writes to the
    same group of `doc.spans`.
    """
    component = PaDeLLMNER(
        nlp.vocab,
        model,
        name,
        format=format,
        windows=windows,
        labels=labels,
        adapters=adapters,
        active_adapter=active_adapter,
        output=Output(
            spans_key=spans_key,
            allow_overlap=allow_overlap,
            threshold=threshold,
            deduplicate=deduplicate,
            overwrite_ents=overwrite_ents,
            alignment_mode=alignment_mode,
            save_trace=save_trace,
        ),
        batch_tokens=batch_tokens,
        scorer=scorer,
    )
    component.join(nlp)
    return component


class PaDeLLMNER(
    LabelTable, OutputSettings, ReadsDocs, SavedWithAdapters, TrainablePipe
):
    """See `make_padellm_ner`; `output` has the settings of what comes into the docs."""

    def __init__(
        self,
        vocab: Vocab,
        model: Model,
        name: str = "padellm_ner",
        *,
        format: Format,
        windows: WindowGetter,
        labels: list[str] | dict[str, str] | None = None,
        adapters: dict[str, str] | None = None,
        active_adapter: str | None = None,
        output: Output | None = None,
        batch_tokens: int = 4096,
        scorer: Callable | None = None,
    ) -> None:
        check_positive(batch_tokens=batch_tokens)
        register_score()
        self.vocab = vocab
        self.model = model
        self.name = name
        self.scorer = scorer
        self.format = format
        self.windows = windows
        self.output = output or Output()
        self.batch_tokens = batch_tokens
        self._lm = causal_lm_shim(model)
        self._configured_labels = given_labels(labels)
        # cfg is what is saved beside the adapters
        self.cfg: dict[str, Any] = {
            "labels": self._configured_labels,
            "adapter_labels": {},
        }
        self._named = {
            adapter: self._lm_from(adapter, path)
            for adapter, path in (adapters or {}).items()
        }
        self._configured_active = active_adapter
        self._active = active_adapter
        self._pipeline = PipelineOf()
        self._warned: set[str] = set()

    def join(self, nlp: Language) -> None:
        """Know the pipeline from now on; ValueError if another component of it writes
        to the same group of spans."""
        check_spans_key(nlp, self.name, self.spans_key)
        self._pipeline = PipelineOf(nlp)

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
        self._check_trains_its_own()
        if nlp is not None:
            self.join(nlp)
        if labels is not None:
            self.labels = labels
        elif self._configured_labels is None:
            for label, name in gold_labels(get_examples()).items():
                self.add_label(label, name)
        for label in self.labels:
            self.vocab.strings.add(label)
        self._lm.initialize()
        self._check_format(self._lm)

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
        self._check_trains_its_own()
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
