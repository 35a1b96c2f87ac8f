"""The k-th mention with the same text is aligned with its k-th occurrence."""

import time
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_padellm.spans.align import Alignment, align_mentions, boundaries
from spacy_padellm.types import Mention, PlacedMention

from .random_docs import ODD_WORDS, docs, make_doc


def numbered(*texts, label="ORG"):
    return [Mention(label, text, i, -1.0) for i, text in enumerate(texts, start=1)]


def align(doc, mentions):
    text, starts, ends = boundaries(doc)
    return align_mentions(text, mentions, starts=starts, ends=ends)


def places(doc, mentions):
    return [(found.start, found.end) for found in align(doc, mentions).placed]


def slow_align(text, mentions, starts, ends):
    """Alignment by trying every pair of characters."""

    def loose(string):
        return " ".join(string.split())

    def occurrences(wanted):
        pairs = [
            (start, end)
            for start in range(len(text))
            for end in range(start + 1, len(text) + 1)
            if text[start:end] == text[start:end].strip()
        ]
        found = [p for p in pairs if wanted and text[p[0] : p[1]] == wanted]
        found = found or [
            p for p in pairs if wanted and loose(text[p[0] : p[1]]) == loose(wanted)
        ]
        found = [p for p in found if p[0] in starts and p[1] in ends] or found
        apart = []
        for place in found:
            if not apart or place[0] >= apart[-1][1]:
                apart.append(place)
        return apart

    def rank(claim):
        return -len(loose(claim[1])), claim[1] not in text

    placed = {}
    claims = dict.fromkeys((m.text.strip(), m.label) for m in mentions)
    for label, wanted in sorted(
        ((label, wanted) for wanted, label in claims),
        key=lambda claim: (*rank(claim), claim[1], first(claim, mentions)),
    ):
        numbers = [
            number
            for number, m in enumerate(mentions)
            if (m.label, m.text.strip()) == (label, wanted)
        ]
        numbers.sort(key=lambda number: mentions[number].index)
        others = [found for found in placed.values() if found.mention.label == label]
        pool = [
            place
            for place in occurrences(wanted)
            if place not in [(found.start, found.end) for found in others]
        ]
        longer = [
            found
            for found in placed.values()
            if len(loose(found.mention.text)) > len(loose(wanted))
        ]
        nested = [
            place
            for place in pool
            if any(f.start <= place[0] and place[1] <= f.end for f in longer)
        ]
        claimed = [(found.start, found.end) for found in placed.values()]
        pool.sort(key=lambda place: (place in nested, place in claimed))
        pool = sorted(pool[: len(numbers)])
        for number, place in zip(numbers, pool, strict=False):
            placed[number] = PlacedMention(mentions[number], *place)
    return Alignment(
        sorted((placed[n] for n in sorted(placed)), key=lambda f: (f.start, f.end)),
        [m for number, m in enumerate(mentions) if number not in placed],
    )


def first(claim, mentions):
    """The number of the first mention of a label with a string."""
    return [(m.label, m.text.strip()) for m in mentions].index(claim)


def outcome(alignment):
    """Where each string was placed, how many of each label, and what is missing."""
    placed = alignment.placed
    return (
        sorted((p.start, p.end) for p in placed),
        sorted((p.mention.label, p.mention.text.strip()) for p in placed),
        sorted(map(repr, alignment.missing)),
    )


small_texts = st.text(alphabet="ab \n", max_size=14)
small_mentions = st.lists(
    st.builds(
        Mention,
        label=st.sampled_from(["ORG", "PER"]),
        text=st.text(alphabet="ab \n", max_size=4),
        index=st.integers(min_value=1, max_value=5),
        logprob=st.just(-1.0),
    ),
    max_size=8,
)
offsets = st.sets(st.integers(min_value=0, max_value=14))


