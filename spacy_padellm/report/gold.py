"""Gold docs to compare a pipeline with."""

from pathlib import Path
from typing import TYPE_CHECKING

from ..corpora.gold import UNSPACED, Choices, gold_docs
from ..corpora.registry import FORMATS, guess_format, read
from ..errors import Errors

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.training import Example


def read_gold(nlp: "Language", path: Path, limit: int = 0) -> list["Example"]:
    """The gold docs of a .spacy file, a folder of such files, or a file in any format
    that `convert` reads; beside each a doc of the same text for `nlp` to read.

    limit: at most so many docs, the first; 0 is all.

    ValueError: no such file, not readable (E862, and those of `convert`), or none of
        the docs has entity annotation (E863).
    """
    if path.is_dir() or path.suffix == ".spacy" and path.is_file():
        examples = _read_spacy(nlp, path, limit)
    else:
        examples = _read_other(nlp, path, limit)
    if not any(eg.reference.has_annotation("ENT_IOB") for eg in examples):
        raise ValueError(Errors.E863.format(path=path, number=len(examples)))
    return examples


def _read_spacy(nlp: "Language", path: Path, limit: int) -> list["Example"]:
    """As `spacy evaluate` reads them."""
    from spacy.training import Corpus

    try:
        return list(Corpus(path, limit=limit)(nlp))
    except Exception as error:  # zlib, msgpack and KeyErrors of spaCy's own
        raise ValueError(Errors.E862.format(path=path, reason=error)) from error


def _read_other(nlp: "Language", path: Path, limit: int) -> list["Example"]:
    from spacy.training import Example

    format = guess_format(path)
    unspaced = nlp.lang in UNSPACED and FORMATS[format].joins
    corpus = read(path, format, **({"joiner": ""} if unspaced else {}))
    docs = gold_docs(nlp, [corpus], Choices(limit=limit))
    return [Example(nlp.make_doc(doc.text), doc) for doc in docs if len(doc)]
