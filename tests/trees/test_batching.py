"""Batches hold every row once, and no more padded tokens than allowed."""

from hypothesis import given
from hypothesis import strategies as st

from spacy_padellm.trees.batching import batches_by_padded_tokens

row_lengths = st.lists(st.integers(0, 40), max_size=40)


@given(row_lengths, st.integers(1, 200))
def test_every_row_is_in_exactly_one_batch(lengths, max_tokens):
    batches = batches_by_padded_tokens(lengths, max_tokens)
    rows = [row for batch in batches for row in batch]
    assert sorted(rows) == list(range(len(lengths)))
    assert all(batches)


@given(row_lengths, st.integers(1, 200))
def test_no_batch_is_too_big_unless_one_row_alone_is(lengths, max_tokens):
    for batch in batches_by_padded_tokens(lengths, max_tokens):
        padded = len(batch) * max(lengths[row] for row in batch)
        assert padded <= max_tokens or len(batch) == 1


@given(row_lengths, st.integers(1, 200))
def test_like_lengths_come_together_and_no_batch_could_take_the_next_row(
    lengths, max_tokens
):
    batches = batches_by_padded_tokens(lengths, max_tokens)
    in_order = [lengths[row] for batch in batches for row in batch]
    assert in_order == sorted(lengths, reverse=True)
    for batch, following in zip(batches, batches[1:], strict=False):
        assert (len(batch) + 1) * lengths[batch[0]] > max_tokens
        assert lengths[following[0]] <= lengths[batch[-1]]


def test_rows_are_kept_apart_where_padding_would_be_most():
    assert batches_by_padded_tokens([1, 9, 1, 10], 20) == [[3, 1], [0, 2]]
