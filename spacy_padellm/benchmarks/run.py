"""All systems on all sets, in turn; what is done is kept, so that a run goes on where
it was interrupted."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import spacy

from .corpus import BenchmarkCorpus, Sizes, prepare
from .keeping import keep, kept, trained_at
from .machine import describe_machine
from .measure import Measurement, measure
from .systems import FORMATS, SYSTEMS, get_systems
from .training import TrainingSettings, train_system, training_config

Results = dict[str, dict[str, Measurement]]  # set → system → what it did


@dataclass(frozen=True, slots=True)
class BenchmarkSettings:
    """What to compare, on what.

    data: a folder with a folder for each set, in which files are called train.*,
        dev.* and test.*, in any format of `convert`.
    work: where corpora, trained pipelines and measurements are kept.
    batch_tokens: batch sizes to try, in padded tokens of texts.
    devices: several for PaDeLLM-Multi on real replicas; the first is everyone's.
    """

    data: Path
    work: Path
    sets: Sequence[str] = ("conll03",)
    systems: Sequence[str] = tuple(SYSTEMS)
    sizes: Sizes = Sizes()
    training: TrainingSettings = TrainingSettings()
    batch_tokens: Sequence[int] = (512, 1024, 2048, 4096)
    devices: Sequence[str] = ("auto",)
    lang: str = "en"


@dataclass(slots=True)
class Benchmark:
    """A run. say: prints a line. progress: wraps what is gone through, as tqdm does."""

    settings: BenchmarkSettings
    say: Callable[[str], None] = print
    progress: Callable[[Iterable, str], Iterable] = lambda items, title: items
    results: Results = field(default_factory=dict)
    corpora: dict[str, BenchmarkCorpus] = field(default_factory=dict)

    def run(self) -> None:
        settings = self.settings
        systems = get_systems(settings.systems)
        for name in settings.sets:
            folder = settings.work / name
            self.corpora[name] = corpus = prepare(
                name,
                settings.data,
                folder / "corpus",
                settings.sizes,
                lang=settings.lang,
            )
            if corpus.skipped:
                self.say(f"{name}: {corpus.skipped} problems while reading its files")
            for format in dict.fromkeys(system.format for system in systems.values()):
                self._pipeline(corpus, format)
        # measured when all is trained: nothing else runs then
        for name, corpus in self.corpora.items():
            self.results[name] = {
                system: self._measure(corpus, system) for system in systems
            }

    def to_dict(self) -> dict[str, Any]:
        """All of it as JSON can hold it."""
        settings = self.settings
        return {
            "machine": describe_machine(),
            "base": settings.training.base,
            "passes": settings.training.passes,
            "sizes": asdict(settings.sizes),
            "sets": {
                name: {system: asdict(done) for system, done in measured.items()}
                for name, measured in self.results.items()
            },
        }

    def _pipeline(self, corpus: BenchmarkCorpus, format: str) -> Path:
        config = training_config(
            FORMATS[format],
            corpus.labels,
            corpus.folder,
            self.settings.training,
            lang=corpus.lang,
        )
        folder = self.settings.work / corpus.name / "training" / format
        return train_system(config, folder)

    def _measure(self, corpus: BenchmarkCorpus, name: str) -> Measurement:
        """Measure, or take what an interrupted run of the same settings has left."""
        system = SYSTEMS[name]
        pipeline = self._pipeline(corpus, system.format)
        settings = self.settings
        asked = {
            "test": asdict(settings.sizes),
            "batch_tokens": list(settings.batch_tokens),
            "devices": list(settings.devices),
            "trained": trained_at(pipeline),
        }
        note = settings.work / corpus.name / "measured" / f"{name}.json"
        left = kept(note, asked)
        if left is not None:
            self.say(f"{corpus.title}: {system.title} was measured before")
            return _measurement(left)
        self.say(f"{corpus.title}: {system.title}")
        device = settings.devices[0]
        ner = spacy.load(
            pipeline, config={"components.padellm_ner.model.device": device}
        ).get_pipe("padellm_ner")
        measured = measure(
            system,
            system.reader(ner, settings.devices),
            corpus.docs("test"),
            corpus.labels,
            batch_tokens=settings.batch_tokens,
            progress=self.progress,
        )
        keep(note, asked, asdict(measured))
        return measured


def _measurement(saved: dict[str, Any]) -> Measurement:
    throughputs = {int(size): value for size, value in saved["throughputs"].items()}
    return Measurement(**{**saved, "throughputs": throughputs})
