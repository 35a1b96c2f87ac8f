"""Labels are compared with tokens in one pass, as if each pair were computed alone."""

from dataclasses import replace

import pytest
import torch

from spacy_padellm.adapters.adapted import AdaptedLM
from spacy_padellm.adapters.card import AdapterCard, HeadCard
from spacy_padellm.adapters.files import write_adapter
from spacy_padellm.engines.base import PromptTooLong
from spacy_padellm.engines.packed import PackedEngine
from spacy_padellm.engines.scoring import SHARED_SLOTS
from spacy_padellm.execution.decoding import EXACT, DecodingSettings
from spacy_padellm.execution.fused import FusedBase
from spacy_padellm.execution.onednn import has_int8

from ..loras import LORA
from ..threads import at_once
from ..tree_training import disturbed
from .plain_pointer import Asked, plain_log_odds

# The first label's tokens begin those of the second.
NAMES = ["part", "part that is worn", "fault", "tool"]
ONCE = {"before": (1, 10)}  # names that are read once, and what precedes them


@pytest.fixture
def lm(open_tiny):
    """An adapter and its head; not fresh ones, which would change nothing."""
    return disturbed(AdaptedLM.fresh(open_tiny, LORA, HeadCard(size=16)))


@pytest.fixture
def peft_model(lm, tiny_base, tmp_path):
    """The same adapter as PEFT itself reads it, on a base of its own."""
    return read_by_peft(lm, tiny_base, tmp_path)


def read_by_peft(lm, tiny_base, folder):
    from peft import PeftModel
    from transformers import LlamaForCausalLM

    write_adapter(folder, lm.adapter(AdapterCard("tiny")))
    base = LlamaForCausalLM.from_pretrained(tiny_base, attn_implementation="eager")
    return PeftModel.from_pretrained(base, folder).eval()


@pytest.fixture
def ask(tiny_tokenizer):
    """A function that asks for labels in a text."""

    def ids(string):
        return tiny_tokenizer.encode(string, add_special_tokens=False).ids

    def ask(text, names=NAMES, **options):
        tokens = ids(f" {text}")
        prompt = (tiny_tokenizer.bos_id, *tokens, *ids("\n"))
        keys = range(1, 1 + len(tokens))
        return Asked(prompt, keys, [ids(f"{name}:") for name in names], **options)

    return ask


def score(lm, trees, tokenizer, decoding=EXACT):
    """The log-odds of each text, in one session."""
    engine = PackedEngine(lm, tokenizer, decoding=decoding)
    return score_in(engine, trees), engine


def score_in(engine, trees):
    with engine.session(len(trees)) as session:
        return session.score(trees)


@torch.inference_mode()
def plain(model, lm, asked):
    head = lm.head.state_dict()
    return [plain_log_odds(model, head, one).numpy() for one in asked]


def assert_close(found, expected):
    assert len(found) == len(expected)
    for one, other in zip(found, expected, strict=True):
        assert one.dtype == other.dtype and one.shape == other.shape
        # logits of up to 10, in float32
        assert one == pytest.approx(other, abs=1e-4, rel=1e-4)


@pytest.mark.parametrize("n_texts", [1, 7, 32])
@pytest.mark.parametrize("before", [None, ONCE["before"]], ids=["behind", "once"])
def test_scores_are_those_of_each_text_and_label_alone(
    lm, peft_model, ask, workshop, tiny_tokenizer, n_texts, before
):
    """Whatever the batch; texts have one to four labels."""
    asked = [
        ask(row.text, NAMES[: 1 + number % 4], before=before)
        for number, row in enumerate(workshop[:n_texts])
    ]
    trees = [one.tree() if before is None else one.tree_apart() for one in asked]
    found, engine = score(lm, trees, tiny_tokenizer)
    expected = plain(peft_model, lm, asked)
    assert_close(found, expected)
    assert max(abs(one).max() for one in expected) > 1, "they are not all alike"
    n_sets = 0 if before is None else min(n_texts, len(NAMES))
    assert engine.usage.passes == 1 + n_sets


def test_the_order_of_labels_changes_only_the_order_of_scores(
    lm, ask, workshop, tiny_tokenizer
):
    texts = [row.text for row in workshop[:3]]
    found, _ = score(lm, [ask(text).tree() for text in texts], tiny_tokenizer)
    trees = [ask(text, NAMES[::-1]).tree() for text in texts]
    backwards, _ = score(lm, trees, tiny_tokenizer)
    assert_close([one[::-1] for one in backwards], found)


@pytest.mark.parametrize("stem", [0, 1])
def test_labels_alone_are_compared_as_in_the_tree_of_the_text(
    lm, peft_model, ask, workshop, tiny_tokenizer, stem
):
    asked = [ask(row.text, stem=stem) for row in workshop[:7]]
    together, _ = score(lm, [one.tree() for one in asked], tiny_tokenizer)
    apart, _ = score(lm, [one.tree_apart() for one in asked], tiny_tokenizer)
    assert_close(together, plain(peft_model, lm, asked))
    assert_close(apart, together)


