"""From docs to predictions: windows, queries, batches, the model."""

from collections.abc import Callable, Iterator, Sequence

from spacy.tokens import Doc

from ..engines.base import Engine, Unavailable
from ..errors import Errors
from ..formats.base import Format, Query
from ..formats.extraction import extract
from ..spans.reading import window_texts
from ..trees.batching import RowDoesNotFit
from ..types import LabelNames, Window, WindowGetter
from .output import Output
from .prediction import Prediction, WindowPrediction, locate


def predict_docs(
    docs: Sequence[Doc],
    labels: LabelNames,
    *,
    engine: Engine,
    format: Format,
    windows: WindowGetter,
    batch_tokens: int,
    output: Output | None = None,
) -> list[Prediction]:
    """Find the labels' mentions in docs. The docs are not changed.

    batch_tokens: padded tokens of text and labels in one batch, at most.
    output: which mentions to keep, and how they become whole tokens.

    Tokens of hundreds of characters and encoded data are not read, see
    `spans/unread.py`.

    Raises ValueError (E807) for a window that is too long for the model or takes too
    much memory by itself; the message says which.
    """
    places: list[tuple[int, Window]] = []
    queries: list[Query] = []
    output = output or Output()
    n_unread = []
    for place, doc in enumerate(docs):
        texts, n_parts = window_texts(doc, windows)
        n_unread.append(n_parts)
        places += [(place, one.window) for one in texts]
        queries += [Query(one.text.text, labels) for one in texts]
    try:
        extractions = extract(
            queries,
            engine=engine,
            format=format,
            batch_tokens=batch_tokens,
        )
    except RowDoesNotFit as error:
        place, window = places[error.row]
        raise ValueError(_too_large(docs[place], window, error)) from error
    found: list[list[WindowPrediction]] = [[] for _ in docs]
    for i, (place, window) in enumerate(places):
        found[place].append(WindowPrediction(window, queries[i], extractions[i]))
    return [
        locate(doc, parts, output, n_unread=n_parts)
        for doc, parts, n_parts in zip(docs, found, n_unread, strict=True)
    ]


def predict_each(
    docs: Sequence[Doc],
    predict: Callable[[Sequence[Doc]], Sequence[Prediction]],
    *,
    check_model: Callable[[], None],
) -> Iterator[Prediction | Exception]:
    """A prediction for each doc, or the error of a doc that fails. A batch that fails
    is halved until each faulty doc is alone, unless no doc could be predicted now.

    check_model: raises the error of a model that can predict no doc at all.
    """
    try:
        yield from predict(docs)
        return
    except Exception as error:
        whole = len(docs) == 1 or isinstance(error, Unavailable)
        fault = error if whole else _fault(check_model)
    # here the error is gone, and with it the memory that its traceback holds
    if fault is not None:
        yield from [fault] * len(docs)
        return
    half = len(docs) // 2
    yield from predict_each(docs[:half], predict, check_model=check_model)
    yield from predict_each(docs[half:], predict, check_model=check_model)


def _fault(check: Callable[[], None]) -> Exception | None:
    try:
        check()
    except Exception as error:
        return error
    return None


def _too_large(doc: Doc, window: Window, error: ValueError) -> str:
    text = doc[window.start : window.end]
    begin = text[:5].text
    return Errors.E807.format(
        start=window.start,
        end=window.end,
        n_tokens=len(doc),
        begin=begin[:60],
        error=error,
    )
