"""Pointer: mentions as tokens that start, end and go on, and back to characters."""

import math
import re
from dataclasses import dataclass, field

import numpy as np
import pytest

from spacy_padellm.adapters.card import HeadCard
from spacy_padellm.formats.base import GoldText, Query, as_trained
from spacy_padellm.formats.label_reading import LABEL_READINGS, PART_NAMES
from spacy_padellm.formats.one_step import build_one_step_v1
from spacy_padellm.formats.pointer import Pointer, build_pointer_v1

from ..trees.one_row import in_one_row, seen_by

LABELS = {"PER": "person", "LOC": "place"}
TEXT = "Ann Lee left Oslo, and Oslo wept."
SPACE_IN_WORDS = pytest.mark.xfail(
    strict=True, reason="sentencepiece puts a space before each part of a text"
)

KINDS = [
    "tiny_tokenizer",
    "split_by_regex",
    pytest.param("metaspace", marks=SPACE_IN_WORDS),
]
SURE = 6.0  # log-odds of what is so; the negative of what is not


# -- what is learned ------------------------------------------------------------------


def gold_of(text, spans, tokenizer, labels=LABELS, **other):
    return Pointer().gold_tree(Query(text, labels), GoldText(spans, **other), tokenizer)


def strings_of(tree, tokenizer, number):
    """What the tokens of a label's mentions spell."""
    return [
        spelled(tree, slice(first, last + 1), tokenizer)
        for label, first, last in tree.spans
        if label == number
    ]


def known_string(tree, tokenizer):
    return spelled(tree, tree.known, tokenizer)


def spelled(tree, tokens, tokenizer):
    return " ".join(tokenizer.decode(tree.ids[tree.keys[tokens]].tolist()).split())


@pytest.mark.parametrize("kind", KINDS)
def test_mentions_are_the_tokens_that_spell_them(request, workshop, kind):
    tokenizer = request.getfixturevalue(kind)
    labels = {"PART": "part", "TOOL": "tool", "FAULT": "fault"}
    for row in workshop[:60]:
        tree = gold_of(row.text, row.spans, tokenizer, labels)
        assert tree.known.all()
        for number, label in enumerate(labels):
            assert strings_of(tree, tokenizer, number) == [
                row.text[start:end] for start, end in row.spans.get(label, ())
            ]


@pytest.mark.parametrize("labels", [None, "once", "behind", "alone"])
def test_a_label_sees_the_text_or_not(tiny_tokenizer, labels):
    format = Pointer(labels=labels)
    tree = format.gold_tree(Query(TEXT, LABELS), GoldText({}), tiny_tokenizer)
    row, first = in_one_row(tree)
    for node, name in zip(tree.queries, LABELS.values(), strict=True):
        text = "" if labels == "alone" else f" {TEXT}\n"
        expected = f"<|im_start|>{text}{name}:"
        assert tiny_tokenizer.decode(seen_ids(row, node + first)) == expected
    assert tiny_tokenizer.decode(tree.ids[tree.keys].tolist()) == f" {TEXT}"


def test_a_name_that_is_read_once_follows_what_every_label_follows(tiny_tokenizer):
    tree = Pointer().gold_tree(Query(TEXT, LABELS), GoldText({}), tiny_tokenizer)
    row, _ = in_one_row(tree)
    for node, name in zip(tree.queries, LABELS.values(), strict=True):
        last_of_name = tree.links[node, 1] - 1
        seen = tiny_tokenizer.decode(seen_ids(row, last_of_name))
        assert seen == f"<|im_start|>\n{name}"


def seen_ids(tree, node):
    """The ids that a node sees, in the order of their positions."""
    seen = np.array(seen_by(tree, node))
    order = np.argsort(tree.positions[seen], kind="stable")
    return tree.ids[seen][order].tolist()


@pytest.mark.parametrize("kind", KINDS)
def test_a_border_within_a_token_splits_the_text(request, workshop, kind):
    tokenizer, n_split = request.getfixturevalue(kind), 0
    for row in workshop[:60]:
        whole = Pointer().encode(Query(row.text, LABELS), tokenizer).text
        places = [(a - whole.shift, b - whole.shift) for a, b in whole.encoded.offsets]
        start, end = max(places, key=lambda place: place[1] - place[0])
        if end - start < 3:
            continue
        within = start + 1, end - 1
        tree = gold_of(row.text, {"LOC": [within]}, tokenizer)
        assert strings_of(tree, tokenizer, 1) == [row.text[slice(*within)].strip()]
        assert len(tree.keys) > whole.n_tokens
        n_split += 1
    assert n_split > 40


