"""All systems on all data sets; finished steps are not repeated."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from ..data.corpus import BenchmarkCorpus, Sizes, prepare
from ..machine.environment import describe_machine
from ..measuring.measurement import Measurement, measure
from ..results_cache import cached
from ..systems.registry import SYSTEMS, LoadOptions, check_vllm, get_systems
from ..training.configs import TrainingSettings, padellm_config
from ..training.formats import FORMATS
from ..training.train import load_component, train_pipeline, trained_at
from ..workspace import SetFolder

Results = dict[str, dict[str, Measurement]]  # set → system → measurement


@dataclass(frozen=True, slots=True)
class BenchmarkSettings:
    """What to compare.

    data: a folder with one folder for each set. Its files are named train.*, dev.* and
        test.*, in any format that `convert` reads.
    work: the folder for corpora, trained pipelines and results.
    batch_tokens: batch sizes to try, in padded tokens of texts.
    devices: the first is for all systems; several are replicas for PaDeLLM-Multi.
    """

    data: Path
    work: Path
    sets: Sequence[str]
    systems: Sequence[str]
    sizes: Sizes = Sizes()
    training: TrainingSettings = TrainingSettings()
    batch_tokens: Sequence[int] = (512, 1024, 2048, 4096)
    devices: Sequence[str] = ("auto",)
    lang: str = "en"


@dataclass(slots=True)
class Benchmark:
    """A run. `say` prints a line; `progress` shows progress, as tqdm does."""

    settings: BenchmarkSettings
    say: Callable[[str], None] = print
    progress: Callable[[Iterable, str], Iterable] = lambda items, title: items
    results: Results = field(default_factory=dict)
    corpora: dict[str, BenchmarkCorpus] = field(default_factory=dict)

    def run(self) -> None:
        """Train all adapters, and then measure all systems.

        ValueError: there is no such system (E611), set (E613) or split (E612), or vLLM
        is not installed (E617).
        """
        settings = self.settings
        systems = get_systems(settings.systems)
        if any(system.uses_vllm for system in systems.values()):
            check_vllm(LoadOptions().vllm)
        for name in settings.sets:
            folder = SetFolder(settings.work, name)
            self.corpora[name] = corpus = prepare(
                name, settings.data, folder.corpus, settings.sizes, lang=settings.lang
            )
            if corpus.skipped:
                self.say(f"{name}: {corpus.skipped} problems while reading its files")
            for format in dict.fromkeys(system.format for system in systems.values()):
                self._train(corpus, format)
        for name, corpus in self.corpora.items():
            self.results[name] = {
                system: self._measure(corpus, system) for system in systems
            }

    def to_dict(self) -> dict[str, Any]:
        """The settings and results as JSON."""
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

    def _train(self, corpus: BenchmarkCorpus, format: str) -> Path:
        config = padellm_config(
            FORMATS[format],
            corpus.labels,
            corpus.folder,
            self.settings.training,
            lang=corpus.lang,
        )
        folder = SetFolder(self.settings.work, corpus.name)
        return train_pipeline(config, folder.training(format))

    def _measure(self, corpus: BenchmarkCorpus, name: str) -> Measurement:
        settings, system = self.settings, SYSTEMS[name]
        folder = SetFolder(settings.work, corpus.name)
        pipeline = self._train(corpus, system.format)

        def run() -> dict[str, Any]:
            self.say(f"{corpus.title}: {system.title}")
            ner = load_component(pipeline, device=settings.devices[0])
            options = LoadOptions(settings.devices, checkpoints=folder.merged)
            with system.load(ner, options) as loaded:
                measurement = measure(
                    system.title,
                    loaded,
                    corpus.docs("test"),
                    batch_tokens=() if system.one_by_one else settings.batch_tokens,
                    progress=self.progress,
                )
            return asdict(measurement)

        depends_on = {
            "test": asdict(settings.sizes),
            "batch_tokens": list(settings.batch_tokens),
            "devices": list(settings.devices),
            "trained": trained_at(pipeline),
        }
        return Measurement.from_json(cached(folder.result(name), depends_on, run))
