"""The paper's table of F: formats trained alike on the same texts; spaCy's ner too."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, TypeAlias

import spacy
from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Example

from ..errors import Errors
from ..models.adapters import shipped_for
from ..models.weights import DEFAULT_BASE
from ..pipeline.calibrating import best_of, try_thresholds
from ..pipeline.reading import Reading
from ..scoring.spans import score_spans
from ..scoring.strings import score_strings, strings_by_label
from . import paper
from .corpus import BenchmarkCorpus, Sizes, prepare, without_annotation
from .keeping import keep, kept, trained_at
from .measure import score
from .systems import FORMATS, packed
from .tables import f_table, percents
from .training import TrainingSettings, spacy_ner_config, train_system, training_config

SPACY_NER = "spacy_ner"
# PaDeLLM as a user of the base model trains it: it goes on from what ships.
FROM_SHIPPED = "padellm_shipped"


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the table.

    trained: what is trained for it: a format with a new adapter, FROM_SHIPPED or
        SPACY_NER. Rows may share it.
    calibrated: read with the `count_threshold` that is best on the dev texts.
    """

    title: str
    trained: str
    calibrated: bool = False


ROWS = {
    FROM_SHIPPED: Row("PaDeLLM, from the shipped adapter", FROM_SHIPPED),
    "padellm_shipped_calibrated": Row(
        "PaDeLLM, from the shipped adapter, calibrated", FROM_SHIPPED, calibrated=True
    ),
    "padellm": Row("PaDeLLM", "padellm"),
    "padellm_calibrated": Row("PaDeLLM, calibrated", "padellm", calibrated=True),
    "one_step": Row("OneStep", "one_step"),
    "struct": Row("AutoReg struct", "struct"),
    "aug": Row("AutoReg aug", "aug"),
    SPACY_NER: Row("spaCy's `ner`, a CNN from scratch", SPACY_NER),
}
# Of the dev texts the formats read so many, before training and after, for the log:
# what they are scored on is trained to the end.
DEV_TEXTS = 8
Prf: TypeAlias = dict[str, float]  # "p", "r" and "f", from 0 to 1


@dataclass(frozen=True, slots=True)
class AccuracySettings:
    """What to compare, on what; see `BenchmarkSettings`.

    systems: of ROWS; None: all, without the shipped adapter where it does not fit.
    prefix_lm: whether the tokens of a text see all of it, in all four formats.
    batch_tokens: padded tokens in a batch of texts that are read.
    """

    data: Path
    work: Path
    sets: Sequence[str] = ("conll03",)
    systems: Sequence[str] | None = None
    sizes: Sizes = Sizes(dev=200, test=0)
    training: TrainingSettings = TrainingSettings()
    prefix_lm: bool = True
    batch_tokens: int = 4096
    lang: str = "en"

    def chosen(self) -> Sequence[str]:
        """The systems to compare. ValueError: one of them is unknown (E920)."""
        if self.systems is None:
            fits = self.training.base == DEFAULT_BASE and self.prefix_lm
            return [
                name
                for name, row in ROWS.items()
                if fits or row.trained != FROM_SHIPPED
            ]
        for name in self.systems:
            if name not in ROWS:
                raise ValueError(Errors.E920.format(name=name, known=", ".join(ROWS)))
        return self.systems


@dataclass(frozen=True, slots=True)
class Accuracy:
    """What a system found in the test texts.

    train, test: texts that it learned from, and that it was scored on.
    count_threshold: that a calibrated one was read with.
    strings: the paper's micro F; spans: exact ones, as `spacy evaluate` counts them.
    """

    train: int
    test: int
    strings: Prf
    spans: Prf
    spans_per_label: Mapping[str, Prf]
    count_threshold: float | None = None