def test_labels_are_numbered_as_they_are_asked(tiny_tokenizer):
    spans = {"PER": [(0, 7)], "LOC": [(13, 17), (23, 27)], "DATE": [(8, 12)]}
    tree = gold_of(TEXT, spans, tiny_tokenizer)
    assert strings_of(tree, tiny_tokenizer, 0) == ["Ann Lee"]
    assert strings_of(tree, tiny_tokenizer, 1) == ["Oslo", "Oslo"]
    backwards = dict(reversed(LABELS.items()))
    tree = gold_of(TEXT, spans, tiny_tokenizer, backwards)
    assert strings_of(tree, tiny_tokenizer, 0) == ["Oslo", "Oslo"]
    assert strings_of(tree, tiny_tokenizer, 1) == ["Ann Lee"]
    assert len(tree.spans) == 3, "nothing is learned of what is not asked"


def test_nested_mentions_are_learned(any_tokenizer):
    text = "the University of Oslo Press"
    spans = {"LOC": [(4, 22), (4, 28), (18, 22)], "PER": [(18, 22)]}
    tree = gold_of(text, spans, any_tokenizer)
    assert strings_of(tree, any_tokenizer, 1) == [
        text[start:end] for start, end in spans["LOC"]
    ]
    assert strings_of(tree, any_tokenizer, 0) == ["Oslo"]


def test_a_text_without_mentions_teaches_that(tiny_tokenizer):
    tree = gold_of(TEXT, {}, tiny_tokenizer)
    assert tree.spans.shape == (0, 3) and tree.known.all()


@pytest.mark.parametrize("kind", ["unknown", "cut"])
def test_nothing_is_learned_of_parts_without_annotation(tiny_tokenizer, kind):
    tree = gold_of(TEXT, {"PER": [(0, 7)]}, tiny_tokenizer, **{kind: [(12, 33)]})
    assert known_string(tree, tiny_tokenizer) == "Ann Lee left"
    more = gold_of(TEXT, {}, tiny_tokenizer, unknown=[(0, 3)], cut=[(8, 12), (17, 33)])
    assert known_string(more, tiny_tokenizer) == "Lee Oslo"


def test_the_whole_token_is_unknown_if_a_part_of_it_is(tiny_tokenizer):
    text = "a mention"
    whole = Pointer().encode(Query(text, LABELS), tiny_tokenizer).text
    assert whole.n_tokens == 2
    tree = gold_of(text, {}, tiny_tokenizer, unknown=[(4, 5)])
    assert known_string(tree, tiny_tokenizer) == "a"


def test_a_text_without_any_annotation_teaches_nothing(tiny_tokenizer):
    words = [(0, 1), (2, 9)]
    assert gold_of("a mention", {}, tiny_tokenizer, unknown=words) is None
    assert gold_of("a mention", {}, tiny_tokenizer, unknown=words[:1]) is not None


@pytest.mark.parametrize("text", [TEXT, "Ann  Lee\nleft", "\n1990", "1990"])
def test_tokens_of_whitespace_teach_nothing_by_themselves(any_tokenizer, text):
    words = [match.span() for match in re.finditer(r"\S+", text)]
    assert gold_of(text, {}, any_tokenizer, unknown=words) is None


@pytest.mark.parametrize("span", [(3, 4), (3, 3)])
def test_a_mention_of_nothing_is_left_out(tiny_tokenizer, span):
    """spaCy's span groups may have such."""
    spans = {"PER": [span, (4, 7)]}
    tree = gold_of(TEXT, spans, tiny_tokenizer)
    assert strings_of(tree, tiny_tokenizer, 0) == ["Lee"]


# -- from log-odds to mentions --------------------------------------------------------


@dataclass
class Given:
    """A session that answers with these log-odds, one text after the other. Where there
    are none, nothing is found."""

    log_odds: list[np.ndarray]
    trees: list = field(default_factory=list)
    breadths: dict = field(default_factory=dict)

    def score(self, trees):
        self.trees += trees
        return self.log_odds or [
            np.full((len(tree.queries), len(tree.keys), 3), -SURE) for tree in trees
        ]


