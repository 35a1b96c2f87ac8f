"""Docs that are too long are cut between sentences, and measured in model tokens."""

import pytest
import spacy
from hypothesis import given
from hypothesis import strategies as st
from spacy.tokens import Doc, Span
from spacy_llm.ty import ShardMapper

from spacy_padellm.llm.messages import read_prompt
from spacy_padellm.llm.model import ParallelDecoder
from spacy_padellm.llm.sharding import SentenceShardMapper, Shards
from spacy_padellm.spans.sentences import sentence_ends

from ..spans.random_docs import docs
from ..spans.test_windows import sentences
from .conftest import LABELS, TASK
from .scripted import ScriptedModel

LONG = "Ann Lee saw Oslo. Then Bob, who was tired, went home. So did Cy. " * 20


def render(shard: Doc, i_shard: int, i_doc: int, n_shards: int) -> str:
    return "prompt:" + " token" * len(shard)


def cut(doc: Doc, context_length: int) -> list[Doc]:
    """A prompt has one model token more than the shard has tokens."""
    mapper = SentenceShardMapper(lambda prompt: len(prompt.split()))
    return mapper(doc, 0, context_length, render)


@pytest.mark.parametrize(
    ("context_length", "lengths"),
    [
        (15, [14]),
        (14, [12, 2]),
        (13, [12, 2]),
        (12, [7, 7]),
        (8, [7, 7]),
        (6, [4, 3, 5, 2]),
        (5, [4, 3, 4, 3]),
        (3, [2, 2, 2, 1, 2, 2, 1, 2]),
        (2, [1] * 14),
    ],
)
def test_a_shard_is_as_many_whole_sentences_as_fit(context_length, lengths):
    doc = sentences(4, 3, 5, 2)
    assert [len(shard) for shard in cut(doc, context_length)] == lengths


def test_a_sentence_that_does_not_fit_is_cut_at_a_pause():
    doc = spacy.blank("en")("Bob saw Oslo in May, but went no further north then")
    shards = ["Bob saw Oslo in May, ", "but went no further north then"]
    assert [shard.text for shard in cut(doc, 9)] == shards


@given(docs(), st.integers(2, 30))
def test_shards_tile_the_doc_and_fit(doc, context_length):
    shards = cut(doc, context_length)
    assert "".join(shard.text for shard in shards) == doc.text
    assert [t.text for shard in shards for t in shard] == [t.text for t in doc]
    assert Shards(doc, shards).doc is doc
    for shard in shards:
        assert len(render(shard, 0, 0, 1).split()) <= context_length


@given(docs(), st.integers(2, 30))
def test_no_shard_ends_within_a_sentence_that_would_fit(doc, context_length):
    ends = {0, *sentence_ends(doc)}
    windows = list(Shards(doc, cut(doc, context_length)).windows())
    for window in windows:
        if window.end not in ends:
            start = max(end for end in ends if end <= window.end)
            stop = min(end for end in ends if end > window.end)
            whole = render(doc[max(start, window.start) : stop].as_doc(), 0, 0, 1)
            assert len(whole.split()) > context_length


def test_a_token_that_is_too_long_is_refused():
    with pytest.raises(ValueError, match="E844.*'a' with its .*context_length of 1"):
        cut(sentences(3), 1)


def test_it_is_a_shard_mapper_of_spacy_llm():
    mapper = SentenceShardMapper(len)
    assert callable(mapper) and len(ShardMapper.__args__) == 5
    nlp = spacy.blank("en")
    whole = mapper(nlp("Ann left."), 0, 100, render)
    assert [shard.text for shard in whole] == ["Ann left."]


def test_shards_of_which_some_are_missing_are_refused():
    doc = sentences(3, 2)
    with pytest.raises(ValueError, match="E847.*5 tokens.*3 tokens"):
        Shards(doc, [doc[:3].as_doc()])


def test_fused_shards_are_the_text_that_was_cut():
    doc = spacy.blank("en")("Bob's at-home.It rained")
    parts = [doc[:1].as_doc(), doc[1:4].as_doc(), doc[4:].as_doc()]
    assert Shards.fused(parts).doc.text == doc.text


# -- in a pipeline ---------------------------------------------------------------------


def long_llm(make_llm, adapter_folder, context_length: int = 48, **task):
    return make_llm(
        labels=LABELS,
        model={"adapter": str(adapter_folder), "context_length": context_length},
        llm={"save_io": True},
        **task,
    )


