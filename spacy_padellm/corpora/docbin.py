"""Read and write spaCy's binary format, .spacy."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from ..writing import replace_files
from .base import AnnotatedText, ReadReport
from .docs import SPANS_KEY, other_groups
from .named_labels import named_labels

if TYPE_CHECKING:
    from spacy.tokens import Doc


def write_docbin(docs: Iterable["Doc"], path: Path) -> int:
    """Write docs to `path`, and create its folder. Returns the number of docs.

    User data is stored, because it has the labels that a doc was annotated for. Raises
    ValueError (E333) if the file cannot be written.
    """
    from spacy.tokens import DocBin

    docbin = DocBin(attrs=["ENT_IOB", "ENT_TYPE"], store_user_data=True)
    for doc in docs:
        docbin.add(doc)
    # Unlike spaCy's to_disk, this never leaves an incomplete file.
    replace_files({Path(path): docbin.to_bytes()})
    return len(docbin)


def read_docbin(path: Path, report: ReadReport) -> Iterator[AnnotatedText]:
    """Yield one text per doc. `line` is the number of the doc, from 1.

    The entities are doc.ents and doc.spans["sc"], which has the nested ones. Other
    groups of spans are left out and reported; if a doc has nothing else, their tokens
    are unknown. Docs that have neither are skipped and reported. Tokens without
    annotation are unknown.

    Raises ValueError if the file is not a DocBin.
    """
    from spacy.tokens import DocBin
    from spacy.vocab import Vocab

    try:
        docs = list(DocBin().from_disk(path).get_docs(Vocab()))
    except Exception as error:  # from zlib, msgpack or spaCy
        why = f"not a DocBin ({error})"
        raise report.unreadable(1, why) from error
    for number, doc in enumerate(docs, 1):
        annotated = doc.has_annotation("ENT_IOB")
        if not annotated and SPANS_KEY not in doc.spans:
            report.lose(number, "doc without entity annotation", doc.text[:60])
            continue
        spans = [*doc.ents, *doc.spans.get(SPANS_KEY, ())]
        known = {i for span in spans for i in range(span.start, span.end)}
        lost: list[tuple[int, int, str]] = []
        unknown = [
            (token.i, token.i + 1, "")
            for token in doc
            if annotated and token.ent_iob == 0 and token.i not in known
        ]
        for kind, group in other_groups(doc.spans).items():
            if spans:
                report.leave_out(number, kind, doc.text[:60])
                continue
            for span in group:  # it may be an entity
                report.lose_entity(number, kind, f"{span.text!r} in {doc.text[:60]!r}")
                lost.append((span.start, span.end, span.label_))
        if unknown:
            kind = "tokens without entity annotation"
            report.leave_out(number, kind, f"{len(unknown)} in {doc.text[:60]!r}")
        labels = named_labels(doc)
        yield report.count(
            AnnotatedText.from_words(
                [token.text for token in doc],
                {(span.start, span.end, span.label_) for span in spans},
                [bool(token.whitespace_) for token in doc],
                unknown + lost,
                labels=labels if labels and any(labels.values()) else _listed(labels),
                line=number,
            )
        )


def _listed(labels: dict[str, None] | None) -> tuple[str, ...] | None:
    return None if labels is None else tuple(labels)
