"""What a reader who redacts must not miss: repeats, halves, accents, long tokens."""

import unicodedata

import pytest
from spacy.tokens import Doc
from spacy.training import Example

from .conftest import ents, examples
from .scripted import ScriptedFormat

LONG = "QUJD" * 100


def attrs(doc: Doc) -> dict:
    return doc.spans["padellm_ner"].attrs


def test_every_occurrence_is_an_entity_on_request(scripted_nlp):
    def tell(text):
        return [("PER", "Tom", 0.9)] if text.startswith("From") else []

    windows = {"max_tokens": 4, "join_tokens": 1}
    nlp = scripted_nlp(tell, windows=windows)
    text = "From: Tom.\nHi Tom, Tomas wrote. Tom left."
    assert ents(nlp(text)) == [("Tom", "PER")]
    cfg = {"padellm_ner": {"all_occurrences": True, "save_trace": True}}
    doc = nlp(text, component_cfg=cfg)
    assert ents(doc) == [("Tom", "PER")] * 3
    assert [ent._.score for ent in doc.ents] == pytest.approx([0.9] * 3)
    assert attrs(doc)["changed"] == {"repeated": 2} and attrs(doc)["dropped"] == {}
    traced = [
        (doc.text[one["start_char"] : one["end_char"]], one["changed"])
        for window in attrs(doc)["trace"]
        for one in window["mentions"]
        if window["start"] <= one["start"] < window["end"]
    ]
    assert traced == [("Tom", None), ("Tom", "repeated"), ("Tom", "repeated")]


@pytest.mark.parametrize(
    ("mode", "entity", "changed"),
    [("contract", "Omar", "contracted"), ("expand", "Omar Haddad</li", "expanded")],
)
def test_a_mention_that_loses_characters_is_counted_traced_and_logged(
    scripted_nlp, caplog, mode, entity, changed
):
    nlp = scripted_nlp(
        lambda text: [("PER", "Omar Haddad", 0.9)],
        alignment_mode=mode,
        save_trace=True,
    )
    words = ["<", "li", ">", "Omar", "Haddad</li", ">"]
    spaces = [False, False, False, True, False, False]
    doc = nlp(Doc(nlp.vocab, words=words, spaces=spaces))
    assert [ent.text for ent in doc.ents] == [entity]
    assert attrs(doc)["changed"] == {changed: 1}
    [mention] = attrs(doc)["trace"][0]["mentions"]
    own = doc.text[mention["start_char"] : mention["end_char"]]
    assert (own, mention["changed"]) == ("Omar Haddad", changed)
    assert ("'Omar' of it is kept" in caplog.text) == (mode == "contract")


def test_of_a_mention_inside_a_token_nothing_is_kept(scripted_nlp, caplog):
    doc = scripted_nlp(lambda text: [("PER", "Omar", 0.9)])("OmarHaddad left")
    assert not doc.ents and attrs(doc)["dropped"] == {"misaligned": 1}
    assert "nothing of it is kept" in caplog.text


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_both_forms_of_an_accent_give_the_same(scripted_nlp, form):
    nlp = scripted_nlp(
        lambda text: [("PER", n, 0.9) for n in ("José", "Zoë") if n in text]
    )
    text = unicodedata.normalize(form, "José met Zoë and José left")
    doc = nlp(text)
    assert [unicodedata.normalize("NFC", ent.text) for ent in doc.ents] == [
        "José",
        "Zoë",
    ]
    assert doc.text == text


