"""Our engine against its peers: the official algorithm, `generate`, and vLLM."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from spacy.tokens import Doc

from ..machine.environment import describe_machine
from ..machine.model_size import model_size
from ..machine.peak import matrix_rate
from ..measuring.alternating import Runs, alternate, warm_up
from ..measuring.scores import score_predictions
from ..measuring.statistics import Ratio, share_of_peak
from ..systems.loaded import LoadedSystem
from ..systems.registry import SYSTEMS, LoadOptions, check_vllm, get_systems
from ..systems.usage import per_doc
from ..training.train import load_component
from ..workspace import SetFolder

# Our system → peer → how many times as fast ours should be on two cores: one document
# at a time, and all documents at once.
GOALS: dict[str, dict[str, tuple[float, float | None]]] = {
    "padellm_batch": {
        "official": (4, 6),
        "official_template": (6, 10),
        "struct_generate": (4, None),
        "aug_generate": (9, None),
        "struct_vllm": (4, 2.5),
        "aug_vllm": (7, 4),
        "padellm_vllm": (5, 7),
    },
    "pointer": {"official_template": (12, 20), "struct_vllm": (7, 2.5)},
}
OURS = tuple(GOALS)
FIRST = OURS[0]  # is always measured


@dataclass(frozen=True, slots=True)
class PeersSettings:
    """What to compare.

    systems: keys of `SYSTEMS`, beside FIRST. None is all of `GOALS` that can run here.
    alone: documents that are read one at a time. docs: documents of a round.
    dtype: the numbers that all systems compute in. our_dtype: those of our engine.
    batch_tokens: padded tokens in a batch of texts.
    """

    folder: SetFolder
    systems: Sequence[str] | None
    alone: int
    docs: int
    rounds: int
    device: str
    dtype: str
    our_dtype: str
    batch_tokens: int
    vllm: Path
    vllm_eager: bool

    def pipelines(self, say: Callable[[str], None]) -> dict[str, Path]:
        """System → its pipeline, FIRST at first.

        ValueError: there is no such system (E611), its pipeline is not trained (E616),
        or vLLM is not installed (E617).
        """
        found = {FIRST: self._pipeline(FIRST)}
        if self.systems is not None:
            return found | {name: self._pipeline(name) for name in self.systems}
        for name in (*OURS[1:], *GOALS[FIRST]):
            try:
                found[name] = self._pipeline(name)
            except ValueError as error:
                say(f"left out: {SYSTEMS[name].title}. {error}")
        return found

    def _pipeline(self, name: str) -> Path:
        system = get_systems([name])[name]
        if system.uses_vllm:
            check_vllm(self.vllm)
        return self.folder.pipeline(system.format)


def compare(
    settings: PeersSettings,
    say: Callable[[str], None],
    progress: Callable[[Iterable, str], Iterable],
) -> dict[str, Any]:
    """Measure all systems in alternating runs, and return the results as JSON.

    say: prints a line. progress: shows progress, as tqdm does.
    """
    pipelines = settings.pipelines(say)
    options = LoadOptions(
        devices=(settings.device,),
        vllm=settings.vllm,
        vllm_eager=settings.vllm_eager,
        vllm_dtype=settings.dtype,
        checkpoints=settings.folder.merged,
    )
    with ExitStack() as opened:
        systems: dict[str, LoadedSystem] = {}
        for name, pipeline in pipelines.items():
            say(f"loading {SYSTEMS[name].title}")
            dtype = settings.our_dtype if name in OURS else settings.dtype
            ner = load_component(pipeline, device=settings.device, dtype=dtype)
            loaded = SYSTEMS[name].load(ner, options)
            systems[name] = opened.enter_context(loaded)
        vocab = systems[FIRST].ner.vocab
        together = settings.folder.test_docs(vocab, settings.docs)
        alone = together[: settings.alone]
        warm_up(systems.values(), together)
        singles = progress([[doc] for doc in alone], "one document at a time")
        alone_runs = alternate(systems, singles, 1)
        peaks: list[float] = []
        rounds = _rounds(systems[FIRST], together, settings.rounds, peaks, progress)
        rounds_runs = alternate(systems, rounds, settings.batch_tokens)
        run = _results(systems, alone, together, alone_runs, rounds_runs, peaks)
    return run | {"dtype": settings.dtype, "our_dtype": settings.our_dtype}


def _rounds(
    ours: LoadedSystem,
    docs: Sequence[Doc],
    rounds: int,
    peaks: list[float],
    progress: Callable[[Iterable, str], Iterable],
) -> Iterator[Sequence[Doc]]:
    """Yield the documents once per round, and measure the machine's peak before."""
    model = ours.shim.lm.base.model
    for _ in progress(range(rounds), "all documents at once"):
        peaks.append(matrix_rate(model.device, model.dtype))
        yield docs


def _results(
    systems: Mapping[str, LoadedSystem],
    alone: Sequence[Doc],
    together: Sequence[Doc],
    alone_runs: Mapping[str, Runs],
    rounds_runs: Mapping[str, Runs],
    peaks: Sequence[float],
) -> dict[str, Any]:
    ours = [name for name in OURS if name in systems]
    results = {}
    for name, system in systems.items():
        singles, rounds = alone_runs[name], rounds_runs[name]
        scores = score_predictions(alone, singles.predictions, system.labels)
        results[name] = {
            "title": SYSTEMS[name].title,
            "latencies_ms": [1000 * seconds for seconds in singles.seconds],
            "docs_a_second": [len(together) / seconds for seconds in rounds.seconds],
            "alone": per_doc(singles.usage, len(alone)),
            "together": per_doc(rounds.usage, len(together) * len(rounds.seconds)),
            "f": scores["strings"]["f"],
            "against": {
                our: {
                    "latency": _ratio(singles, alone_runs[our]),
                    "throughput": _ratio(rounds, rounds_runs[our]),
                    "goals": GOALS[our].get(name),
                }
                for our in ours
                if our != name
            },
        }
        if system.vllm is not None:
            results[name]["version"] = system.vllm.name
            results[name]["peak_mb"] = system.vllm.peak_mb
    return {
        "machine": describe_machine(),
        "systems": results,
        "peak_gflops": [peak / 1e9 for peak in peaks],
        "ours": {
            our: _efficiency(systems[our], rounds_runs[our], peaks) for our in ours
        },
    }


def _ratio(theirs: Runs, ours: Runs) -> dict[str, float]:
    return asdict(Ratio.of(theirs.seconds, ours.seconds))


def _efficiency(
    system: LoadedSystem, rounds: Runs, peaks: Sequence[float]
) -> dict[str, float]:
    """How well one of our systems fills the machine with all documents at once."""
    used = rounds.usage
    size = model_size(system.shim.lm.base.model)
    operations = size.operations(used.tokens, used.generated) / len(rounds.seconds)
    return {
        "share_of_peak": share_of_peak(operations, rounds.seconds, peaks),
        "padded_over_real": used.padded / used.tokens,
        "attended_over_real": used.attended / used.tokens,
        "passes_a_batch": used.passes / used.sessions,
    }
