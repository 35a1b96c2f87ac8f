"""PaDeLLM-Multi on real devices: the sequences of a text are spread over replicas.

The paper gives every sequence its own GPU, and simulates that on one GPU. This engine
uses as many devices as you have.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import ExitStack, contextmanager

from spacy_padellm.adapters.adapted import AdaptedLM
from spacy_padellm.adapters.shared_base import SharedBase
from spacy_padellm.bases.devices import resolve_device, resolve_dtype
from spacy_padellm.bases.tokenizer import PlainTokenizer
from spacy_padellm.bases.weights import resolve_base
from spacy_padellm.engines.base import Engine, Session
from spacy_padellm.engines.packed import PackedEngine
from spacy_padellm.engines.usage import Usage
from spacy_padellm.model.shim import CausalLMShim
from spacy_padellm.trees.branch import Branch, Completion
from spacy_padellm.types import PromptTokenizer

from ..errors import Errors


class ReplicaEngine:
    """Several engines with the same model. They write what one of them would write.

    Each engine needs its own copy of the base, see `replicate`.

    ValueError (E610): there are no engines.
    """

    def __init__(self, engines: Sequence[Engine]) -> None:
        if not engines:
            raise ValueError(Errors.E610)
        self.engines = tuple(engines)

    @property
    def tokenizer(self) -> PromptTokenizer:
        return self.engines[0].tokenizer

    @property
    def usage(self) -> Usage:
        """The sum of what all engines have done."""
        total = Usage()
        for engine in self.engines:
            total.add(engine.usage)
        return total

    @contextmanager
    def session(self, n_texts: int) -> Iterator["ReplicaSession"]:
        with ExitStack() as opened:
            sessions = [
                opened.enter_context(engine.session(n_texts)) for engine in self.engines
            ]
            # entered last, so that the threads end before the sessions do
            threads = opened.enter_context(ThreadPoolExecutor(len(sessions)))
            yield ReplicaSession(sessions, threads)


class ReplicaSession:
    """One session per engine; each is open for all texts."""

    def __init__(
        self, sessions: Sequence[Session], threads: ThreadPoolExecutor
    ) -> None:
        self.sessions = sessions
        self.threads = threads

    def complete(self, branches: Sequence[Sequence[Branch]]) -> list[list[Completion]]:
        """Complete branches. An error in one replica is raised after all have ended."""
        n = len(self.sessions)
        # Text t starts at replica t, so texts with a single branch are spread as well.
        shares = [
            [row[(replica - text) % n :: n] for text, row in enumerate(branches)]
            for replica in range(n)
        ]
        running = [
            self.threads.submit(session.complete, share)
            for session, share in zip(self.sessions, shares, strict=True)
            if any(share)
        ]
        wait(running)
        answers = iter(running)
        completed = [
            next(answers).result() if any(share) else [() for _ in share]
            for share in shares
        ]
        rows: list[list[Completion]] = []
        for text, row in enumerate(branches):
            parts = [iter(completed[(text + at) % n][text]) for at in range(n)]
            rows.append([next(parts[place % n]) for place in range(len(row))])
        return rows


def replicate(shim: CausalLMShim, devices: Sequence[str]) -> list[PackedEngine]:
    """Create an engine for each device, with a component's base and adapter.

    devices: such as "cuda:0", "cuda:1", "cpu". If a device is named twice, it holds two
        copies of the base: adapters on one base take turns, which threads cannot do.
    """
    settings = shim.settings
    folder = resolve_base(settings.base, settings.revision)
    adapter = shim.adapter(format="", labels={})
    engines: list[PackedEngine] = []
    taken: set[str] = set()
    for device in map(resolve_device, devices):
        needs_own_base = adapter is not None and adapter.needs_own_base
        base = SharedBase.open(
            folder,
            device=device,
            dtype=resolve_dtype(settings.dtype, device),
            trust_remote_code=settings.trust_remote_code,
            private=device in taken or needs_own_base,
        )
        taken.add(device)
        if adapter is None:
            lm = AdaptedLM.plain(base)
        else:
            lm = AdaptedLM.loaded(base, adapter, source="of the component")
        engines.append(PackedEngine(lm, PlainTokenizer(base.tokenizer)))
    return engines
