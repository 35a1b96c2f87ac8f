"""What the model finds becomes an entity, in every format: nothing is lost on the way
from its answer to the doc."""

import unicodedata

import pytest
import spacy

from spacy_padellm.formats.autoreg_aug import build_autoreg_aug_v1
from spacy_padellm.formats.autoreg_struct import build_autoreg_struct_v1
from spacy_padellm.formats.one_step import build_one_step_v1
from spacy_padellm.formats.padellm import build_padellm_v1
from spacy_padellm.formats.pointer import build_pointer_v1
from spacy_padellm.pipeline.annotate import register_score

from .conftest import ents
from .perfect import read_perfectly

FORMATS = {
    "Pointer": build_pointer_v1(prefer_narrow=0),
    "PaDeLLM": build_padellm_v1(),
    # the tiny tokenizer has many tokens for a name
    "OneStep": build_one_step_v1(max_new_tokens=4096),
    "AutoReg struct": build_autoreg_struct_v1(max_new_tokens=4096),
    "AutoReg aug": build_autoreg_aug_v1(max_new_tokens=4096),
}
EMAIL = """From: Maria Rossi <maria@example.com>
To: Omar Haddad
Subject: Oslo

Dear Omar Haddad,

I am in Oslo. Omar Haddad, please call.

Maria Rossi"""


@pytest.fixture(params=FORMATS)
def read(request, tiny_tokenizer):
    """Read a text in each format. Its names are (string, label), in text order."""
    register_score()
    nlp = spacy.blank("en")

    def read(text, names, **output):
        doc = nlp.make_doc(text)
        format = FORMATS[request.param]
        return read_perfectly(doc, names, format, tiny_tokenizer, **output)

    return read


def dropped(doc):
    return doc.spans["padellm_ner"].attrs["dropped"]


@pytest.mark.parametrize("between", [" met ", ", ", " left. Then ", "\n"])
def test_a_name_that_occurs_six_times_is_found_six_times(read, between):
    names = [("Ann Lee", "PER")] * 6
    doc = read(between.join(["Ann Lee"] * 6), names)
    assert ents(doc) == names and dropped(doc) == {}


def test_the_header_and_the_greeting_of_an_email(read):
    names = [
        ("Maria Rossi", "PER"),
        ("Omar Haddad", "PER"),
        ("Oslo", "LOC"),
        ("Omar Haddad", "PER"),
        ("Oslo", "LOC"),
        ("Omar Haddad", "PER"),
        ("Maria Rossi", "PER"),
    ]
    doc = read(EMAIL, names)
    assert ents(doc) == names and dropped(doc) == {}


@pytest.mark.parametrize("separator", [", ", "; ", " and ", "\n"])
def test_a_list_of_forty_names_gives_forty(read, separator):
    names = [
        (f"{first} {last}", "PER")
        for first in ("Ann", "Bo", "Cy", "Dee", "Eva", "Fay", "Gus", "Hal")
        for last in ("Lee", "Ray", "Fox", "Kim", "Orr")
    ]
    text = separator.join(name for name, _ in names)
    doc = read(f"Present: {text}.", names)
    assert ents(doc) == names and len(doc.ents) == 40 and dropped(doc) == {}


@pytest.mark.parametrize("deduplicate", [True, False])
def test_a_string_under_two_labels_is_two_entities(read, deduplicate):
    text = "Washington wrote from Washington to Madison in Madison."
    names = [
        ("Washington", "PER"),
        ("Washington", "LOC"),
        ("Madison", "PER"),
        ("Madison", "LOC"),
    ]
    doc = read(text, names, deduplicate=deduplicate)
    assert ents(doc) == names and dropped(doc) == {}


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_both_forms_of_accents_give_the_same(read, form):
    names = [("José Núñez", "PER"), ("Zoë", "PER"), ("Malmö", "LOC")]
    names.append(("José Núñez", "PER"))
    text = "José Núñez met Zoë in Malmö , and José Núñez left ."
    doc = read(unicodedata.normalize(form, text), names)
    found = [(unicodedata.normalize("NFC", s), label) for s, label in ents(doc)]
    assert found == names and dropped(doc) == {}


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("<li>Omar Haddad</li><li>Ann Lee</li>", "Omar Haddad"),
        ("\ufeffOmar Haddad left.", "Omar Haddad"),
        ("name=Omar;city=Oslo", "Omar"),
        ("\u200bOmar Haddad\u200b left.", "Omar Haddad"),
        ("<b>Omar</b> <i>Haddad</i>", "Haddad"),
    ],
)
def test_names_glued_to_markup_are_covered_as_a_whole(read, text, name):
    doc = read(text, [(name, "PER")], alignment_mode="expand")
    start = text.index(name)
    [ent] = doc.ents
    assert ent.start_char <= start and start + len(name) <= ent.end_char
    assert dropped(doc) == {}


def test_names_beside_other_names_of_their_words(read):
    text = "Ann Lee met Ann and Lee, and the Ann Lee School of Oslo."
    names = [("Ann Lee", "PER"), ("Ann", "PER"), ("Lee", "PER")]
    names.append(("Ann Lee School of Oslo", "LOC"))
    doc = read(text, names)
    assert ents(doc) == names and dropped(doc) == {}
