"""Control over the output: threshold, overlaps, duplicates, groups of several pipes."""

import random

import pytest
import spacy
from spacy.tokens import Doc, Span

from spacy_padellm.types import LabelledSpan

from .conftest import annotate, ents

BANK = ("ORG", "Bank of England", 0.6)
ENGLAND = ("LOC", "England", 0.9)
LONDON = ("LOC", "London", 0.3)
TEXT = "Ann Lee met the Bank of England in London"


def group(doc: Doc, key: str = "padellm_ner") -> list[tuple[str, str, float]]:
    """The spans of the group with their scores."""
    spans = doc.spans[key]
    return [
        (span.text, span.label_, round(float(score), 4))
        for span, score in zip(spans, spans.attrs["scores"], strict=True)
    ]


def dropped(doc: Doc, key: str = "padellm_ner") -> dict[str, int]:
    return doc.spans[key].attrs["dropped"]


# -- threshold ------------------------------------------------------------------------


def test_mentions_below_the_threshold_are_left_out_and_counted(scripted_nlp):
    nlp = scripted_nlp(lambda text: [BANK, LONDON], threshold=0.5)
    doc = nlp(TEXT)
    assert ents(doc) == [("Bank of England", "ORG")]
    assert dropped(doc) == {"below threshold": 1}


@pytest.mark.parametrize(("threshold", "n_ents"), [(0.0, 1), (0.3, 1), (0.3001, 0)])
def test_a_score_that_is_the_threshold_is_enough(scripted_nlp, threshold, n_ents):
    nlp = scripted_nlp(lambda text: [LONDON], threshold=threshold)
    assert len(nlp(TEXT).ents) == n_ents


def test_a_mention_below_the_threshold_keeps_its_place(scripted_nlp):
    """It is the second Oslo that is sure, and not the first."""
    found = [("LOC", "Oslo", 0.2), ("LOC", "Oslo", 0.9)]
    doc = scripted_nlp(lambda text: found, threshold=0.5)("Oslo or Oslo")
    assert [ent.start for ent in doc.ents] == [2]


def test_a_higher_threshold_never_adds_an_entity(scripted_nlp):
    choose = random.Random(0)
    words = TEXT.split()
    found: list[tuple[str, str, float]] = []
    nlp = scripted_nlp(lambda text: found)
    for _ in range(30):
        found.clear()
        for _ in range(8):
            start = choose.randrange(len(words))
            string = " ".join(words[start : start + choose.randint(1, 3)])
            label = choose.choice(("PER", "ORG", "LOC"))
            found.append((label, string, choose.random() + 1e-9))
        nested = []
        for threshold in (0.0, 0.2, 0.4, 0.6, 0.8, 1.0):
            nlp.get_pipe("padellm_ner").threshold = threshold
            doc = nlp(TEXT)
            nested.append({(ent.start, ent.end, ent.label_) for ent in doc.ents})
        assert nested == sorted(nested, key=len, reverse=True)
        assert all(more >= less for more, less in zip(nested, nested[1:], strict=False))


# -- overlaps and duplicates ----------------------------------------------------------


def test_the_group_holds_all_mentions_where_they_may_overlap(scripted_nlp):
    nlp = scripted_nlp(lambda text: [BANK, ENGLAND, LONDON], allow_overlap=True)
    doc = nlp(TEXT)
    assert ents(doc) == [("England", "LOC"), ("London", "LOC")]
    assert group(doc) == [
        ("Bank of England", "ORG", 0.6),
        ("England", "LOC", 0.9),
        ("London", "LOC", 0.3),
    ]
    assert doc.spans["padellm_ner"].has_overlap
    assert [span._.score for span in doc.spans["padellm_ner"]] == [0.6, 0.9, 0.3]
    assert dropped(doc) == {"overlap": 1}, "counted: it is no entity"


def test_the_threshold_holds_for_overlapping_mentions_too(scripted_nlp):
    nlp = scripted_nlp(lambda text: [BANK, ENGLAND], allow_overlap=True, threshold=0.7)
    assert group(nlp(TEXT)) == [("England", "LOC", 0.9)]


@pytest.mark.parametrize("allow_overlap", [False, True])
def test_a_string_may_keep_all_labels_that_claim_it(scripted_nlp, allow_overlap):
    found = [("PER", "Paris", 0.6), ("LOC", "Paris", 0.8)]
    nlp = scripted_nlp(
        lambda text: found, deduplicate=False, allow_overlap=allow_overlap
    )
    doc = nlp("Paris left")
    assert ents(doc) == [("Paris", "LOC")]
    both = [("Paris", "LOC", 0.8), ("Paris", "PER", 0.6)]
    assert group(doc) == (both if allow_overlap else both[:1])
    assert dropped(doc) == {"overlap": 1}
    # one number for both: the entity's
    assert {span._.score for span in doc.spans["padellm_ner"]} == {0.8}


def test_without_deduplication_a_string_may_be_another_thing_elsewhere(scripted_nlp):
    found = [("PER", "Paris", 0.6), ("LOC", "Paris", 0.8), ("LOC", "Paris", 0.1)]
    text = "Paris went to Paris"
    keep = scripted_nlp(lambda text: found, deduplicate=False)
    assert ents(keep(text)) == [("Paris", "LOC"), ("Paris", "LOC")]
    only = scripted_nlp(lambda text: [*found, *found], deduplicate=True)
    doc = only(text)
    assert ents(doc) == [("Paris", "LOC"), ("Paris", "LOC")]
    assert dropped(doc) == {"duplicate": 2, "not in text": 2}