@pytest.mark.parametrize(
    ("text", "name", "kept"),
    [
        ("Yesterday Maria met José.", "José", "José."),
        ("(José), then", "José", "(José),"),
        ("He said: «Ann Lee!» twice", "Ann Lee", "«Ann Lee!»"),
        ("the paper@José here", "José", None),
        ("José+Zoë wrote", "José", None),
    ],
)
def test_punctuation_in_its_token_does_not_lose_a_name(scripted_nlp, text, name, kept):
    """spaCy leaves a full stop in the token of a decomposed letter."""
    nlp = scripted_nlp(lambda text: [("PER", name, 0.9)])
    words = text.split()
    doc = nlp(Doc(nlp.vocab, words, [True] * len(words)))
    assert ents(doc) == ([(kept, "PER")] if kept else [])
    assert attrs(doc)["changed"] == ({"expanded": 1} if kept else {})


def test_strict_takes_no_punctuation_along(scripted_nlp):
    nlp = scripted_nlp(lambda text: [("PER", "José", 0.9)], alignment_mode="strict")
    doc = nlp(Doc(nlp.vocab, ["Maria", "met", "José."]))
    assert not doc.ents and attrs(doc)["dropped"] == {"misaligned": 1}


def test_a_full_stop_after_a_decomposed_letter_does_not_lose_a_name(scripted_nlp):
    nlp = scripted_nlp(lambda text: [("PER", "José", 0.9)])
    doc = nlp(unicodedata.normalize("NFD", "Then Maria met José."))
    assert [unicodedata.normalize("NFC", ent.text) for ent in doc.ents] == ["José."]


@pytest.mark.parametrize(
    ("scores", "found"),
    [
        ((0.9, 0.8, 0.7), ["Ann Lee;Bob", "Ray;Tim", "Cook"]),
        ((0.7, 0.8, 0.9), ["Ann", "Lee;Bob", "Ray;Tim Cook"]),
        ((0.7, 0.9, 0.8), ["Ann", "Lee;Bob Ray;Tim", "Cook"]),
        ((0.8, 0.8, 0.8), ["Ann Lee;Bob", "Ray;Tim", "Cook"]),
    ],
)
def test_of_names_that_share_a_token_each_keeps_the_rest(scripted_nlp, scores, found):
    names = ("Ann Lee", "Bob Ray", "Tim Cook")
    nlp = scripted_nlp(
        lambda text: [("PER", n, s) for n, s in zip(names, scores, strict=True)],
        alignment_mode="expand",
        all_occurrences=True,
    )
    doc = nlp(Doc(nlp.vocab, ["Ann", "Lee;Bob", "Ray;Tim", "Cook", "left"]))
    assert [ent.text for ent in doc.ents] == found
    assert sum(attrs(doc)["changed"].values()) == 3 and not attrs(doc)["dropped"]


@pytest.mark.parametrize("rival", ["Ann Lee", "Lee", "Bob Ray", "Lee;Bob"])
def test_names_share_a_token_whatever_else_claims_it(scripted_nlp, rival):
    nlp = scripted_nlp(
        lambda text: [
            ("PER", "Ann Lee", 0.9),
            ("PER", "Bob Ray", 0.6),
            ("ORG", rival, 0.4),
        ],
        alignment_mode="expand",
        deduplicate=False,
    )
    doc = nlp(Doc(nlp.vocab, ["Ann", "Lee;Bob", "Ray", "left"]))
    assert ents(doc) == [("Ann Lee;Bob", "PER"), ("Ray", "PER")]
    assert attrs(doc)["dropped"] == {"overlap": 1}


def test_a_name_is_found_whole_where_it_stands_again(scripted_nlp):
    """The model finds it once, and a part of it the second time."""

    def tell(text):
        first = "Paris" in text
        return [("PER", "Angela Merkel" if first else "Merkel", 0.8 if first else 0.9)]

    nlp = scripted_nlp(
        tell, windows={"max_tokens": 8, "join_tokens": 1}, all_occurrences=True
    )
    doc = nlp("Angela Merkel flew to Paris. Then Angela Merkel left.")
    assert ents(doc) == [("Angela Merkel", "PER")] * 2
    assert attrs(doc)["dropped"] == {"overlap": 1}
    assert attrs(doc)["changed"] == {"repeated": 1}


