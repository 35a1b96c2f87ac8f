"""The paper's table of F: all formats and spaCy's `ner`, on the same texts."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, TypeAlias

from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Example

from spacy_padellm.adapters.shipped import SHIPPED, shipped_for
from spacy_padellm.pipeline.calibrate import (
    best_of,
    calibration_of,
    scoring_once,
    try_thresholds,
)

from ..data.corpus import BenchmarkCorpus, Sizes, prepare, without_annotation
from ..errors import check_names
from ..measuring.scores import score_docs, score_predictions
from ..results_cache import cached
from ..systems.registry import LoadOptions, packed
from ..training.configs import TrainingSettings, padellm_config, spacy_ner_config
from ..training.formats import FORMATS, GENERATING
from ..training.train import load_pipeline, train_pipeline, trained_at
from ..workspace import SetFolder

SPACY_NER = "spacy_ner"
# the formats of shipped adapters
SHIPPED_FORMATS = {"pointer": "Pointer", "padellm": "PaDeLLM"}


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the table.

    format: a key of `FORMATS`, or SPACY_NER.
    shipped: whether training starts from the adapter that ships with the package, as
        for a user of the base, and not from a new one.
    calibrated: whether it predicts with the threshold of the format that is best on the
        dev texts.
    """

    title: str
    format: str
    shipped: bool = False
    calibrated: bool = False

    @property
    def trained(self) -> str:
        """What is trained for the row. Several rows may share it."""
        return self.format + "_shipped" * self.shipped


ROWS = {
    "pointer_shipped": Row(
        "Pointer, from the shipped adapter", "pointer", shipped=True
    ),
    "padellm_shipped": Row(
        "PaDeLLM, from the shipped adapter", "padellm", shipped=True
    ),
    "padellm_shipped_calibrated": Row(
        "PaDeLLM, from the shipped adapter, calibrated",
        "padellm",
        shipped=True,
        calibrated=True,
    ),
    "pointer": Row("Pointer", "pointer"),
    "pointer_calibrated": Row("Pointer, calibrated", "pointer", calibrated=True),
    "padellm": Row("PaDeLLM", "padellm"),
    "padellm_calibrated": Row("PaDeLLM, calibrated", "padellm", calibrated=True),
    "one_step": Row("OneStep", "one_step"),
    "struct": Row("AutoReg struct", "struct"),
    "aug": Row("AutoReg aug", "aug"),
    SPACY_NER: Row("spaCy's `ner`, a CNN from scratch", SPACY_NER),
}
# Training scores so many dev texts before and after, for its log only.
DEV_TEXTS = 8
Prf: TypeAlias = dict[str, float]  # "p", "r" and "f", from 0 to 1


@dataclass(frozen=True, slots=True)
class AccuracySettings:
    """What to compare; see `BenchmarkSettings`.

    systems: keys of `ROWS`. None is all; it leaves out the shipped adapters if they do
        not fit the base.
    prefix_lm: whether the tokens of a text see all of it. In Pointer, they always do.
    batch_tokens: padded tokens in a batch of texts, for predicting.
    """

    data: Path
    work: Path
    sets: Sequence[str]
    systems: Sequence[str] | None = None
    sizes: Sizes = Sizes(dev=200, test=0)
    training: TrainingSettings = TrainingSettings()
    prefix_lm: bool = True
    batch_tokens: int = 4096
    lang: str = "en"

    def chosen(self) -> Sequence[str]:
        """The systems to compare. ValueError (E611): there is no such system."""
        if self.systems is None:
            fits = self.training.base in SHIPPED and self.prefix_lm
            return [name for name, row in ROWS.items() if fits or not row.shipped]
        check_names("system", self.systems, ROWS)
        return self.systems


@dataclass(frozen=True, slots=True)
class Accuracy:
    """The scores of a system.

    train, test: the number of texts.
    strings: the paper's micro F. spans: of exact spans, as in `spacy evaluate`.
    threshold: of the format of a calibrated system.
    """

    train: int
    test: int
    strings: Prf
    spans: Prf
    spans_per_label: Mapping[str, Prf]
    threshold: float | None = None