def log_odds_of(encoded, spans):
    """Log-odds [labels, tokens, 3], float32, that name characters of the text."""
    text, labels = encoded.text, list(encoded.query.labels)
    found = np.full((len(labels), text.n_tokens, 3), -SURE, dtype=np.float32)
    for label, places in spans.items():
        for start, end in places:
            tokens = [
                number
                for number, (a, b) in enumerate(text.encoded.offsets)
                if a - text.shift < end and b - text.shift > start
            ]
            row = found[labels.index(label)]
            row[tokens[0], 0] = row[tokens[-1], 1] = SURE
            row[tokens[1:], 2] = SURE
    return found


def extract(texts, tokenizer, *, labels=LABELS, format=None):
    """texts: a text and its mentions, each. The extractions, and the session."""
    format = format or Pointer()
    encoded = [format.encode(Query(text, labels), tokenizer) for text, _ in texts]
    session = Given(
        [
            log_odds_of(one, spans)
            for one, (_, spans) in zip(encoded, texts, strict=True)
        ]
    )
    return format.extract(encoded, session), session


@pytest.mark.parametrize(
    ("text", "spans"),
    [
        (TEXT, {"PER": [(0, 7)], "LOC": [(13, 17), (23, 27)]}),
        (TEXT, {"PER": [(13, 17)], "LOC": [(23, 27)]}),
        (TEXT, {}),
        ("  Ann  Lee\n\nleft", {"PER": [(2, 10)]}),
        ("\nOslo\n", {"LOC": [(1, 5)]}),
        ("李伟去了東京。", {"PER": [(0, 2)], "LOC": [(4, 6)]}),
        ("👍🏽 Oslo 👍", {"LOC": [(3, 7)], "PER": [(8, 9)]}),
    ],
    ids=repr,
)
def test_mentions_say_where_they_stand(any_tokenizer, text, spans):
    [extraction], _ = extract([(text, spans)], any_tokenizer)
    assert extraction.counts == {label: len(spans.get(label, ())) for label in LABELS}
    expected = [
        (label, text[start:end], start, index)
        for label in LABELS
        for index, (start, end) in enumerate(spans.get(label, ()), start=1)
    ]
    found = [(one.label, one.text, one.start, one.index) for one in extraction.mentions]
    assert found == expected
    for one in extraction.mentions:
        assert one.score == pytest.approx(1 / (1 + math.exp(-SURE)), rel=1e-5)


def test_each_text_has_its_own_extraction_and_labels(tiny_tokenizer):
    texts = [("Ann left", {"PER": [(0, 3)]}), ("Oslo", {"LOC": [(0, 4)]})]
    extractions, session = extract(texts, tiny_tokenizer)
    found = [[one.text for one in each.mentions] for each in extractions]
    assert found == [["Ann"], ["Oslo"]]
    assert len(session.trees) == 2
    nothing, session = extract([], tiny_tokenizer)
    assert nothing == []


def test_labels_alone_are_one_tree_for_texts_with_the_same_labels(tiny_tokenizer):
    format = Pointer(labels="alone")
    texts = [("Ann left", {"PER": [(0, 3)]}), ("Oslo", {"LOC": [(0, 4)]})]
    extractions, session = extract(texts, tiny_tokenizer, format=format)
    assert [len(each.mentions) for each in extractions] == [1, 1]
    first, second = session.trees
    assert first.kept is second.kept is not None
    ids = first.kept.ids[first.kept.ids != tiny_tokenizer.bos_id].tolist()
    assert sorted(tiny_tokenizer.decode(ids).split(":")) == ["", "person", "place"]


def test_names_are_one_tree_for_texts_with_the_same_labels(tiny_tokenizer):
    texts = [("Ann left", {"PER": [(0, 3)]}), ("Oslo", {"LOC": [(0, 4)]})]
    extractions, session = extract(texts, tiny_tokenizer)
    assert [len(each.mentions) for each in extractions] == [1, 1]
    first, second = session.trees
    assert first.kept is second.kept
    for (text, _), tree in zip(texts, session.trees, strict=True):
        ids = tiny_tokenizer.encode(f" {text}\n", add_special_tokens=False).ids
        assert len(tree) == 1 + len(ids) + len(LABELS)