def test_each_edge_of_a_name_is_judged_by_itself(scripted_nlp):
    text = unicodedata.normalize("NFD", "see 1.José Ángel Peré. Then 2.Omar Ali!! left")
    names = [("PER", "José Ángel Peré", 0.9), ("PER", "Omar Ali", 0.9)]
    nlp = scripted_nlp(lambda text: names)
    words = text.split(" ")
    found = [
        unicodedata.normalize("NFC", e.text) for e in nlp(Doc(nlp.vocab, words)).ents
    ]
    assert found == ["Ángel Peré.", "Ali!!"]


@pytest.mark.parametrize(
    "mark", ["\u200e", "\u200f", "\u200d", "\u200b", "♥", "|", "‼️", "⁉\ufe0f"]
)
@pytest.mark.parametrize("form", ["{1}{0} left", "then {0}{1} left", "{1}{0}{1} left"])
def test_signs_at_a_name_do_not_lose_it(scripted_nlp, mark, form):
    nlp = scripted_nlp(lambda text: [("PER", "Maria", 0.9)])
    words = form.format("Maria", mark).split(" ")
    [ent] = nlp(Doc(nlp.vocab, words)).ents
    assert ent.text.strip(mark) == "Maria" and ent.text in words


def test_a_found_name_is_an_entity_where_a_longer_mention_lost(scripted_nlp):
    found = [("PER", "Ann Lee", 0.9), ("ORG", "Lee Novo Nordisk", 0.5)]
    nlp = scripted_nlp(
        lambda text: found if "Ann" in text else [("ORG", "Novo Nordisk", 0.9)],
        windows={"max_tokens": 8, "join_tokens": 1},
        all_occurrences=True,
    )
    doc = nlp("Ann Lee Novo Nordisk left. I like Novo Nordisk.")
    org = ("Novo Nordisk", "ORG")
    assert ents(doc) == [("Ann Lee", "PER"), org, org]


def test_one_token_of_two_names_goes_to_the_better_one(scripted_nlp):
    nlp = scripted_nlp(
        lambda text: [("PER", "Ann", 0.8), ("LOC", "Oslo", 0.9)],
        alignment_mode="expand",
    )
    doc = nlp(Doc(nlp.vocab, ["Ann;Oslo", "it", "is"]))
    assert ents(doc) == [("Ann;Oslo", "LOC")]
    assert attrs(doc)["dropped"] == {"overlap": 1}


def test_a_name_inside_of_another_shares_nothing_with_it(scripted_nlp):
    nlp = scripted_nlp(
        lambda text: [("LOC", "New York", 0.9), ("ORG", "New York Times", 0.8)],
        alignment_mode="expand",
    )
    doc = nlp("The New York Times wrote it.")
    assert ents(doc) == [("New York", "LOC")]
    assert attrs(doc)["dropped"] == {"overlap": 1} and not attrs(doc)["changed"]


def test_where_spans_may_overlap_both_have_the_token(scripted_nlp):
    nlp = scripted_nlp(
        lambda text: [("PER", "Ann Lee", 0.8), ("PER", "Bob Ray", 0.9)],
        alignment_mode="expand",
        allow_overlap=True,
    )
    doc = nlp(Doc(nlp.vocab, ["Ann", "Lee;Bob", "Ray"]))
    assert [span.text for span in doc.spans["padellm_ner"]] == [
        "Ann Lee;Bob",
        "Lee;Bob Ray",
    ]


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_both_forms_of_an_accent_teach_the_same(make_nlp, form):
    nlp = make_nlp(labels=["PER"])
    format = nlp.get_pipe("padellm_ner").format = ScriptedFormat()
    text = unicodedata.normalize(form, "José met Zoë")
    start = text.index("Z")
    gold = [(text, [(start, len(text), "PER")])]
    nlp.get_pipe("padellm_ner")._adapters.own.initialize(None)
    nlp.update(examples(nlp, gold))
    [(taught, _, strings)] = format.taught
    assert (taught, strings) == ("José met Zoë", {"PER": ["Zoë"]})


