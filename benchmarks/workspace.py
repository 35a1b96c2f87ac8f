"""Where the benchmarks keep the corpus, pipelines and results of a data set."""

from dataclasses import dataclass
from pathlib import Path

from spacy.tokens import Doc, DocBin
from spacy.vocab import Vocab

from .errors import Errors


@dataclass(frozen=True, slots=True)
class SetFolder:
    """The folder of one data set.

    work: the folder that `--work` names. name: of the data set.
    """

    work: Path
    name: str

    @property
    def corpus(self) -> Path:
        """The folder with train.spacy, dev.spacy and test.spacy."""
        return self.work / self.name / "corpus"

    @property
    def merged(self) -> Path:
        """The folder for checkpoints with merged adapters."""
        return self.work / self.name / "merged"

    def training(self, name: str) -> Path:
        """The folder that a pipeline is trained in; `name` is a key of `FORMATS`."""
        return self.work / self.name / "training" / name

    def result(self, name: str) -> Path:
        """The file with a cached result."""
        return self.work / self.name / "measured" / f"{name}.json"

    def pipeline(self, format: str) -> Path:
        """The pipeline that the command `benchmark` has trained in a format.

        ValueError (E616): there is none.
        """
        # `benchmark` trains all other formats by default
        systems = " --systems official_template" * (format == "official_template")
        return self._existing(self.training(format) / "model-last", systems)

    def test_docs(self, vocab: Vocab, limit: int = 0) -> list[Doc]:
        """The first test documents with their gold entities; a limit of 0 is all.

        ValueError (E616): the command `benchmark` has not run.
        """
        file = self._existing(self.corpus / "test.spacy")
        return list(DocBin().from_disk(file).get_docs(vocab))[: limit or None]

    def _existing(self, path: Path, options: str = "") -> Path:
        if path.exists():
            return path
        raise ValueError(
            Errors.E616.format(
                path=path, name=self.name, work=self.work, options=options
            )
        )