# Two spellings of one string under one label are settled in the order given, which
# the slow version's sets do not keep: it is asked about mentions of one spelling.
@given(small_texts, small_mentions, offsets, offsets)
def test_alignment_equals_the_slow_version(text, mentions, starts, ends):
    spelling = {}
    mentions = [
        m
        for m in mentions
        if spelling.setdefault(" ".join(m.text.split()), m.text.strip())
        == m.text.strip()
    ]
    fast = align_mentions(text, mentions, starts=starts, ends=ends)
    assert outcome(fast) == outcome(slow_align(text, mentions, starts, ends))


@given(small_texts, small_mentions, offsets, offsets)
def test_placed_text_is_the_mention_up_to_whitespace(text, mentions, starts, ends):
    found = align_mentions(text, mentions, starts=starts, ends=ends)
    for place in found.placed:
        assert text[place.start : place.end].split() == place.mention.text.split()
        assert place.start < place.end


@given(small_texts, small_mentions, offsets, offsets)
def test_every_mention_is_placed_or_missing(text, mentions, starts, ends):
    found = align_mentions(text, mentions, starts=starts, ends=ends)
    both = [place.mention for place in found.placed] + found.missing
    assert sorted(both, key=repr) == sorted(mentions, key=repr)


@given(small_texts, small_mentions, offsets, offsets)
def test_no_label_gets_a_place_twice(text, mentions, starts, ends):
    found = align_mentions(text, mentions, starts=starts, ends=ends)
    claimed = [(p.mention.label, p.start, p.end) for p in found.placed]
    assert len(claimed) == len(set(claimed))


@given(docs(), st.data())
def test_gold_spans_written_in_text_order_are_found_again(doc, data):
    cuts = data.draw(st.lists(st.integers(0, len(doc)), max_size=6))
    cuts = sorted(set(cuts))
    gold = [doc[a:b] for a, b in zip(cuts[::2], cuts[1::2], strict=False)]
    # All occurrences of a string, or the k-th mention is not the k-th occurrence.
    chosen = {span.text for span in gold if span.text == span.text.strip() != ""}
    every = sorted(
        (at, at + len(text)) for text in chosen for at in slow_starts(doc, text)
    )
    if any(b[0] < a[1] for a, b in zip(every, every[1:], strict=False)):
        return
    mentions = numbered(*(doc.text[start:end] for start, end in every))
    assert places(doc, mentions) == every


def slow_starts(doc, text):
    """Return the occurrences of `text` at token boundaries, without overlaps."""
    tokens = range(len(doc))
    found = []
    for span in (doc[i : j + 1] for i in tokens for j in tokens[i:]):
        clear = not found or span.start_char >= found[-1] + len(text)
        if span.text == text and clear:
            found.append(span.start_char)
    return found


def test_like_mentions_go_to_their_occurrences_in_text_order():
    doc = make_doc("Bank", "a", "Bank", "a", "Bank")
    assert places(doc, numbered("Bank", "Bank")) == [(0, 4), (7, 11)]


def test_the_index_counts_and_not_the_order_given():
    doc = make_doc("Bank", "a", "Bank")
    first, second = numbered("Bank", "Bank")
    found = align(doc, [second, first]).placed
    assert [place.mention for place in found] == [first, second]


def test_whole_tokens_come_before_parts_of_tokens():
    assert places(make_doc("Banks", "Bank"), numbered("Bank")) == [(6, 10)]


def test_parts_of_tokens_are_found_where_there_is_no_whole_token():
    assert places(make_doc("a", "Banks"), numbered("Bank")) == [(2, 6)]


def test_a_short_mention_goes_past_the_longer_one_to_a_free_place():
    doc = make_doc("Bank", "of", "England", "a", "Bank")
    assert places(doc, numbered("Bank of England", "Bank")) == [(0, 15), (18, 22)]


def test_it_does_so_past_a_longer_mention_of_another_label():
    doc = make_doc("Bank", "of", "England", "a", "Bank")
    mentions = numbered("Bank of England") + numbered("Bank", label="LOC")
    assert places(doc, mentions) == [(0, 15), (18, 22)]


