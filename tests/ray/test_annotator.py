"""`Annotator` adds entities to batches of numpy and of pyarrow."""

import numpy as np
import pyarrow
import pytest

from spacy_padellm.ray import Annotator

from ..annotate.conftest import faulty, ruler  # noqa: F401

FIFA = [{"start": 0, "end": 4, "label": "ORG", "score": None}]


def test_batches_keep_their_columns(ruler):  # noqa: F811
    annotate = Annotator(ruler, column="body")
    batch = {"id": np.array([1, 2]), "body": np.array(["FIFA won", "No"], dtype=object)}
    found = annotate(batch)
    assert list(found) == ["id", "body", "entities"]
    assert list(found["entities"]) == [FIFA, []]
    found = annotate(pyarrow.table({"body": ["No", "FIFA won"]}))
    assert found["entities"].to_pylist() == [[], FIFA]
    empty = annotate(pyarrow.table({"body": ["No"]}))
    assert empty.schema == found.schema


def test_a_text_that_fails_is_an_error_or_a_reason(faulty):  # noqa: F811
    texts = pyarrow.table({"text": ["FIFA", "It FAILS", None]})
    with pytest.raises(ValueError, match="E431.*Text 1.*no such text"):
        Annotator(faulty)(texts)
    found = Annotator(faulty, keep_errors=True)(texts)
    assert found["entities"].to_pylist() == [FIFA, None, None]
    errors = found["error"].to_pylist()
    assert errors[:2] == [None, "no such text, please"] and "no string" in errors[2]