@dataclass(slots=True)
class AccuracyTable:
    """A run. `say` prints a line. results: set → system → scores. titles: of sets."""

    settings: AccuracySettings
    say: Callable[[str], None] = print
    results: dict[str, dict[str, Accuracy]] = field(default_factory=dict)
    titles: dict[str, str] = field(default_factory=dict)

    def run(self) -> None:
        """Train and score all systems; finished steps are not repeated.

        ValueError: there is no such system (E611), set (E613) or split (E612).
        """
        settings = self.settings
        systems = settings.chosen()
        for name in settings.sets:
            folder = SetFolder(settings.work, name)
            corpus = prepare(
                name, settings.data, folder.corpus, settings.sizes, lang=settings.lang
            )
            self.titles[name] = corpus.title
            self.results[name] = {}
            for system in systems:
                row = ROWS[system]
                if row.shipped and self._shipped(row, corpus) is None:
                    self.say(
                        f"{corpus.title}, {row.title}: left out, as none ships for "
                        f"{corpus.lang!r}"
                    )
                    continue
                found = self._accuracy(corpus, folder, system)
                self.results[name][system] = found
                f = 100 * found.spans["f"]
                self.say(f"{corpus.title}, {row.title}: F of spans {f:.1f}")

    def _accuracy(
        self, corpus: BenchmarkCorpus, folder: SetFolder, system: str
    ) -> Accuracy:
        row = ROWS[system]
        pipeline = self._train(corpus, row, folder.training(row.trained))
        depends_on = {
            "test": asdict(self.settings.sizes),
            "device": self.settings.training.device,
            "trained": trained_at(pipeline),
        }
        scores = cached(
            folder.result(system),
            depends_on,
            lambda: self._score(corpus, row, pipeline),
        )
        n_train, n_test = (len(corpus.docs(split)) for split in ("train", "test"))
        return Accuracy(n_train, n_test, **scores)

    def _train(self, corpus: BenchmarkCorpus, row: Row, folder: Path) -> Path:
        training = self.settings.training
        if row.format == SPACY_NER:
            config = spacy_ner_config(
                corpus.folder, lang=corpus.lang, seed=training.seed
            )
            return train_pipeline(config, folder, best=True)
        format = FORMATS[row.format]
        if row.format in GENERATING:
            format = {**format, "prefix_lm": self.settings.prefix_lm}
        config = padellm_config(
            format,
            corpus.labels,
            corpus.folder,
            training,
            lang=corpus.lang,
            adapter=self._shipped(row, corpus) if row.shipped else None,
        )
        config["corpora"]["dev"]["limit"] = DEV_TEXTS
        return train_pipeline(config, folder)

    def _shipped(self, row: Row, corpus: BenchmarkCorpus) -> str | None:
        """The adapter that ships in the row's format for the language of a corpus."""
        format = SHIPPED_FORMATS[row.format]
        return shipped_for(self.settings.training.base, format, corpus.lang)

    def _score(
        self, corpus: BenchmarkCorpus, row: Row, pipeline: Path
    ) -> dict[str, Any]:
        """The scores of a saved pipeline, with the names of `Accuracy`."""
        gold = corpus.docs("test")
        if row.format == SPACY_NER:
            return score_spacy_ner(pipeline, gold)
        nlp = load_pipeline(pipeline, dtype="auto")
        ner = nlp.get_pipe("padellm_ner")
        threshold = calibrate(nlp, corpus.docs("dev")) if row.calibrated else None
        system = packed(ner, LoadOptions())
        predictions = system.predict(gold, self.settings.batch_tokens)
        scores = score_predictions(gold, predictions, corpus.labels)
        found = {key: scores[key] for key in ("strings", "spans", "spans_per_label")}
        return found | {"threshold": threshold}


def calibrate(nlp: Language, gold: Sequence[Doc]) -> float | None:
    """Set the threshold of padellm_ner's format that is best on these docs, unless none
    finds a right entity; return it."""
    ner = nlp.get_pipe("padellm_ner")
    examples = [Example(without_annotation(doc, nlp.vocab), doc) for doc in gold]
    with scoring_once(ner):
        trials = list(try_thresholds(nlp, ner, examples))
    setting = calibration_of(ner).setting
    best = best_of(trials, own=getattr(ner.format, setting))
    if best.f():
        ner.format = replace(ner.format, **{setting: best.threshold})
    return getattr(ner.format, setting)


def score_spacy_ner(pipeline: Path, gold: Sequence[Doc]) -> dict[str, Any]:
    """The scores of a saved pipeline that sets `doc.ents`."""
    nlp = load_pipeline(pipeline)
    predicted = nlp.pipe(without_annotation(doc, nlp.vocab) for doc in gold)
    return score_docs(gold, list(predicted))
