"""From a text to spans: windows, places, duplicates, what is not in the text."""

import re

import pytest
import spacy
import torch
from spacy.tokens import Doc

from .conftest import examples

NOWHERE = {"base": "/no/such/base"}


def places(doc: Doc) -> list[tuple[int, int, str]]:
    return [(ent.start, ent.end, ent.label_) for ent in doc.ents]


@pytest.mark.parametrize("text", ["", " ", "\n", " \t\r\n ", "\u3000\u2028"])
def test_texts_of_nothing_need_no_model(make_nlp, text):
    nlp = make_nlp(labels=["LOC"], model=NOWHERE)
    doc = nlp(text)
    assert (doc.text, doc.ents) == (text, ())
    assert doc.has_annotation("ENT_IOB")
    assert [doc.ents for doc in nlp.pipe([text] * 3)] == [()] * 3


def test_other_texts_do_need_it(make_nlp):
    with pytest.raises(ValueError, match="E304.*/no/such/base"):
        make_nlp(labels=["LOC"], model=NOWHERE)("Oslo")


def test_windows_of_whitespace_are_not_asked_about(scripted_nlp):
    nlp = scripted_nlp(lambda text: [], windows={"max_tokens": 1})
    nlp("Oslo \n\n   \n Rome")
    assert nlp.get_pipe("padellm_ner").format.asked == ["Oslo", "Rome"]


def test_all_windows_of_all_docs_are_asked_about_once(scripted_nlp):
    nlp = scripted_nlp(lambda text: [], windows={"max_tokens": 3})
    texts = ["One two three. Four five six seven.", "", "Eight."]
    list(nlp.pipe(texts))
    asked = nlp.get_pipe("padellm_ner").format.asked
    assert sorted(asked) == sorted(
        ["One two", "three.", "Four five six", "seven.", "Eight."]
    )


def test_a_string_that_two_labels_claim_goes_to_the_more_probable(scripted_nlp):
    found = [("PER", "Paris", 0.6), ("LOC", "Paris", 0.8), ("ORG", "Hilton", 0.1)]
    doc = scripted_nlp(lambda text: found)("Paris Hilton")
    assert places(doc) == [(0, 1, "LOC"), (1, 2, "ORG")]
    assert doc.spans["padellm_ner"].attrs["dropped"] == {"duplicate": 1}


def test_what_could_not_be_read_is_counted_over_all_windows(scripted_nlp):
    nlp = scripted_nlp(lambda text: [], windows={"max_tokens": 1})
    nlp.get_pipe("padellm_ner").format.lost = {"malformed": 2, "cut off": 0}
    doc = nlp("Oslo Rome")
    assert doc.spans["padellm_ner"].attrs["dropped"] == {"malformed": 4}


def test_a_string_found_twice_is_both_its_places(scripted_nlp):
    doc = scripted_nlp(lambda text: [("LOC", "Oslo", 0.9)] * 2)(
        "Oslo, I left Oslo, Oslo."
    )
    assert places(doc) == [(0, 1, "LOC"), (4, 5, "LOC")]


def test_of_entities_that_overlap_the_more_probable_stays(scripted_nlp):
    found = [("ORG", "Bank of England", 0.6), ("LOC", "England", 0.9)]
    doc = scripted_nlp(lambda text: found)("the Bank of England")
    assert places(doc) == [(3, 4, "LOC")]
    assert doc.spans["padellm_ner"].attrs["dropped"] == {"overlap": 1}


@pytest.mark.parametrize(
    ("mode", "expected"),
    [("strict", []), ("contract", [(1, 2, "LOC")]), ("expand", [(0, 2, "LOC")])],
)
def test_half_tokens_are_treated_as_the_config_says(
    make_nlp, scripted_nlp, mode, expected
):
    nlp = scripted_nlp(lambda text: [("LOC", "York City", 0.9)], alignment_mode=mode)
    doc = Doc(nlp.vocab, words=["NewYork", "City", "hall"])
    doc = nlp(doc)
    assert places(doc) == expected
    dropped = doc.spans["padellm_ner"].attrs["dropped"]
    assert dropped == ({"misaligned": 1} if mode == "strict" else {})


