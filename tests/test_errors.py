"""The codes of messages."""

import re
from pathlib import Path

import pytest
import spacy.errors

from benchmarks.errors import Errors as BenchmarkErrors
from spacy_padellm.errors import Errors, Warnings

CODE = re.compile(r"[EW]\d{3,4}")
# spaCy's class looks a message up, and cannot be listed
SPACY = set(
    re.findall(rf"^ +({CODE.pattern}) =", Path(spacy.errors.__file__).read_text(), re.M)
)


def messages(holder: type) -> dict[str, str]:
    return {name: getattr(holder, name) for name in dir(holder) if CODE.match(name)}


@pytest.mark.parametrize("holder", [Errors, Warnings, BenchmarkErrors])
def test_a_message_has_its_own_code_which_is_none_of_spacys(holder: type):
    found = messages(holder)

    assert found
    assert [
        code for code, text in found.items() if not text.startswith(f"[{code}] ")
    ] == []
    assert "E001" in SPACY
    assert "W005" in SPACY
    assert found.keys() & SPACY == set()


def test_benchmarks_have_codes_of_their_own():
    assert not messages(Errors).keys() & messages(BenchmarkErrors).keys()
