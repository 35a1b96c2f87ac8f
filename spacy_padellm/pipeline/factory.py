"""The factory `padellm_ner`: its settings, their defaults, and what they mean."""

from collections.abc import Callable

from spacy.language import Language
from thinc.api import Config, Model

from ..engines.base import EngineSource
from ..formats.base import Format
from ..settings import check_keys, check_values
from ..types import WindowGetter
from .output import Output
from .padellm_ner import PaDeLLMNER

default_config = Config().from_str(
    """
[padellm_ner]
labels = null
adapters = null
active_adapter = null
spans_key = null
allow_overlap = false
threshold = 0.0
deduplicate = true
overwrite_ents = false
alignment_mode = "contract"
all_occurrences = false
save_trace = false
batch_tokens = 4096

[padellm_ner.model]
@architectures = "spacy_padellm.CausalLM.v1"
base = "smollm2-135m-instruct"
revision = null
adapter = "auto"
device = "auto"
dtype = "auto"
merge_adapter = "auto"
cuda_graphs = false
trust_remote_code = false
train_batch_tokens = 1024
layers = null

[padellm_ner.model.lora]
r = 16
lora_alpha = 32
use_rslora = true
target_modules = "all-linear"

[padellm_ner.format]
@misc = "spacy_padellm.Pointer.v1"
labels = null
threshold = 0.35
size = 128
prefer_narrow = 0.4

[padellm_ner.format.thresholds]

[padellm_ner.windows]
@misc = "spacy_padellm.SentenceWindows.v1"
max_tokens = 96
join_tokens = null
list_tokens = null
max_chars = 1000

[padellm_ner.engine]
@misc = "spacy_padellm.Packed.v1"

[padellm_ner.scorer]
@scorers = "spacy_padellm.ner_scorer.v1"
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
    engine: EngineSource,
    labels: list[str] | dict[str, str | dict[str, str]] | None,
    adapters: dict[str, str] | None,
    active_adapter: str | None,
    spans_key: str | None,
    allow_overlap: bool,
    threshold: float,
    deduplicate: bool,
    overwrite_ents: bool,
    alignment_mode: str,
    all_occurrences: bool,
    save_trace: bool,
    batch_tokens: int,
    scorer: Callable | None,
) -> PaDeLLMNER:
    """Find named entities with a causal language model and parallel decoding.

    model: `spacy_padellm.CausalLM.v1`.
    format: how labels are asked and answers are read, such as
        `spacy_padellm.Pointer.v1`.
    windows: how long docs are cut, such as `spacy_padellm.SentenceWindows.v1`.
    engine: what runs the model: `spacy_padellm.Packed.v1`, in this process, or
        `spacy_padellm.VLLM.v1`, on a server.
    labels: a list, or a table label → name that the model reads. In place of a name, a
        label may have a table with its `name` and a `description` of what it covers.
        Null uses the adapter's own labels, and in training those of the gold data.
    adapters: a table name → folder of further adapters on the same base, see
        `PaDeLLMNER.add_adapter`.
    active_adapter: the one of them to predict with; null is the component's own.
    spans_key: the group of `doc.spans` for the entities, their scores, and the counts
        of what was dropped; null writes no group.
    allow_overlap: write all mentions to that group, also those that overlap others.
        It needs a `spans_key`.
    threshold: drop mentions with a lower score, 0 to 1. The format says what a score
        is.
    deduplicate: if several labels claim a string in a window, each occurrence has one
        label, and the most probable label comes first. It concerns formats that do not
        say where a string stands: all but Pointer and AutoRegAug.
    overwrite_ents: whether new entities replace those that a doc already has.
    alignment_mode: for mentions that are not whole tokens: "strict", "contract" or
        "expand", as in `Doc.char_span`.
    all_occurrences: every further occurrence of an entity's string in the doc is an
        entity too, with its label and score. Only whole tokens count.
    save_trace: keep a trace of queries and answers in
        `doc.spans[spans_key].attrs["trace"]`. It needs a `spans_key`.
    batch_tokens: padded tokens in a batch of texts, at most.

    Raises ValueError for a wrong setting, and if another component of the pipeline
    writes to the same group of `doc.spans`.
    """
    check_keys("labels", labels if isinstance(labels, dict) else None)
    check_values("labels", labels)
    check_keys("adapters", adapters)
    component = PaDeLLMNER(
        nlp.vocab,
        model,
        name,
        format=format,
        windows=windows,
        engine=engine,
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
            all_occurrences=all_occurrences,
            save_trace=save_trace,
        ),
        batch_tokens=batch_tokens,
        scorer=scorer,
    )
    component.join(nlp)
    return component