def test_what_is_not_in_the_text_is_dropped_and_counted_and_logged_once(
    scripted_nlp, caplog
):
    nlp = scripted_nlp(
        lambda text: [("LOC", "Rome", 0.9), ("PER", "\x1b[31mEve\n", 0.9)]
    )
    docs = list(nlp.pipe(["I saw Rome.", "I saw Oslo.", "Nothing."]))
    assert [places(doc) for doc in docs] == [[(2, 3, "LOC")], [], []]
    counts = [doc.spans["padellm_ner"].attrs["dropped"] for doc in docs]
    assert counts == [{"not in text": n} for n in (1, 2, 2)]
    [record] = caplog.records
    message = record.getMessage()
    assert "W801" in message and r"'\x1b[31mEve\n' as PER" in message
    assert "\n" not in message and "\x1b" not in message


def test_more_mentions_than_the_text_has_are_dropped(scripted_nlp):
    doc = scripted_nlp(lambda text: [("LOC", "Oslo", 0.9)] * 5)("Oslo and Oslo")
    assert places(doc) == [(0, 1, "LOC"), (2, 3, "LOC")]
    assert doc.spans["padellm_ner"].attrs["dropped"] == {"not in text": 3}


def test_scores_are_between_0_and_1(scripted_nlp):
    found = [("LOC", "Oslo", 1.0), ("PER", "Ann", 1e-300)]
    doc = scripted_nlp(lambda text: found)("Ann left Oslo")
    assert [ent._.score for ent in doc.ents] == pytest.approx([1e-300, 1.0])
    assert doc.spans["padellm_ner"].attrs["scores"] == pytest.approx([0.0, 1.0])


def numbers(text: str) -> list[tuple[str, str, float]]:
    return [("LOC", name, 0.9) for name in re.findall(r"N\d+", text)]


@pytest.mark.parametrize(
    "windows",
    [
        {"@misc": "spacy_padellm.SentenceWindows.v1", "max_tokens": 96},
        {"@misc": "spacy_padellm.StridedWindows.v1", "window": 120, "stride": 90},
    ],
    ids=["sentences", "strided"],
)
def test_in_100000_tokens_every_entity_is_found_once_in_its_place(
    scripted_nlp, windows
):
    nlp = scripted_nlp(numbers, windows=windows)
    words = [f"N{i}" if i % 7 == 3 else "word" for i in range(100_000)]
    words[11::31] = ["."] * len(words[11::31])
    doc = nlp(Doc(nlp.vocab, words=words))
    named = [i for i, word in enumerate(words) if word.startswith("N")]
    assert places(doc) == [(i, i + 1, "LOC") for i in named]
    assert [ent.text for ent in doc.ents] == [words[i] for i in named]
    assert max(map(len, nlp.get_pipe("padellm_ner").format.asked)) < 1000


def test_like_names_in_several_windows_each_stay_in_theirs(scripted_nlp):
    nlp = scripted_nlp(
        lambda text: [("LOC", "Oslo", 0.9)] if "fjord" in text else [],
        windows={"max_tokens": 5},
    )
    doc = nlp("Oslo is far away. Oslo has a fjord. Oslo is far away.")
    assert places(doc) == [(5, 6, "LOC")]


@pytest.mark.parametrize("numbers", [torch.float32, torch.float64])
def test_modes_of_torch_that_others_set_change_nothing(make_nlp, tmp_path, numbers):
    pointer = {"@misc": "spacy_padellm.Pointer.v1", "threshold": 0.001}
    nlp = make_nlp(labels=["PERSON", "LOC"], format=pointer)
    nlp.initialize(lambda: examples(nlp))
    nlp.to_disk(tmp_path)
    expected = scores(nlp("Ann left"))
    assert expected
    before = torch.get_default_dtype()
    torch.set_default_dtype(numbers)
    try:
        with torch.inference_mode():
            again = spacy.load(tmp_path)
            assert scores(again("Ann left")) == expected
        again.update(examples(again), sgd=again.resume_training())
    finally:
        torch.set_default_dtype(before)


def scores(doc):
    return [(ent.text, ent._.score) for ent in doc.ents]
