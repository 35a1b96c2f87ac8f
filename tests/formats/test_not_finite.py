"""Scores that are no finite numbers are an error that names the text, in all formats
that generate. `test_pointer` has the same for Pointer."""

import math

import pytest

from spacy_padellm.formats.autoreg_aug import build_autoreg_aug_v1
from spacy_padellm.formats.autoreg_struct import build_autoreg_struct_v1
from spacy_padellm.formats.base import Query
from spacy_padellm.formats.extraction import extract_in_session
from spacy_padellm.formats.one_step import build_one_step_v1
from spacy_padellm.formats.padellm import build_padellm_v1

BUILDERS = (
    build_autoreg_aug_v1,
    build_autoreg_struct_v1,
    build_one_step_v1,
    build_padellm_v1,
)
TEXTS = ("Ann left", "Oslo wept")


@pytest.mark.parametrize("build", BUILDERS)
@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_the_text_is_named(engine, tiny_tokenizer, build, value):
    """The logits of the second text are spoilt."""
    queries = [Query(text, {"LOC": "place"}) for text in TEXTS]
    with engine.session(2) as session:
        forward = session._forward

        def spoilt(running):
            logits = forward(running)
            rows = [one.text for one in running for _ in one.positions]
            logits[[row for row, text in enumerate(rows) if text == 1], 7] = value
            return logits

        session._forward = spoilt
        with pytest.raises(ValueError, match="E511.*begins 'Oslo wept'"):
            extract_in_session(
                queries, session, tokenizer=tiny_tokenizer, format=build()
            )
