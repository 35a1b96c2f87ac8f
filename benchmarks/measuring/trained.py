"""The pipelines and documents that `python -m spacy_padellm benchmark` has left."""

from argparse import ArgumentParser, Namespace
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import spacy
from spacy.language import Language
from spacy.tokens import Doc, DocBin
from spacy.vocab import Vocab

from spacy_padellm.pipeline.padellm_ner import PaDeLLMNER

MAKES = (
    "python -m spacy_padellm benchmark --data ../shared/data --sets {set} --work {work}"
)


@dataclass(frozen=True, slots=True)
class Trained:
    """work: the command's --work. set: the name of a data set."""

    work: Path
    set: str
    device: str = "cpu"

    def pipeline(self, format: str) -> Path:
        """The trained pipeline of a format, "padellm" or "aug" say.

        FileNotFoundError: there is none; the message says which command makes it.
        """
        return self._found(self.work / self.set / "training" / format / "model-last")

    def docs(self, vocab: Vocab, n: int = 0) -> list[Doc]:
        """The first `n` test documents, or all, with their gold entities."""
        file = self._found(self.work / self.set / "corpus" / "test.spacy")
        return list(DocBin().from_disk(file).get_docs(vocab))[: n or None]

    def _found(self, path: Path) -> Path:
        if path.exists():
            return path
        command = MAKES.format(set=self.set, work=self.work)
        raise FileNotFoundError(f"there is no {path}; this makes it: {command}")


def load(pipeline: Path, device: str, **settings: Any) -> Language:
    """settings: others of the component's model, its dtype say."""
    model = {"device": device, **settings}
    config = {f"components.padellm_ner.model.{key}": model[key] for key in model}
    return spacy.load(pipeline, config=config)


def load_component(pipeline: Path, device: str, dtype: str = "auto") -> PaDeLLMNER:
    return load(pipeline, device, dtype=dtype).get_pipe("padellm_ner")


def add_arguments(parser: ArgumentParser) -> None:
    """The options that all scripts on trained pipelines have."""
    parser.add_argument(
        "--work",
        type=Path,
        default=Path("training/benchmark"),
        help="where `python -m spacy_padellm benchmark` has left its pipelines",
    )
    parser.add_argument("--set", default="conll03", help="its data set")
    parser.add_argument("--device", default="cpu", help="cpu, cuda or cuda:1")
    parser.add_argument("--cores", type=int, default=2, help="to compute on; 0: all")


def trained(args: Namespace) -> Trained:
    return Trained(args.work, args.set, args.device)