@dataclass(slots=True)
class AccuracyTable:
    """A run. say: prints a line. results: set → system → what it found."""

    settings: AccuracySettings
    say: Callable[[str], None] = print
    results: dict[str, dict[str, Accuracy]] = field(default_factory=dict)
    titles: dict[str, str] = field(default_factory=dict)

    def run(self) -> None:
        """Train what is not trained yet with these settings, and score all of it.

        ValueError: an unknown system (E920), or a set without its files (E921, E922).
        """
        settings = self.settings
        systems = settings.chosen()
        for name in settings.sets:
            folder = settings.work / name / "corpus"
            corpus = prepare(
                name, settings.data, folder, settings.sizes, lang=settings.lang
            )
            self.titles[name] = corpus.title
            self.results[name] = {}
            for system in systems:
                found = self._accuracy(corpus, system)
                self.results[name][system] = found
                f = 100 * found.spans["f"]
                self.say(f"{corpus.title}, {ROWS[system].title}: F of spans {f:.1f}")

    def _accuracy(self, corpus: BenchmarkCorpus, system: str) -> Accuracy:
        settings, row = self.settings, ROWS[system]
        folder = settings.work / corpus.name / row.trained
        pipeline = self._pipeline(corpus, row.trained, folder)
        asked = {
            "test": asdict(settings.sizes),
            "device": settings.training.device,
            "trained": trained_at(pipeline),
        }
        note = folder / ("calibrated.json" if row.calibrated else "scores.json")
        scores = kept(note, asked)
        if scores is None:
            scores = self._score(corpus, row, pipeline)
            keep(note, asked, scores)
        n_train, n_test = (len(corpus.docs(split)) for split in ("train", "test"))
        return Accuracy(n_train, n_test, **scores)

    def _pipeline(self, corpus: BenchmarkCorpus, trained: str, folder: Path) -> Path:
        """Train, unless it was done before."""
        training = self.settings.training
        if trained == SPACY_NER:
            config = spacy_ner_config(
                corpus.folder, lang=corpus.lang, seed=training.seed
            )
            return train_system(config, folder, best=True)
        shipped = trained == FROM_SHIPPED
        format = FORMATS["padellm" if shipped else trained]
        config = training_config(
            {**format, "prefix_lm": self.settings.prefix_lm},
            corpus.labels,
            corpus.folder,
            training,
            lang=corpus.lang,
            adapter=shipped_for(corpus.lang) if shipped else None,
        )
        config["corpora"]["dev"]["limit"] = DEV_TEXTS
        return train_system(config, folder)

    def _score(
        self, corpus: BenchmarkCorpus, row: Row, pipeline: Path
    ) -> dict[str, Any]:
        """Scores of a saved pipeline, in `Accuracy`'s names."""
        gold = corpus.docs("test")
        if row.trained == SPACY_NER:
            return score_spacy_ner(pipeline, gold)
        settings = self.settings
        nlp = spacy.load(
            pipeline, config={"components.padellm_ner.model.dtype": "auto"}
        )
        ner = nlp.get_pipe("padellm_ner")
        if row.calibrated:
            calibrate(nlp, corpus.docs("dev"))
        reader = packed(ner, [settings.training.device])
        readings: list[Reading] = reader.read(gold, settings.batch_tokens)
        scores = score(gold, readings, corpus.labels)
        found = {key: scores[key] for key in ("strings", "spans", "spans_per_label")}
        if row.calibrated:
            found["count_threshold"] = ner.format.count_threshold
        return found


def calibrate(nlp: Language, gold: Sequence[Doc]) -> None:
    """Give padellm_ner the `count_threshold` that is best on these docs."""
    ner = nlp.get_pipe("padellm_ner")
    examples = [Example(without_annotation(doc, nlp.vocab), doc) for doc in gold]
    best = best_of(list(try_thresholds(nlp, ner, examples)))
    ner.format = replace(ner.format, count_threshold=best.threshold)


def score_spacy_ner(pipeline: Path, gold: Sequence[Doc]) -> dict[str, Any]:
    """The same of any saved pipeline that writes `doc.ents`."""
    nlp = spacy.load(pipeline)
    found = list(nlp.pipe(without_annotation(doc, nlp.vocab) for doc in gold))
    spans = score_spans(map(_places, gold), map(_places, found))
    strings = score_strings(map(_strings, gold), map(_strings, found))
    return {
        "strings": strings.micro.to_dict(),
        "spans": spans.micro.to_dict(),
        "spans_per_label": {k: prf.to_dict() for k, prf in spans.per_label.items()},
    }


def page(
    results: Mapping[str, Mapping[str, Accuracy]], titles: Mapping[str, str]
) -> str:
    """Tables in Markdown: F of strings above the paper's figures, and F of spans.

    results: set → system → what it found. titles: set → the paper's name for it.
    """
    systems = dict.fromkeys(name for found in results.values() for name in found)
    published = {
        f"{ROWS[system].title}, 7B, published": figures
        for system in systems
        if (figures := percents(paper.F1.get(system, {}), titles))
    }
    strings, spans = (
        {
            ROWS[system].title: {
                name: 100 * getattr(found[system], kind)["f"]
                for name, found in results.items()
                if system in found
            }
            for system in systems
        }
        for kind in ("strings", "spans")
    )
    sizes = "".join(
        f"- {titles[name]}: {one.train:,} training texts, {one.test:,} test texts\n"
        for name, found in results.items()
        for one in list(found.values())[:1]
    )
    tables = (
        f_table("F of strings", titles, {**strings, **published}),
        f_table("F of spans", titles, spans),
    )
    return "\n".join((*tables, sizes))


def _places(doc: Doc) -> list[tuple[int, int, str]]:
    return [(ent.start_char, ent.end_char, ent.label_) for ent in doc.ents]


def _strings(doc: Doc) -> dict[str, list[str]]:
    return strings_by_label(doc.ents)
