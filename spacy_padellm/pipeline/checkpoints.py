"""Checkpoints of `spacy train`, and going on from them after a crash.

spaCy's training loop cannot begin in the middle. So a resumed training goes through all
steps from the first, but up to the checkpoint the component computes nothing: it
answers with the losses and scores of its record. spaCy draws the same batches
meanwhile, advances its schedules and counts its steps. At the checkpoint, the
parameters, moments, averages and random numbers are loaded, and training goes on as if
it had not been interrupted.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spacy.language import Language
from wasabi import msg

from ..errors import Errors
from ..model.shim import causal_lm_shim
from ..settings import check_flags, check_positive
from .language import component_names
from .record import Replay, TrainingRecord

if TYPE_CHECKING:
    import torch

# These may differ between a training and the one that goes on from its checkpoint: they
# only say when it ends, which must not be before the checkpoint.
ENDS = ("max_steps", "max_epochs", "patience")


def build_checkpoints_v1(
    *, path: str | None = None, every: int = 100, resume: bool = False
) -> "Checkpoints":
    """Checkpoints of `spacy train`, as its `before_update`.

    path: the folder for checkpoint.pt, which holds about five times the adapter's size.
        Null writes none.
    every: steps from one checkpoint to the next.
    resume: go on from the checkpoint in `path`. Without one, training starts from the
        beginning. Else a checkpoint that is there is replaced.
    """
    check_positive(every=every)
    check_flags(resume=resume)
    return Checkpoints(None if path is None else Path(path), every, resume)


class Checkpoints:
    """Called before each step. See `build_checkpoints_v1`."""

    def __init__(self, folder: Path | None, every: int, resume: bool) -> None:
        self.folder = folder
        self.every = every
        self.resume = resume
        self._replayed: dict[str, Any] | None = None
        self._n_evaluated = 0
        self._best_score: float | None = None
        self._best: dict[str, dict[str, torch.Tensor]] = {}

    def __call__(self, nlp: Language, step: Mapping[str, int]) -> None:
        if self.folder is None or not _trained(nlp):
            return
        number = step["step"]
        if number == 0:
            self._start(nlp)
        if self._replayed is not None:
            if number == self._replayed["step"]:
                self._go_on(nlp)
            return
        self._keep_best(nlp)
        if number and number % self.every == 0:
            self._save(nlp, number, step["epoch"])

    def _start(self, nlp: Language) -> None:
        self._replayed, self._best_score, self._best = None, None, {}
        self._n_evaluated = 0
        state = self._load(nlp) if self.resume else None
        for name, ner in _trained(nlp).items():
            ner.record = TrainingRecord()
            if state is not None:
                part = state["components"][name]
                record = TrainingRecord(**part["record"])
                ner.replay = Replay(record, str(self.folder))
                if part["best"]:  # spaCy saves it again, as its output folder is empty
                    causal_lm_shim(ner.model).trainer.set_values(part["best"])
        self._replayed = state
        if state is not None:
            msg.info(f"Replaying {state['step']:,} steps up to the checkpoint")

    def _load(self, nlp: Language) -> dict[str, Any] | None:
        # imported when needed, as it imports torch
        from ..training.checkpoint import load_checkpoint

        state = load_checkpoint(self.folder)
        if state is None:
            msg.info(f"No checkpoint in {self.folder}: training starts from step 0")
            return None
        if later := _writes_entities_later(nlp):
            name = list(state["components"])[-1]
            raise ValueError(Errors.E650.format(later=later, name=name))
        what = ""
        if state["config"] != _config_digest(nlp):
            what = "its config is not that of this one"
        elif _labels(nlp) != {
            name: [*part["labels"].items()]
            for name, part in state["components"].items()
        }:
            what = "its labels, or their names, are not those of this one"
        if what:
            raise ValueError(Errors.E646.format(path=self.folder, what=what))
        if setting := _ends_earlier(nlp, state):
            message = {"setting": setting, "step": state["step"]}
            raise ValueError(Errors.E649.format(path=self.folder, **message))
        return state

    def _go_on(self, nlp: Language) -> None:
        """Leave the replay: from now on, the components train."""
        state, self._replayed = self._replayed, None
        for name, ner in _trained(nlp).items():
            part = state["components"][name]
            ner.record, ner.replay = ner.replay.end(), None
            causal_lm_shim(ner.model).trainer.load_state(part["trainer"])
            self._best[name] = part["best"]
            self._n_evaluated = len(ner.record.scores)
        self._best_score = state["best_score"]
        msg.info(f"Going on from step {state['step']:,}")

    def _keep_best(self, nlp: Language) -> None:
        """After an evaluation, keep the adapters that spaCy has saved as model-best."""
        trained = _trained(nlp)
        evaluated = max(len(ner.record.scores) for ner in trained.values())
        if evaluated == self._n_evaluated:
            return
        self._n_evaluated = evaluated
        score = _main_score(nlp)
        if self._best_score is None or score >= self._best_score:
            self._best_score = score
            for name, ner in trained.items():
                self._best[name] = causal_lm_shim(ner.model).trainer.averages()

    def _save(self, nlp: Language, step: int, epoch: int) -> None:
        from ..training.checkpoint import save_checkpoint

        components = {
            name: {
                "trainer": causal_lm_shim(ner.model).trainer.state(),
                "record": ner.record.to_dict(),
                "best": self._best.get(name, {}),
                "labels": ner.label_data,
            }
            for name, ner in _trained(nlp).items()
        }
        state = {
            "step": step,
            "config": _config_digest(nlp),
            "best_score": self._best_score,
            "epoch": epoch,
            "patience": nlp.config.interpolate()["training"]["patience"],
            "components": components,
        }
        save_checkpoint(self.folder, state)


def _trained(nlp: Language) -> dict[str, Any]:
    """The padellm_ner that are trained, by name. Raises ValueError (E642) for one that
    other components need annotations of: its replay has none."""
    training = nlp.config["training"]
    names = [
        name
        for name in component_names(nlp)
        if name not in training["frozen_components"]
    ]
    for name in names:
        if name in training["annotating_components"]:
            raise ValueError(Errors.E642.format(name=name))
    return {name: nlp.get_pipe(name) for name in names}


def _labels(nlp: Language) -> dict[str, list[tuple[str, str]]]:
    """The labels of each component with their names, in order."""
    return {name: [*ner.label_data.items()] for name, ner in _trained(nlp).items()}


def _writes_entities_later(nlp: Language) -> str:
    """The last component that writes entities, if it is not one that is replayed; "" if
    there is none. Its scores replace those of the components before it."""
    writers = [
        name for name in nlp.pipe_names if "doc.ents" in nlp.get_pipe_meta(name).assigns
    ]
    return "" if writers[-1] in _trained(nlp) else writers[-1]


def _ends_earlier(nlp: Language, state: Mapping[str, Any]) -> str:
    """The setting by which a training may end before its checkpoint; "" if none."""
    training = nlp.config.interpolate()["training"]
    max_steps, max_epochs, patience = (training[name] for name in ENDS)
    if 0 < max_steps < state["step"]:
        return "max_steps"
    if 0 < max_epochs <= state["epoch"]:
        return "max_epochs"
    # spaCy ends after so many steps without a better score
    before = state["patience"]
    is_shorter = patience > 0 and not 0 < before <= patience
    return "patience" if is_shorter and patience < state["step"] else ""


def _main_score(nlp: Language) -> float:
    """The score by which spaCy chose the best pipeline, of the last evaluation."""
    weights = nlp.config["training"]["score_weights"]
    scores = nlp.meta["performance"]
    return sum(
        scores[metric] * weight
        for metric, weight in weights.items()
        if weight is not None and isinstance(scores.get(metric), int | float)
    )


def _config_digest(nlp: Language) -> str:
    """A sha256, in hex, of the config without what may differ."""
    config = nlp.config.interpolate()
    training: dict[str, Callable | Any] = dict(config["training"])
    for name in ("before_update", "logger", *ENDS):
        training.pop(name, None)
    parts = [config["nlp"], config["components"], training]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