def test_texts_with_labels_of_all_kinds_share_a_session(
    lm, peft_model, ask, workshop, tiny_tokenizer
):
    first, second, third, *others = (row.text for row in workshop[:6])
    asked = [
        ask(first, stem=1),
        ask(second),
        ask(third, NAMES[:2], stem=1),
        ask(others[0], NAMES[::-1], stem=1),
        ask(others[1], NAMES[2:], **ONCE),
        ask(others[2], NAMES[:3], **ONCE),
    ]
    apart = [one.stem is not None or one.before is not None for one in asked]
    trees = [
        one.tree_apart() if is_apart else one.tree()
        for one, is_apart in zip(asked, apart, strict=True)
    ]
    found, _ = score(lm, trees, tiny_tokenizer)
    assert_close(found, plain(peft_model, lm, asked))


KEPT = pytest.mark.parametrize("kind", [{"stem": 1}, ONCE], ids=["alone", "once"])


@KEPT
def test_labels_are_computed_once_until_the_adapter_changes(
    lm, ask, workshop, tiny_tokenizer, tiny_base, tmp_path, kind
):
    asked = [[ask(row.text, **kind)] for row in workshop[:3]]
    engine = PackedEngine(lm, tiny_tokenizer)
    for one in asked:
        score_in(engine, [one[0].tree_apart()])
    assert engine.usage.passes == 3 + 1
    disturbed(lm, seed=2)
    found = score_in(engine, [asked[0][0].tree_apart()])
    assert engine.usage.passes == 4 + 2
    assert_close(found, plain(read_by_peft(lm, tiny_base, tmp_path), lm, asked[0]))


@KEPT
def test_few_sets_of_labels_are_kept(lm, ask, tiny_tokenizer, kind, monkeypatch):
    engine = PackedEngine(lm, tiny_tokenizer)
    trees = [
        ask("A worn chain.", [f"label {number}"], **kind).tree_apart()
        for number in range(6)
    ]
    score_in(engine, trees[:1])
    built = engine.decoding.current()
    kept, others = built.label_states, built.name_caches
    if kind is ONCE:
        kept, others = others, kept
    assert len(kept) == 1 and len(others) == 0
    monkeypatch.setattr("spacy_padellm.execution.kept.KEPT_BYTES", 4 * kept._bytes)
    score_in(engine, trees)
    assert len(kept) == 4
    passes = engine.usage.passes
    score_in(engine, trees[-4:])
    assert engine.usage.passes == passes + 1


def test_labels_with_many_tokens_are_read_in_several_rows(
    lm, peft_model, ask, workshop, tiny_tokenizer
):
    names = [f"part {number} " + "that is worn " * 30 for number in range(12)]
    asked = [ask(row.text, names, **ONCE) for row in workshop[:2]]
    trees = [one.tree_apart() for one in asked]
    assert len(trees[0].kept.block_trees()) > 2
    found, engine = score(lm, trees, tiny_tokenizer)
    assert_close(found, plain(peft_model, lm, asked))
    assert engine.usage.passes == 2


def test_texts_with_many_labels_that_differ_are_read_in_passes_of_their_own(
    lm, peft_model, ask, workshop, tiny_tokenizer
):
    """Each text attends to all names of its pass."""
    asked = [
        ask(row.text, [f"{number} " + "worn " * 80], **ONCE)
        for number, row in enumerate(workshop[:5])
    ]
    asked += [ask(workshop[5].text, **ONCE), ask(workshop[6].text)]
    trees = [one.tree_apart() if one.before else one.tree() for one in asked]
    assert 2 * len(trees[0].kept) < SHARED_SLOTS < 3 * len(trees[0].kept)
    found, engine = score(lm, trees, tiny_tokenizer)
    assert_close(found, plain(peft_model, lm, asked))
    assert engine.usage.passes == 6 + 3, "of names and of texts"


def test_labels_without_names_are_read_with_the_text(lm, ask, tiny_tokenizer):
    """If nothing precedes them, and each is one token."""
    asked = replace(ask("A worn chain."), branches=[(40,), (41,)], before=())
    behind = replace(asked, before=None)
    found, engine = score(lm, [asked.tree_apart()], tiny_tokenizer)
    expected, _ = score(lm, [behind.tree()], tiny_tokenizer)
    assert_close(found, expected)
    assert engine.usage.passes == 1