def test_with_no_free_place_left_a_mention_nests_in_the_longer_one():
    doc = make_doc("Bank", "of", "England", "a", "Bank")
    long, first, second = numbered("Bank of England", "Bank", "Bank")
    assert align(doc, [long, first, second]).placed == [
        PlacedMention(first, 0, 4),
        PlacedMention(long, 0, 15),
        PlacedMention(second, 18, 22),
    ]


def claims(*given):
    """Mentions of (label, text, logprob), numbered under their label."""
    counts = Counter()
    mentions = []
    for label, text, logprob in given:
        counts[label] += 1
        mentions.append(Mention(label, text, counts[label], logprob))
    return mentions


def labels_of(doc, mentions, **settings):
    """The label at each place."""
    text, starts, ends = boundaries(doc)
    found = align_mentions(text, mentions, starts=starts, ends=ends, **settings)
    return [(place.start, place.mention.label) for place in found.placed]


MET = make_doc(*"Washington met Adams in Washington .".split())


@pytest.mark.parametrize("exclusive", [False, True])
def test_a_claim_goes_to_a_free_occurrence(exclusive):
    words = "Washington wrote from Washington to Madison in Madison".split()
    mentions = claims(
        ("PER", "Washington", -0.1),
        ("PER", "Madison", -0.1),
        ("LOC", "Washington", -0.2),
        ("LOC", "Madison", -0.2),
    )
    assert labels_of(make_doc(*words), mentions, exclusive=exclusive) == [
        (0, "PER"),
        (22, "LOC"),
        (36, "PER"),
        (47, "LOC"),
    ]


@pytest.mark.parametrize("logprob", [-2.0, -0.1])
def test_mentions_of_a_label_stay_in_text_order(logprob):
    """Whichever label is the more probable one."""
    per = [("PER", "Washington", logprob), ("PER", "Adams", -0.1)]
    loc = [("LOC", "Washington", -1.0)]
    assert labels_of(MET, claims(*per, *loc)) == [
        (0, "PER"),
        (15, "PER"),
        (24, "LOC"),
    ]
    assert labels_of(MET, claims(*per[::-1], *loc)) == [
        (0, "LOC"),
        (15, "PER"),
        (24, "PER"),
    ]


def test_an_exclusive_occurrence_has_its_best_label():
    mentions = claims(("ORG", "Adams", -2.0), ("PER", "Adams", -0.1))
    text, starts, ends = boundaries(MET)
    found = align_mentions(text, mentions, starts=starts, ends=ends, exclusive=True)
    assert [place.mention for place in found.placed] == mentions[1:]
    assert (found.duplicates, found.missing) == (mentions[:1], [])


def test_the_best_label_has_all_its_mentions_and_others_what_is_left():
    first = [("LOC", "Washington", -3.0), ("LOC", "Washington", -0.1)]
    mentions = claims(*first, ("PER", "Washington", -1.0))
    text, starts, ends = boundaries(MET)
    found = align_mentions(text, mentions, starts=starts, ends=ends, exclusive=True)
    assert [place.mention for place in found.placed] == mentions[:2]
    assert found.duplicates == mentions[2:]


def test_a_worse_label_does_not_go_inside_a_longer_mention():
    doc = make_doc(*"Bank of England in England".split())
    mentions = claims(
        ("ORG", "Bank of England", -0.1),
        ("LOC", "England", -0.2),
        ("PER", "England", -3.0),
    )
    assert labels_of(doc, mentions, exclusive=True) == [(0, "ORG"), (19, "LOC")]


@given(small_texts, small_mentions, offsets, offsets)
def test_exclusive_places_have_one_label(text, mentions, starts, ends):
    found = align_mentions(text, mentions, starts=starts, ends=ends, exclusive=True)
    claimed = [(place.start, place.end) for place in found.placed]
    assert len(claimed) == len(set(claimed))
    all_of_them = [p.mention for p in found.placed] + found.missing + found.duplicates
    assert sorted(all_of_them, key=repr) == sorted(mentions, key=repr)


