"""What redacts names finds them where other systems lost them: with the real model."""

import base64
import random
import textwrap
import unicodedata

import pytest
from spacy.util import compile_infix_regex, compile_prefix_regex, compile_suffix_regex

from .conftest import ENGLISH, PADELLM, POINTER, found

pytestmark = pytest.mark.slow

FIRST = """
Anna Maria Ivan Chen Fatima Omar Lucas Emma Noah Olga Pedro Yuki Aisha Kofi Priya Lars
Ingrid Marco Elena Tomas Wei Amara Diego Sofia Hassan Leila Erik Nadia Paulo Mei
""".split()
LAST = """
Novak Smith Garcia Wang Khan Haddad Silva Johansson Okafor Petrov Rossi Tanaka Mensah
Patel Berg Lind Conti Popov Svoboda Li Nwosu Torres Costa Farah Karimi Holm
""".split()
MAIL = """\
From: Tom Becker
To: Ingrid Holm

Dear Ingrid,

Tom Becker met the people of Siemens in Oslo on Monday. Then Tom Becker and Fatima
Khan flew to Nairobi, where Fatima Khan lives.

Tom Becker"""
ACCENTS = """José Muñoz flew from São Paulo to Zürich with Zoë Müller. André Gómez and
Łukasz Kowalski stayed in Málaga, and Søren Kjærgård went back to Århus."""
INLINE = base64.b64encode(random.Random(0).randbytes(3_000)).decode()


def names(count: int, seed: int) -> list[str]:
    choose = random.Random(seed)
    pairs = [f"{first} {last}" for first in FIRST for last in LAST]
    return choose.sample(pairs, count)


@pytest.mark.parametrize("system", ENGLISH, ids=lambda system: system[1])
@pytest.mark.parametrize("count", [40, 100])
def test_names_of_a_list_are_found(english, system, count):
    """Of 40 names, 12 were found, and of 100, 23. A format that generates needs a
    setting to find more."""
    windows = {"@misc": "spacy_padellm.SentenceWindows.v1"}
    if system == PADELLM:
        windows["list_tokens"] = 12
    nlp = english(*system, windows=windows)
    shares = []
    for seed in range(3):
        people = names(count, seed)
        doc = nlp(f"{', '.join(people[:-1])} and {people[-1]} attended.")
        there = {ent.text for ent in doc.ents if ent.label_ == "PER"}
        shares.append(sum(name in there for name in people) / count)
    assert sum(shares) / 3 >= (0.95 if system == POINTER else 0.9), shares


@pytest.mark.parametrize("system", ENGLISH, ids=lambda system: system[1])
def test_nothing_of_a_name_in_a_mail_stays(english, system):
    """It is in the header, the greeting, broken over two lines, and below the text."""
    left = redacted(english(*system, all_occurrences=True)(MAIL))
    names = ("Tom", "Becker", "Ingrid", "Fatima", "Khan", "Oslo", "Nairobi")
    assert [name for name in names if name in left] == [], left


@pytest.mark.parametrize("system", ENGLISH, ids=lambda system: system[1])
def test_wrapped_lines_change_next_to_nothing(english, conll03, system):
    """F was 79.2 where the same text without wrapping has 84.5. Newlines are tokens, so
    that windows may have other sentences."""
    nlp = english(*system)
    # a dash or a colon at the start of a line would look like an item or a field
    texts = (one.text for one in conll03 if one.text.endswith(" ."))
    sentences = [one for one in texts if not set("-:") & set(one)][:100]
    places, wrapped_places = [], []
    for start in range(0, len(sentences), 5):
        text = " ".join(sentences[start : start + 5])
        wrapped = "\n".join(textwrap.wrap(text, 72, break_on_hyphens=False))
        assert len(wrapped) == len(text) and wrapped != text
        for one, kept in ((text, places), (wrapped, wrapped_places)):
            ents = nlp(one).ents
            kept += [(start, e.start_char, e.end_char, e.label_) for e in ents]
    same = len(set(places) & set(wrapped_places))
    assert len(places) > 100
    assert 2 * same / (len(places) + len(wrapped_places)) > 0.95


def redacted(doc) -> str:
    covered = {i for ent in doc.ents for i in range(ent.start_char, ent.end_char)}
    return "".join("█" if i in covered else c for i, c in enumerate(doc.text))


@pytest.mark.parametrize("system", ENGLISH, ids=lambda system: system[1])
@pytest.mark.parametrize("keep", ["contract", "expand"])
def test_nothing_of_a_name_in_markup_stays(english, system, keep):
    """The first way needs a tokenizer that splits at markup: docs/redaction.md."""
    nlp = english(*system, alignment_mode=keep)
    if keep == "contract":
        split_at_markup(nlp)
    left = redacted(nlp("<li>Omar Haddad</li> <li>Maria Jensen</li>"))
    names = ("Omar", "Haddad", "Maria", "Jensen")
    assert [name for name in names if name in left] == [], left


def split_at_markup(nlp) -> None:
    marks = [r"\ufeff", r"</?\w+>", ";"]
    tokenizer, defaults = nlp.tokenizer, nlp.Defaults
    tokenizer.prefix_search = compile_prefix_regex([*defaults.prefixes, *marks]).search
    tokenizer.suffix_search = compile_suffix_regex([*defaults.suffixes, *marks]).search
    tokenizer.infix_finditer = compile_infix_regex([*defaults.infixes, *marks]).finditer


@pytest.mark.parametrize("system", ENGLISH, ids=lambda system: system[1])
def test_half_a_name_is_counted(english, system):
    doc = english(*system)("<li>Omar Haddad</li>")
    assert found(doc) == [("Omar", "PER")]
    assert doc.spans["sc"].attrs["changed"] == {"contracted": 1}


def test_one_string_has_two_meanings(english):
    """Four times read right, it gave two entities."""
    doc = english(*POINTER)("Washington wrote from Washington to Madison in Madison.")
    assert [ent.text for ent in doc.ents] == ["Washington"] * 2 + ["Madison"] * 2
    assert [ent.label_ for ent in doc.ents[2:]] == ["PER", "LOC"]


@pytest.mark.parametrize("system", ENGLISH, ids=lambda system: system[1])
def test_both_forms_of_accents_give_the_same(english, system):
    """The decomposed form had 12 entities where the composed one had 17."""
    nlp = english(*system)
    composed = found(nlp(ACCENTS))
    decomposed = found(nlp(unicodedata.normalize("NFD", ACCENTS)))
    assert len(composed) >= 8
    assert [
        (unicodedata.normalize("NFC", text), label) for text, label in decomposed
    ] == composed


@pytest.mark.parametrize("system", [POINTER, PADELLM], ids=lambda system: system[1])
def test_an_inline_image_is_left_out_and_counted(english, system):
    """4 kB of it cost 29 seconds, and pieces of it became persons."""
    nlp = english(*system)
    doc = nlp(f"Tom Becker sent {INLINE} to Siemens in Oslo.")
    assert len(INLINE) == 4_000
    assert [ent.text for ent in doc.ents] == ["Tom Becker", "Siemens", "Oslo"]
    assert doc.spans["sc"].attrs["dropped"]["long token"] == 1
