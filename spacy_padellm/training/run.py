"""A training from its first step to its last, or from where it was interrupted."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from pathlib import Path
from time import perf_counter
from typing import Any, Protocol

import torch

from ..errors import Errors
from .checkpoint import FILE, load_checkpoint, replace_adapter, save_checkpoint
from .dev_set import DevScore
from .opening import open_model
from .prepared import Prepared
from .table import ScoreTable
from .trainer import Trainer

BEST, LAST = "adapter-best", "adapter-last"
# Microbatches of a GPU: halved where its memory does not suffice.
GPU_BATCH_TOKENS = 16384


class Progress(Protocol):
    """A progress bar, as tqdm's."""

    def update(self, n: int = 1) -> Any: ...


@dataclass(frozen=True, slots=True)
class RunOptions:
    """folder: what `prepare` has written.
    output: gets the adapters and the checkpoint.
    base: see `open_model`.
    batch_tokens: padded tokens in a microbatch; None is the config's, or more on a GPU.
    save_every: steps from one checkpoint to the next, beside those after each look at
        the dev set.
    resume: go on from the checkpoint.
    """

    folder: Path
    output: Path
    base: str | None = None
    device: str = "auto"
    batch_tokens: int | None = None
    save_every: int | None = None
    resume: bool = False


class Run:
    """Trains, scores the averages every `eval_frequency` steps, and saves them.

    done: steps taken.
    scores: of the dev set, with the number of the step before each.
    """

    def __init__(self, options: RunOptions, say: Callable[[str], None]) -> None:
        if not options.resume and (options.output / FILE).is_file():
            raise ValueError(Errors.E882.format(path=options.output))
        self.options = options
        self.say = say
        self.prepared = Prepared.read(options.folder)
        self.opened = open_model(
            self.prepared, options.base, options.device, folder=options.folder
        )
        self._check_lengths()
        self._identity = {
            "prepared data": self.prepared.digest(),
            "base": self.opened.card.fingerprint,
        }
        self.trainer = Trainer(
            self.prepared,
            self.opened,
            train_batch_tokens=self._batch_tokens(),
            say=say,
        )
        self.done = 0
        self._saved: int | None = None
        self.scores: list[tuple[int, DevScore]] = []
        if options.resume:
            self._resume()

    def train(
        self, progress: Callable[[int, int], AbstractContextManager[Progress]]
    ) -> None:
        """Take the steps that are left.

        progress: given the steps in all and those done, a progress bar.
        """
        steps, settings = len(self.prepared.steps), self.prepared.settings
        save_every = self.options.save_every
        table = ScoreTable(self.say)
        with progress(steps, self.done) as bar:
            while self.done < steps and not self._is_out_of_patience():
                start, before = perf_counter(), self.trainer.tokens
                loss = self.trainer.step(self.done)
                table.add(loss, self.trainer.tokens - before, perf_counter() - start)
                self.done += 1
                bar.update()
                if (self.done - 1) % settings.eval_frequency == 0:
                    self._score(table)
                    self._save()
                elif save_every and self.done % save_every == 0:
                    self._save()
        if self._saved != self.done:
            self._save()

    def peak_memory(self) -> int | None:
        """Bytes of the GPU that were in use at most; None on a CPU."""
        device = self.opened.lm.device
        if device.type != "cuda":
            return None
        return torch.cuda.max_memory_allocated(device)

    def _score(self, table: ScoreTable) -> None:
        number, score = self.done - 1, self.trainer.score()
        table.row(number, score)
        best = max((one.key for _, one in self.scores), default=score.key)
        self.scores.append((number, score))
        if score.key >= best:
            replace_adapter(self.options.output / BEST, self.trainer.adapter())

    def _save(self) -> None:
        replace_adapter(self.options.output / LAST, self.trainer.adapter())
        save_checkpoint(
            self.options.output,
            {
                **self._identity,
                "done": self.done,
                "scores": [(number, asdict(score)) for number, score in self.scores],
                "trainer": self.trainer.state(),
            },
        )
        self._saved = self.done

    def _resume(self) -> None:
        output = self.options.output
        state = load_checkpoint(output)
        if state is None:
            self.say(f"No checkpoint in {output}: starting from the beginning.")
            return
        for name, value in self._identity.items():
            if state.get(name) != value:
                raise ValueError(Errors.E884.format(path=output / FILE, what=name))
        self.trainer.load_state(state["trainer"])
        self.done = state["done"]
        self.scores = [(number, DevScore(**one)) for number, one in state["scores"]]
        self.say(f"Going on after {self.done:,} of {len(self.prepared.steps):,} steps.")

    def _batch_tokens(self) -> int:
        if self.options.batch_tokens is not None:
            return self.options.batch_tokens
        configured = self.prepared.settings.train_batch_tokens
        is_gpu = self.opened.lm.device.type == "cuda"
        return max(configured, GPU_BATCH_TOKENS) if is_gpu else configured

    def _is_out_of_patience(self) -> bool:
        """As in spaCy: of equal scores, the earliest counts."""
        patience = self.prepared.settings.patience
        if not patience or not self.scores:
            return False
        _, best = max((score.key, -number) for number, score in self.scores)
        return self.done - 1 + best >= patience

    def _check_lengths(self) -> None:
        """ValueError (E885): a text is too long for the base."""
        most = self.opened.lm.context_length
        for split, gold in (
            ("training", self.prepared.train),
            ("dev", self.prepared.dev),
        ):
            for tree, doc in zip(gold.trees, gold.docs, strict=True):
                needed = int(tree.positions.max()) + 1
                if needed > most:
                    begin = self.opened.tokenizer.decode(tree.ids[:20].tolist())
                    raise ValueError(
                        Errors.E885.format(
                            split=split,
                            doc=doc,
                            begin=begin,
                            needed=needed,
                            most=most,
                        )
                    )
