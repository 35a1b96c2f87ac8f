"""Tokens are sampled among those that a branch allows, and so are probabilities if it
wants them so."""

from dataclasses import replace

import pytest
import torch

from spacy_padellm.engines.sequences import SamplePosition, sample_greedily
from spacy_padellm.formats.segments import TextSegments, mention_draft
from spacy_padellm.trees.branch import Branch

from .plain import may_follow

TEXT = "Ann (of FIFA) met Bo."
CANDIDATES = (14, 21, 20, 17)


@pytest.fixture
def vocabulary(tiny_tokenizer):
    return len(tiny_tokenizer.spelling.of)


@pytest.fixture
def positions(tiny_tokenizer):
    """(Position, what was written) of all kinds of branches: mentions that have few or
    many ways to go on, a count, and what may be anything."""
    text = TextSegments(TEXT, tiny_tokenizer)
    draft = mention_draft(text)
    stops = frozenset((tiny_tokenizer.eos_id, 7))
    mention = Branch(text.prompt, 5, stops, draft=draft, constrained=True)

    def at(branch, string, first=False):
        state, ids = draft.start(), text.segment(string)
        for token in ids:
            state = draft.advance(state, token)
        return SamplePosition(branch, 0, state, first), ids

    return [
        at(mention, "", first=True),
        at(mention, "Ann (of"),
        at(mention, TEXT),
        at(Branch(text.prompt, 1, candidates=CANDIDATES), "", first=True),
        at(Branch(text.prompt, 2, candidates=CANDIDATES), "Ann"),
        at(Branch(text.prompt, 5, stops), "", first=True),
    ]


def among(positions):
    """The positions, of branches whose probabilities are among what is allowed."""
    return [
        (replace(position, branch=replace(position.branch, among_allowed=True)), ids)
        for position, ids in positions
    ]


def allowed_at(positions, vocabulary):
    """What may follow at each position, by trying every token."""
    return [
        [n for n in range(vocabulary) if may_follow(position.branch, list(ids), n)]
        for position, ids in positions
    ]


def sample(positions, logits):
    tokens, logprobs, norm = sample_greedily([p for p, _ in positions], logits)
    assert norm.shape == (len(positions),)
    return tokens, logprobs, (logits - norm[:, None]).exp()


@pytest.fixture(params=range(5))
def logits(request, positions, vocabulary):
    torch.manual_seed(request.param)
    return 3 * torch.randn(len(positions), vocabulary)


def test_it_is_the_likeliest_of_the_tokens_allowed(positions, logits, vocabulary):
    """With its probability among all tokens, or among those."""
    for asked in (positions, among(positions)):
        tokens, logprobs, _ = sample(asked, logits)
        for row, allowed in enumerate(allowed_at(asked, vocabulary)):
            best = max(allowed, key=logits[row].__getitem__)
            of_all = logits[row].double().softmax(-1)
            share = of_all[allowed].sum() if asked[row][0].branch.among_allowed else 1
            assert tokens[row] == best
            expected = (of_all[best] / share).log().item()
            assert logprobs[row] == pytest.approx(expected, abs=1e-5)


def test_probabilities_of_what_is_allowed_sum_to_one(positions, logits, vocabulary):
    """The tokens that stop count as well."""
    asked = among(positions)
    _, _, probabilities = sample(asked, logits)
    sets = allowed_at(asked, vocabulary)
    assert [len(ids) for ids in sets[2:]] == [2, 4, vocabulary, vocabulary]
    assert len(sets[0]) > len(sets[1]) > 2
    for row, allowed in enumerate(sets):
        assert probabilities[row, allowed].sum().item() == pytest.approx(1, abs=1e-5)


def test_a_mention_gets_the_same_tokens_and_other_probabilities(positions, logits):
    """A branch that may write anything, or has candidates for its first token alone,
    gets all the same."""
    tokens, logprobs, _ = sample(positions, logits)
    among_tokens, among_logprobs, _ = sample(among(positions), logits)
    assert among_tokens[:3] == tokens[:3]
    assert all(b > a for a, b in zip(logprobs[:3], among_logprobs[:3], strict=True))
    assert among_tokens[4:] == tokens[4:] and among_logprobs[4:] == logprobs[4:]


def test_a_branch_does_not_change_what_its_neighbours_get(positions, logits):
    changed = among(positions)
    for mixed in (
        [*positions[:3], *changed[3:]],
        [changed[0], *positions[1:3], changed[3], *positions[4:]],
    ):
        tokens, logprobs, probabilities = sample(mixed, logits)
        for row, one in enumerate(mixed):
            alone = sample([one], logits[row : row + 1])
            assert tokens[row] == alone[0][0]
            assert logprobs[row] == pytest.approx(alone[1][0], abs=1e-5)
            assert torch.allclose(probabilities[row], alone[2][0])


def test_a_mention_that_cannot_go_on_ends_for_certain(positions, vocabulary):
    position, ids = among(positions)[2]
    end = max(position.branch.stop_ids)
    only = replace(position.branch, stop_ids=frozenset((end,)))
    position = replace(position, branch=only)
    logits = torch.zeros(1, vocabulary)
    logits[0, end] = -30.0
    tokens, logprobs, _ = sample([(position, ids)], logits)
    assert tokens == [end] and logprobs == [0.0]