def test_labels_may_share_a_place():
    doc = make_doc("Bank")
    mentions = numbered("Bank") + numbered("Bank", label="LOC")
    assert places(doc, mentions) == [(0, 4), (0, 4)]


def test_what_is_claimed_more_often_than_it_occurs_is_missing():
    mentions = numbered("Bank", "Bank", "Bank")
    found = align(make_doc("Bank", "Bank"), mentions)
    assert [place.mention for place in found.placed] == mentions[:2]
    assert found.missing == mentions[2:]


def test_two_spellings_of_one_string_do_not_share_a_place():
    mentions = numbered("a  Bank", "a Bank")
    found = align(make_doc("a", "Bank"), mentions)
    assert [place.mention for place in found.placed] == mentions[1:]
    assert found.missing == mentions[:1]


def test_overlapping_occurrences_of_a_string_count_once():
    assert places(make_doc(*"aaaa"), numbered("a a", "a a")) == [(0, 3), (4, 7)]


def test_inner_whitespace_matches_loosely():
    doc = make_doc("Bank", "\n", "of", " ", "England", spaces=[0, 0, 1, 1, 0])
    assert places(doc, numbered("Bank of\tEngland")) == [(0, len(doc.text))]


def test_an_exact_occurrence_comes_before_a_loose_one():
    doc = make_doc("a", "\n", "Bank", "a", "Bank", spaces=[0, 0, 1, 1, 0])
    assert places(doc, numbered("a Bank")) == [(7, 13)]


@pytest.mark.parametrize("text", ["", " ", "\n", "bank", "Ba nk", "Bank.", "Bank a"])
def test_nothing_matches_more_loosely_than_that(text):
    mentions = numbered(text)
    assert align(make_doc("Bank"), mentions) == Alignment([], mentions)


def test_outer_whitespace_of_a_mention_is_ignored():
    assert places(make_doc("a", "Bank"), numbered(" Bank\n")) == [(2, 6)]


ODD_MENTIONS = ("👍🏽", "ä", "مصر", "a\x00b", "(.*", "ß")


@pytest.mark.parametrize(
    "word", [word for word in ODD_WORDS + ODD_MENTIONS if word.strip()]
)
def test_offsets_are_exact_in_every_script(word):
    doc = make_doc("🙂", word, "银", word, spaces=[True, False, False, False])
    second = 2 + len(word) + 1
    assert places(doc, numbered(word, word)) == [
        (2, 2 + len(word)),
        (second, second + len(word)),
    ]


def test_the_boundaries_of_a_slice_count_from_its_start():
    doc = make_doc("a", "👍🏽", "Bank", ".", spaces=[True, True, False, True])
    text, starts, ends = boundaries(doc[1:4])
    assert (text, starts, ends) == ("👍🏽 Bank.", {0, 3, 7}, {2, 7, 8})
    assert boundaries(doc)[0] == doc.text
    assert boundaries(doc[2:2]) == boundaries(make_doc()) == ("", set(), set())


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("a" * 200_000, "a" * 1_000),
        ("a " * 100_000, "a " * 50 + "b"),
        ("a" + " " * 200_000 + "a", "a b"),
        ("ab " * 60_000, "b"),
    ],
)
def test_long_texts_take_a_moment(text, wanted):
    starts = {at for at in range(len(text)) if not text[at - 1].strip()} | {0}
    mentions = numbered(*[wanted] * 100)
    began = time.perf_counter()
    align_mentions(text, mentions, starts=starts, ends=starts)
    assert time.perf_counter() - began < 5


def test_a_mention_that_knows_its_place_stays_there():
    doc = make_doc(*"Bell met Bell and Bell .".split())
    known = Mention("PER", "Bell", 1, -1.0, start=9)
    free = Mention("PER", "Bell", 2, -1.0)
    assert places(doc, [known]) == [(9, 13)]
    # and no like mention is given its place
    assert places(doc, [free, known]) == [(0, 4), (9, 13)]