@KEPT
def test_threads_keep_few_sets_of_labels(lm, ask, tiny_tokenizer, kind, monkeypatch):
    engine = PackedEngine(lm, tiny_tokenizer)
    trees = [
        ask("A worn chain.", [f"label {number}"], **kind).tree_apart()
        for number in range(24)
    ]
    expected = [score_in(engine, [tree]) for tree in trees]
    field = "name_caches" if kind is ONCE else "label_states"
    most = getattr(engine.decoding.current(), field)._bytes // 3
    engine.decoding._built = None
    kept = getattr(engine.decoding.current(), field)
    monkeypatch.setattr("spacy_padellm.execution.kept.KEPT_BYTES", most)
    answers = at_once(
        lambda i: [score_in(engine, [tree]) for tree in trees[i:] + trees[:i]]
    )
    for i, found in enumerate(answers):
        assert not isinstance(found, Exception), found
        for one, other in zip(found, expected[i:] + expected[:i], strict=True):
            assert_close(one, other)
    assert 0.5 * most < kept._bytes <= most
    assert kept._bytes == sum(n_bytes for _, n_bytes in kept._results.values())


@pytest.mark.parametrize("merge", ["always", "never"])
def test_no_output_layer_is_built(lm, ask, tiny_tokenizer, monkeypatch, merge):
    built, real = set(), FusedBase.prepacked

    def prepacked(base, number, prepack):
        built.add(number)
        return real(base, number, prepack)

    monkeypatch.setattr(FusedBase, "prepacked", prepacked)
    trees = [ask("A worn chain.").tree()]
    _, engine = score(lm, trees, tiny_tokenizer, DecodingSettings(merge=merge))
    output_layer = 4 * 2  # the linear behind those of two layers
    decoder = engine.decoding.current().decoder
    assert decoder is not lm and output_layer not in built
    assert "output" not in vars(decoder)
    assert decoder.output is not None and output_layer in built, "it would be noticed"


@pytest.mark.parametrize("adapter", ["merged", "beside", "dora"])
@pytest.mark.parametrize("kind", [{}, ONCE], ids=["behind", "once"])
def test_every_way_to_compute_gives_the_same(
    lm, open_tiny, ask, workshop, tiny_tokenizer, tiny_base, tmp_path, adapter, kind
):
    if adapter == "dora":  # no fused decoder: the base's own modules
        settings = {**LORA, "use_dora": True}
        lm = disturbed(AdaptedLM.fresh(open_tiny, settings, HeadCard(size=16)))
    merge = "always" if adapter == "merged" else "never"
    asked = [ask(row.text, **kind) for row in workshop[:5]]
    trees = [one.tree_apart() if kind else one.tree() for one in asked]
    found, engine = score(lm, trees, tiny_tokenizer, DecodingSettings(merge=merge))
    assert (engine.decoding.current().decoder is lm) == (adapter == "dora")
    assert_close(found, plain(read_by_peft(lm, tiny_base, tmp_path), lm, asked))


def test_8_bit_scores_come_close(lm, ask, workshop, tiny_tokenizer):
    if not has_int8():
        pytest.skip("this CPU has no 8-bit products")
    # without VNNI, inputs have half of the steps
    share = 0.2 if torch.cpu._is_vnni_supported() else 0.4
    trees = [ask(row.text).tree() for row in workshop[:7]]
    expected, _ = score(lm, trees, tiny_tokenizer)
    found, _ = score(lm, trees, tiny_tokenizer, DecodingSettings(int8=True))
    for one, other in zip(found, expected, strict=True):
        assert one.shape == other.shape
        assert 0 < abs(one - other).mean() < share * abs(other).mean()


def test_a_changed_head_is_used_at_once(lm, ask, tiny_tokenizer, tiny_base, peft_model):
    asked = [ask("A worn chain.")]
    engine = PackedEngine(lm, tiny_tokenizer)
    before = score_in(engine, [asked[0].tree()])
    with torch.no_grad():
        lm.head.query.weight.mul_(2)
    after = score_in(engine, [asked[0].tree()])
    assert_close(after, plain(peft_model, lm, asked))
    assert abs(after[0] - before[0]).max() > 0.1


@pytest.mark.parametrize("long", ["text", "label"])
@pytest.mark.parametrize("kind", [{}, ONCE], ids=["behind", "once"])
def test_a_text_longer_than_the_context_is_refused(lm, ask, tiny_tokenizer, long, kind):
    text, name = ("worn " * 700, "part") if long == "text" else ("worn", "part " * 700)
    asked = [ask("A worn chain.", **kind), ask(text, [name], **kind)]
    engine = PackedEngine(lm, tiny_tokenizer)
    with pytest.raises(PromptTooLong, match=r"E601.*needs? .*2048"):
        score_in(engine, [one.tree_apart() if kind else one.tree() for one in asked])
    assert engine.usage.passes == 0


def test_a_text_and_a_name_share_the_context(lm, ask, tiny_tokenizer):
    """Each fits alone."""
    asked = ask("worn " * 600, ["part " * 600], **ONCE)
    engine = PackedEngine(lm, tiny_tokenizer)
    with pytest.raises(PromptTooLong, match="E601"):
        score_in(engine, [asked.tree_apart()])