@pytest.mark.parametrize(
    ("names", "labels"),
    [
        (["a"] * 300, [300]),
        (["a"] * 600, [512, 88]),
        ([f"a place {'of some kind ' * 40}{i}" for i in range(30)], None),
        (["of some kind " * 1500, "a place", "a town"], [1, 2]),
    ],
    ids=["few", "many", "long", "one that is very long"],
)
def test_names_are_read_in_parts_that_are_not_too_large(tiny_tokenizer, names, labels):
    asked = {f"LABEL{i}": name for i, name in enumerate(names)}
    text = "Ann left Oslo."
    format = Pointer(prefer_narrow=0)
    encoded = format.encode(Query(text, asked), tiny_tokenizer)
    session = Given([])
    [extraction] = format.extract([encoded], session)
    assert extraction.counts == dict.fromkeys(asked, 0)
    sizes = [len(tree.queries) for tree in session.trees]
    assert sum(sizes) == len(names)
    if labels is None:
        tokens = [
            int(np.diff(tree.kept.names).sum()) + len(tree.queries)
            for tree in session.trees
        ]
        assert len(sizes) > 1 and max(tokens) <= PART_NAMES < sum(tokens[:2])
    else:
        assert sizes == labels


@pytest.mark.parametrize("way", ["once", "behind"])
def test_what_is_learned_is_what_is_read(any_tokenizer, workshop, way):
    """Where no border of a mention is within a token, so that both see the same."""
    labels = {"PART": "part", "TOOL": "tool", "FAULT": "fault"}
    format, n_same = Pointer(labels=way), 0
    for row in workshop[:60]:
        query = Query(row.text, labels)
        gold = format.gold_tree(query, GoldText(row.spans), any_tokenizer)
        encoded = format.encode(query, any_tokenizer)
        session = Given([log_odds_of(encoded, row.spans)])
        [extraction] = format.extract([encoded], session)
        [tree] = session.trees
        if tree.ids.tolist() == gold.ids.tolist():
            n_same += 1
            if way == "once":
                assert tree.kept.key == gold.kept.key
            for name in ("positions", "starts", "ends", "links", "queries", "keys"):
                assert getattr(tree, name).tolist() == getattr(gold, name).tolist()
            found = [(one.label, one.start, one.text) for one in extraction.mentions]
            assert found == [
                (label, start, row.text[start:end])
                for label in labels
                for start, end in row.spans.get(label, ())
            ]
    assert n_same > 20


def test_a_mention_has_no_part_of_a_character(tiny_tokenizer):
    """Each of these characters has three tokens."""
    encoded = Pointer().encode(Query("東京", {"LOC": "place"}), tiny_tokenizer)
    assert encoded.text.n_tokens == 6 or encoded.text.n_tokens == 7
    first = encoded.text.n_tokens - 6
    log_odds = np.full((1, encoded.text.n_tokens, 3), -SURE, dtype=np.float32)
    log_odds[0, first + 1, 0] = log_odds[0, first + 4, 1] = SURE
    log_odds[0, :, 2] = SURE
    [within] = Pointer().extract([encoded], Given([log_odds]))
    assert within.mentions == ()
    log_odds[0, first, 0] = log_odds[0, first + 5, 1] = SURE
    [whole] = Pointer().extract([encoded], Given([log_odds]))
    assert [one.text for one in whole.mentions] == ["東京"]


def test_a_mention_begins_and_ends_with_no_whitespace(any_tokenizer):
    text = "\n\nAnn\n\n\nLee\n\n"
    encoded = Pointer().encode(Query(text, {"PER": "person"}), any_tokenizer)
    log_odds = np.full((1, encoded.text.n_tokens, 3), SURE, dtype=np.float32)
    [extraction] = Pointer().extract([encoded], Given([log_odds]))
    assert extraction.mentions
    for one in extraction.mentions:
        assert one.text == one.text.strip() == text[one.start :][: len(one.text)]


@pytest.mark.parametrize("threshold", [0.0, 0.3, 0.6, 1.0])
def test_the_threshold_is_the_least_score(tiny_tokenizer, threshold):
    encoded = Pointer().encode(Query("Oslo", {"LOC": "place"}), tiny_tokenizer)
    log_odds = log_odds_of(encoded, {"LOC": [(0, 4)]})
    log_odds[log_odds > 0] = 0  # a half
    format = build_pointer_v1(threshold=threshold)
    [extraction] = format.extract([encoded], Given([log_odds]))
    assert ("Oslo" in [one.text for one in extraction.mentions]) == (threshold <= 0.5)


