"""The paper's de-duplication: a string belongs to its most probable label."""

from hypothesis import given
from hypothesis import strategies as st

from benchmarks.measuring.duplicates import drop_duplicates
from spacy_padellm.types import Mention

mention_lists = st.lists(
    st.builds(
        Mention,
        label=st.sampled_from(["ORG", "PER", "LOC"]),
        text=st.sampled_from(["a", "b", " a", "c\n"]),
        index=st.integers(min_value=1, max_value=5),
        logprob=st.sampled_from([-2.0, -1.0, -0.5]),
    ),
    max_size=10,
)


def mention(label, text, logprob, index=1):
    return Mention(label, text, index, logprob)


def test_the_most_probable_label_keeps_the_string():
    org, loc = mention("ORG", "Paris", -2.0), mention("LOC", "Paris", -0.1)
    assert drop_duplicates([org, loc]) == ([loc], [org])


def test_the_winner_keeps_all_its_like_mentions_and_the_loser_none():
    first, second = mention("LOC", "Paris", -3.0), mention("LOC", "Paris ", -0.1, 2)
    other, loser = mention("ORG", "Bank", -9.0), mention("ORG", "Paris", -1.0, 2)
    kept, dropped = drop_duplicates([other, loser, first, second])
    assert kept == [other, first, second]
    assert dropped == [loser]


def test_of_equal_labels_the_one_met_first_wins():
    per = mention("PER", "Paris", -2.0), mention("PER", "Paris", -1.0, 2)
    loc = mention("LOC", "Paris", -1.0)
    assert drop_duplicates([per[0], loc, per[1]]) == (list(per), [loc])


def test_the_count_has_no_say_in_it():
    sure = Mention("LOC", "Paris", 1, -0.1, count_logprob=-9.0)
    counted = Mention("ORG", "Paris", 1, -0.2, count_logprob=0.0)
    assert drop_duplicates([counted, sure]) == ([sure], [counted])


@given(mention_lists)
def test_each_string_is_left_with_its_best_label(mentions):
    kept, dropped = drop_duplicates(mentions)
    for m in mentions:
        like = [other for other in mentions if other.text.strip() == m.text.strip()]
        labels = {k.label for k in kept if k.text.strip() == m.text.strip()}
        best = max(other.logprob for other in like)
        assert labels in [{o.label} for o in like if o.logprob == best]
        assert (m in kept) == (m.label in labels)
        assert (m in dropped) != (m in kept)


@given(mention_lists)
def test_dropping_duplicates_twice_drops_no_more(mentions):
    kept, dropped = drop_duplicates(mentions)
    assert drop_duplicates(kept) == (kept, [])
    assert len(kept) + len(dropped) == len(mentions)


def test_a_string_with_two_labels_in_known_places_is_two_mentions():
    person = Mention("PER", "Bell", 1, -2.0, start=0)
    company = Mention("ORG", "Bell", 1, -0.1, start=9)
    unplaced = Mention("LOC", "Bell", 1, -1.0)
    assert drop_duplicates([person, company]) == ([person, company], [])
    assert drop_duplicates([person, unplaced]) == ([person, unplaced], [])