@pytest.mark.parametrize("deduplicate", [False, True])
def test_a_string_that_occurs_twice_may_have_a_label_each(scripted_nlp, deduplicate):
    found = [
        ("PER", "Washington", 0.9),
        ("PER", "Madison", 0.9),
        ("LOC", "Washington", 0.8),
        ("LOC", "Madison", 0.8),
    ]
    nlp = scripted_nlp(lambda text: found, deduplicate=deduplicate)
    doc = nlp("Washington wrote from Washington to Madison in Madison")
    assert [ent.label_ for ent in doc.ents] == ["PER", "LOC"] * 2
    assert dropped(doc) == {}


def test_overlapping_mentions_stand_beside_a_ruler_s_entity(doc):
    bank = Span(doc, 4, 7, label="BANK")
    doc.set_ents([bank], default="missing")
    found = [LabelledSpan(4, 7, "ORG", 0.6), LabelledSpan(6, 7, "LOC", 0.9)]
    annotate(doc, found, allow_overlap=True)
    assert ents(doc) == [("Bank of England", "BANK")]
    assert group(doc) == [("Bank of England", "ORG", 0.6), ("England", "LOC", 0.9)]
    assert doc.ents[0]._.score is None, "the ruler gave none"
    assert dropped(doc) == {"overlap": 2}


def test_an_entity_that_is_there_and_found_again_is_not_dropped(doc):
    doc.set_ents([Span(doc, 8, 9, label="LOC", kb_id="Q84")], default="missing")
    annotate(doc, [LabelledSpan(8, 9, "LOC", 0.7), LabelledSpan(8, 9, "LOC", 0.6)])
    assert [(ent.text, ent.kb_id_) for ent in doc.ents] == [("London", "Q84")]
    assert dropped(doc) == {"overlap": 1}, "the second one"


@pytest.mark.parametrize("allow_overlap", [False, True])
def test_a_second_run_changes_nothing_either_way(doc, allow_overlap):
    found = [
        LabelledSpan(4, 7, "ORG", 0.6),
        LabelledSpan(6, 7, "LOC", 0.9),
        LabelledSpan(6, 7, "PER", 0.95),
        LabelledSpan(6, 7, "PER", 0.9),
    ]
    annotate(doc, found, allow_overlap=allow_overlap)
    first = doc.to_bytes()
    annotate(doc, found, allow_overlap=allow_overlap)
    assert doc.to_bytes() == first


# -- several components ---------------------------------------------------------------


def test_two_components_of_this_kind_share_a_group(doc):
    annotate(doc, [LabelledSpan(8, 9, "LOC", 0.7)], {"duplicate": 1}, by="first")
    annotate(doc, [LabelledSpan(0, 2, "PER", 0.9)], {"duplicate": 2}, by="second")
    annotate(doc, [LabelledSpan(0, 2, "PER", 0.9)], {"misaligned": 1}, by="second")
    assert group(doc) == [("Ann Lee", "PER", 0.9), ("London", "LOC", 0.7)]
    assert dropped(doc) == {"duplicate": 1, "misaligned": 1}
    assert doc.spans["padellm_ner"].attrs["dropped_by"] == {
        "first": {"duplicate": 1},
        "second": {"misaligned": 1},
    }


def test_a_spans_key_that_an_earlier_component_writes_is_refused(make_nlp):
    nlp = spacy.blank("en")
    nlp.add_pipe("span_ruler", config={"spans_key": "padellm_ner"})
    said = r"E809.*padellm_ner and span_ruler.*doc.spans\['padellm_ner'\].*spans_key"
    with pytest.raises(ValueError, match=said):
        nlp.add_pipe("padellm_ner", config={"spans_key": "padellm_ner"})
    nlp.add_pipe("padellm_ner", config={"spans_key": "names"})


@pytest.mark.parametrize("factory", ["spancat", "span_ruler", "span_finder"])
@pytest.mark.parametrize("way", ["call", "pipe", "initialize"])
def test_a_spans_key_that_a_later_component_writes_is_refused(
    scripted_nlp, factory, way
):
    nlp = scripted_nlp(lambda text: [])
    nlp.add_pipe(factory, config={"spans_key": "padellm_ner"})
    with pytest.raises(ValueError, match=f"E809.*padellm_ner and {factory}"):
        if way == "call":
            nlp("Oslo")
        elif way == "pipe":
            list(nlp.pipe(["Oslo"]))
        else:
            nlp.initialize()


def test_components_that_do_not_meet_are_no_matter(scripted_nlp):
    nlp = scripted_nlp(lambda text: [LONDON])
    for name, key in (("beside", "ruler"), ("off", "padellm_ner")):
        ruler = nlp.add_pipe("span_ruler", name, config={"spans_key": key})
        ruler.add_patterns([{"label": "VERB", "pattern": "met"}])
    nlp.add_pipe("sentencizer")
    with nlp.select_pipes(disable="off"):
        assert group(nlp(TEXT)) == [("London", "LOC", 0.3)]
    nlp.remove_pipe("off")
    assert group(nlp(TEXT)) == [("London", "LOC", 0.3)]


def test_a_key_of_one_call_is_checked_as_well(scripted_nlp):
    nlp = scripted_nlp(lambda text: [])
    nlp.add_pipe("span_ruler")
    with pytest.raises(ValueError, match="E809.*'ruler'"):
        nlp("Oslo", component_cfg={"padellm_ner": {"spans_key": "ruler"}})