def prompts(doc: Doc) -> list[str]:
    return doc.user_data["llm_io"]["llm"]["prompt"]


@pytest.mark.parametrize("context_length", [48, 100, 400])
def test_no_prompt_and_answer_exceed_the_context_length(
    make_llm, adapter_folder, context_length, monkeypatch
):
    from spacy_padellm.engines.session import PackedSession

    longest = 0
    complete = PackedSession.complete

    def watched(session, branches):
        nonlocal longest
        for row in branches:
            for branch in row:
                longest = max(longest, len(branch.prompt) + branch.max_new_tokens)
        return complete(session, branches)

    monkeypatch.setattr(PackedSession, "complete", watched)
    nlp = long_llm(make_llm, adapter_folder, context_length)
    doc = nlp(LONG)
    assert len(prompts(doc)) > 1
    assert 0.3 * context_length < longest <= context_length


def test_the_real_tokenizer_counts(make_llm, adapter_folder):
    """Words that the tokenizer does not know fill a shard sooner."""
    nlp = long_llm(make_llm, adapter_folder, 64)
    plain = nlp("person " * 60)
    strange = nlp("Xqzjvk " * 60)
    assert len(prompts(strange)) > 2 * len(prompts(plain)) > 2


def test_what_is_found_in_shards_stands_where_it_is_in_the_doc(
    make_llm, adapter_folder
):
    gold = "I like London and Berlin."
    text = " ".join([gold, "Nothing to see here.", gold])
    doc = long_llm(make_llm, adapter_folder, 64)(text)
    assert [read_prompt(prompt).text for prompt in prompts(doc)] == [
        gold,
        "Nothing to see here.",
        gold,
    ]
    assert [(ent.start_char, ent.text) for ent in doc.ents] == [
        (7, "London"),
        (18, "Berlin"),
        (54, "London"),
        (65, "Berlin"),
    ]
    assert len(doc.spans["padellm_ner"].attrs["scores"]) == 4
    assert all(0 < ent._.score <= 1 for ent in doc.ents)


def test_a_doc_that_was_cut_keeps_what_others_wrote(make_llm):
    nlp = make_llm(labels=LABELS)
    nlp.get_pipe("llm")._model = ScriptedModel([("LOC", "Oslo")], context_length=9)
    task = nlp.get_pipe("llm").task
    task.shard_mapper = SentenceShardMapper(lambda p: len(read_prompt(p).text.split()))
    doc = nlp.make_doc(LONG)
    n = len(doc)
    deps = ["ROOT"] + ["dep"] * (n - 1)
    whole = Doc(
        nlp.vocab,
        words=[token.text for token in doc],
        spaces=[bool(token.whitespace_) for token in doc],
        heads=[0] * n,
        deps=deps,
        lemmas=["x"] * n,
    )
    whole.cats = {"NEWS": 1.0}
    whole.user_data["source"] = "a wire"
    whole.spans["all"] = [whole[:]]
    whole.ents = [Span(whole, 0, 2, label="PERSON")]
    done = nlp(whole)
    assert done is whole
    assert (done.text, done.cats) == (LONG, {"NEWS": 1.0})
    assert list(done.spans["all"]) == [done[:]]
    assert [token.head.i for token in done] == [0] * n
    assert done.user_data["source"] == "a wire"
    assert [ent.label_ for ent in done.ents] == ["PERSON"] + ["LOC"] * 20


def test_another_shard_mapper_may_be_given(make_llm, adapter_folder):
    nlp = long_llm(
        make_llm,
        adapter_folder,
        48,
        shard_mapper={"@llm_misc": "spacy.ShardMapper.v1"},
    )
    doc = nlp("I like London and Berlin. " * 30)
    texts = [read_prompt(prompt).text for prompt in prompts(doc)]
    assert len(texts) > 2 and " ".join(texts) == doc.text.strip()


def test_with_a_model_that_does_not_count_docs_stay_whole(make_llm):
    nlp = make_llm(labels=LABELS)
    nlp.get_pipe("llm")._model = model = ScriptedModel(context_length=3)
    nlp(LONG)
    assert [len(doc) for doc in model.batches[0]] == [1]
    task = spacy.registry.llm_tasks.get(TASK)(labels="LOC")
    [(asked, shards)] = task.generate_prompts([nlp.make_doc(LONG)], 3)
    assert len(asked) == len(shards) == 1
    assert not isinstance(model, ParallelDecoder)
