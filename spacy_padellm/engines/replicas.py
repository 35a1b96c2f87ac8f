"""PaDeLLM-Multi: the sequences of a text spread over several devices.

The paper gives every sequence a GPU of its own and simulates it on one. This is the
thing itself, for as many devices as there are.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from ..errors import Errors
from .base import Branch, Completion, Engine, Session

if TYPE_CHECKING:
    from ..models.shim import CausalLMShim
    from .transformers import TransformersEngine


class ReplicaEngine:
    """Several engines with one model: what is written is what one of them would write.

    No two of the engines may compute with the same base, see `replicate`.
    """

    def __init__(self, engines: Sequence[Engine]) -> None:
        if not engines:
            raise ValueError(Errors.E610)
        self.engines = tuple(engines)

    @contextmanager
    def session(self, n_texts: int) -> Iterator["ReplicaSession"]:
        with ExitStack() as opened:
            sessions = [
                opened.enter_context(engine.session(n_texts)) for engine in self.engines
            ]
            # the threads end before the sessions do
            threads = opened.enter_context(ThreadPoolExecutor(len(sessions)))
            yield ReplicaSession(sessions, threads)


class ReplicaSession:
    """A session of each engine for all texts; an engine reads the texts it is asked
    about."""

    def __init__(
        self, sessions: Sequence[Session], threads: ThreadPoolExecutor
    ) -> None:
        self.sessions = sessions
        self.threads = threads

    def complete(self, branches: Sequence[Sequence[Branch]]) -> list[list[Completion]]:
        """Raises what a replica raises, once all of them are at rest."""
        n = len(self.sessions)
        # Text t begins at replica t: texts with one branch each are spread as well.
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


def replicate(
    shim: "CausalLMShim", devices: Sequence[str]
) -> "list[TransformersEngine]":
    """An engine for each device, with the base and adapter of a component's model.

    devices: "cuda:0", "cuda:1", "cpu". A device that is named twice holds two copies of
        the base: adapters take turns on a base, and turns are no matter for threads.
    """
    from ..models.devices import resolve_device, resolve_dtype
    from ..models.lora import AdaptedLM
    from ..models.shared_base import SharedBase
    from ..models.tokenizer import PlainTokenizer
    from ..models.weights import resolve_base
    from .transformers import TransformersEngine

    settings = shim.settings
    folder = resolve_base(settings.base, settings.revision)
    adapter = shim.adapter(format="", labels={})
    engines: list[TransformersEngine] = []
    taken = set()
    for device in map(resolve_device, devices):
        options = {
            "device": device,
            "dtype": resolve_dtype(settings.dtype, device),
            "trust_remote_code": settings.trust_remote_code,
        }
        alone = device in taken or (adapter is not None and adapter.replaces_layers)
        base = SharedBase.open(folder, **options, alone=alone)
        taken.add(device)
        if adapter is None:
            lm = AdaptedLM.plain(base)
        else:
            lm = AdaptedLM.loaded(
                base, adapter.config, adapter.weights, source="of the component"
            )
        engines.append(TransformersEngine(lm, PlainTokenizer(base.tokenizer)))
    return engines