@pytest.mark.parametrize("place", [(4, 14), (3, 14), (7, 15), (0, 3), (4, 6)])
@pytest.mark.parametrize("group", [None, "sc"])
def test_gold_spans_have_no_outer_whitespace(make_nlp, place, group):
    """spaCy accepts entities that begin or end with tokens of spaces."""
    nlp = make_nlp(labels=["PER"], allow_overlap=group is not None, spans_key=group)
    format = nlp.get_pipe("padellm_ner").format = ScriptedFormat()
    nlp.get_pipe("padellm_ner")._adapters.own.initialize(None)
    doc = nlp.make_doc("met    Ann Lee \n\nin Oslo.")
    gold = doc.copy()
    span = gold.char_span(*place, label="PER", alignment_mode="expand")
    gold.set_ents([] if group else [span], default="outside")
    if group:
        gold.spans[group] = [span]
    nlp.update([Example(doc, gold)])
    [(_, _, strings)] = format.taught
    assert [s for found in strings.values() for s in found] == (
        ["met"] if place == (0, 3) else [] if place == (4, 6) else ["Ann Lee"]
    )


WRAPPED = "On Monday, the people of the office in Nairobi met Ann Mary\nLee and left."


def test_a_name_that_is_wrapped_is_one_mention(scripted_nlp):
    nlp = scripted_nlp(lambda text: [("PER", "Ann Mary Lee", 0.9)])
    doc = nlp(WRAPPED)
    assert nlp.get_pipe("padellm_ner").format.asked == [WRAPPED.replace("\n", " ")]
    assert ents(doc) == [("Ann Mary\nLee", "PER")]
    assert doc.text == WRAPPED


def test_a_name_that_is_wrapped_teaches_what_is_read(make_nlp):
    nlp = make_nlp(labels=["PER"])
    format = nlp.get_pipe("padellm_ner").format = ScriptedFormat()
    start = WRAPPED.index("Ann")
    gold = [(WRAPPED, [(start, start + len("Ann Mary Lee"), "PER")])]
    nlp.get_pipe("padellm_ner")._adapters.own.initialize(None)
    nlp.update(examples(nlp, gold))
    [(taught, _, strings)] = format.taught
    assert taught == WRAPPED.replace("\n", " ")
    assert strings == {"PER": ["Ann Mary Lee"]}


def test_a_token_of_hundreds_of_characters_is_not_read(scripted_nlp, caplog):
    nlp = scripted_nlp(
        lambda text: [("PER", n, 0.9) for n in ("Ann", "Bo") if n in text]
    )
    doc = nlp(f"Ann sent {LONG} to Bo")
    assert nlp.get_pipe("padellm_ner").format.asked == ["Ann sent", "to Bo"]
    assert ents(doc) == [("Ann", "PER"), ("Bo", "PER")]
    assert attrs(doc)["dropped"] == {"long token": 1}
    assert "W805" in caplog.text


def test_an_empty_mention_has_a_message_of_its_own(scripted_nlp, caplog):
    doc = scripted_nlp(lambda text: [("PER", "", 0.9)])("Ann left")
    assert attrs(doc)["dropped"] == {"empty": 1}
    assert "W806" in caplog.text and "W801" not in caplog.text


def test_without_labels_there_is_nothing_to_learn(make_nlp):
    nlp = make_nlp(labels=[])
    with pytest.raises(ValueError, match="E816.*padellm_ner"):
        nlp.update(examples(nlp))


def test_rehearsing_is_said_to_do_nothing(make_nlp, caplog):
    nlp = make_nlp(labels=["PER"])
    losses = {}
    nlp.get_pipe("padellm_ner").rehearse(examples(nlp), losses=losses)
    assert "W808" in caplog.text and losses == {}