@pytest.mark.parametrize(
    "thresholds, found",
    [(None, []), ({"LOC": 0.4}, ["Oslo"]), ({"PER": 0.4}, ["Ann"]), ({"LOC": 0.9}, [])],
)
def test_a_label_may_have_a_threshold_of_its_own(tiny_tokenizer, thresholds, found):
    text, labels = "Ann Oslo", {"PER": "person", "LOC": "place"}
    encoded = Pointer().encode(Query(text, labels), tiny_tokenizer)
    log_odds = log_odds_of(encoded, {"PER": [(0, 3)], "LOC": [(4, 8)]})
    log_odds[log_odds > 0] = 0  # a half
    format = build_pointer_v1(threshold=0.6, thresholds=thresholds)
    [extraction] = format.extract([encoded], Given([log_odds]))
    assert [one.text for one in extraction.mentions] == found


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_scores_that_are_no_numbers_name_the_text(tiny_tokenizer, value):
    texts = [("Ann left", {}), ("Oslo " * 30, {})]
    format = Pointer()
    encoded = [format.encode(Query(text, LABELS), tiny_tokenizer) for text, _ in texts]
    log_odds = [log_odds_of(one, {}) for one in encoded]
    log_odds[1][1, 3, 2] = value
    with pytest.raises(ValueError, match="E511.*begins 'Oslo Oslo ") as error:
        format.extract(encoded, Given(log_odds))
    assert "Ann" not in str(error.value) and len(str(error.value)) < 400


@pytest.mark.parametrize("threshold", [0.0, 0.35])
@pytest.mark.parametrize("value", [1e30, -1e30])
def test_large_log_odds_are_no_error(tiny_tokenizer, value, threshold):
    encoded = Pointer().encode(Query("Oslo", {"LOC": "place"}), tiny_tokenizer)
    log_odds = np.full((1, encoded.text.n_tokens, 3), value, dtype=np.float32)
    format = Pointer(threshold=threshold)
    [extraction] = format.extract([encoded], Given([log_odds]))
    assert bool(extraction.mentions) == (value > 0 or threshold == 0)
    for one in extraction.mentions:
        assert one.score == pytest.approx(float(value > 0))


# -- settings -------------------------------------------------------------------------


def test_an_adapter_is_for_one_way_of_asking():
    ways = {way: build_pointer_v1(labels=way, size=16) for way in LABEL_READINGS}
    assert {way: format.name for way, format in ways.items()} == {
        "once": "Pointer, labels once",
        "behind": "Pointer",
        "alone": "Pointer, labels alone",
    }
    assert ways["alone"].head == HeadCard(size=16)


@pytest.mark.parametrize("way", [*LABEL_READINGS])
def test_an_adapter_says_how_it_was_trained(way):
    """Unless the setting does. A new adapter reads names once."""
    format = build_pointer_v1(threshold=0.2)
    assert format.name == "Pointer, labels once"
    trained = as_trained(format, LABEL_READINGS[way].format_name)
    assert trained == build_pointer_v1(labels=way, threshold=0.2)
    for other in LABEL_READINGS:
        chosen = build_pointer_v1(labels=other)
        assert as_trained(chosen, LABEL_READINGS[way].format_name) is chosen


@pytest.mark.parametrize("name", ["", "PaDeLLM compact", "Pointer, labels before"])
def test_an_adapter_of_another_format_decides_nothing(name):
    """Nor does one that was never saved, and has no name of a format yet."""
    format = build_pointer_v1()
    assert as_trained(format, name) is format


def test_formats_that_leave_nothing_open_are_what_they_are():
    format = build_one_step_v1()
    assert as_trained(format, "Pointer, labels alone") is format


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"threshold": 1.5}, "E805.*threshold is 1.5"),
        ({"threshold": None}, "E805.*threshold is None"),
        ({"thresholds": {"PER": -1}}, "E805.*thresholds.PER is -1"),
        ({"size": 0}, "E502.*size is 0"),
        ({"labels": "before"}, "E513.*'before'.*'once'.*'behind'.*'alone'"),
    ],
)
def test_wrong_settings_are_refused(settings, said):
    with pytest.raises(ValueError, match=said):
        build_pointer_v1(**settings)
