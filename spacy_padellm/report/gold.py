"""Read gold docs for evaluating a pipeline."""

from pathlib import Path
from typing import TYPE_CHECKING

from ..corpora.gold import Choices, gold_docs, read_for
from ..corpora.registry import guess_format
from ..errors import Errors
from ..pipeline.labels import has_gold

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.training import Example


def read_gold(
    nlp: "Language", path: Path, limit: int = 0, spans_key: str | None = None
) -> list["Example"]:
    """Read examples of gold docs, and of unannotated docs from the tokenizer of `nlp`.

    path: a .spacy file, a folder of .spacy files, or a file that `convert` can read.
    limit: the maximum number of docs. 0 means all docs.
    spans_key: gold mentions may also be in this group of `doc.spans`.
    Raises ValueError if the file cannot be read (E442 and the errors of `convert`), or
    if no doc has entity annotation (E443).
    """
    if path.is_dir() or path.suffix == ".spacy" and path.is_file():
        examples = _read_spacy(nlp, path, limit)
    else:
        examples = _read_other(nlp, path, limit)
    if not has_gold(examples, spans_key):
        raise ValueError(Errors.E443.format(path=path, number=len(examples)))
    return examples


def _read_spacy(nlp: "Language", path: Path, limit: int) -> list["Example"]:
    """Read them as `spacy evaluate` does."""
    from spacy.training import Corpus

    try:
        return list(Corpus(path, limit=limit)(nlp))
    except Exception as error:  # from zlib, msgpack or spaCy
        raise ValueError(Errors.E442.format(path=path, reason=error)) from error


def _read_other(nlp: "Language", path: Path, limit: int) -> list["Example"]:
    from spacy.training import Example

    corpus = read_for(path, guess_format(path), nlp.lang)
    docs = gold_docs(nlp, [corpus], Choices(limit=limit))
    return [Example(nlp.make_doc(doc.text), doc) for doc in docs if len(doc)]
