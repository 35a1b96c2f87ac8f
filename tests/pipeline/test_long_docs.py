"""Long docs: windows that overlap, the base's context, results whatever the batch."""

import pickle
import random
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from spacy.tokens import Doc

from spacy_padellm.spans.windows import build_sentence_windows_v1

from .conftest import GOLD, examples, found

STRIDED = {"@misc": "spacy_padellm.StridedWindows.v1", "window": 8, "stride": 5}
WHOLE = {"@misc": "spacy_padellm.WholeDoc.v1"}


def names(text: str) -> list[tuple[str, str, float]]:
    """Runs of N1, N2 and so on, as far as the window shows them."""
    return [("LOC", run, 0.9) for run in re.findall(r"N\d+(?: N\d+)*", text)]


def test_names_at_the_overlap_of_windows_are_found_once_and_whole(scripted_nlp):
    """Of 1 to 4 tokens: two windows share 3, and one more is always seen by one."""
    nlp = scripted_nlp(names, windows=STRIDED)
    choose = random.Random(0)
    words, expected = [], []
    while len(words) < 5000:
        words += ["w"] * choose.randint(1, 6)
        length = choose.randint(1, 4)
        expected.append((len(words), len(words) + length))
        words += [f"N{at}" for at in range(*expected[-1])]
    doc = nlp(Doc(nlp.vocab, words=words))
    assert [(ent.start, ent.end) for ent in doc.ents] == expected
    asked = nlp.get_pipe("padellm_ner").format.asked
    read = {word for text in asked for word in text.split()}
    assert read == set(words), "no token is lost"


def test_what_another_window_answers_for_is_counted(scripted_nlp):
    nlp = scripted_nlp(names, windows=STRIDED)
    doc = nlp(Doc(nlp.vocab, words="w w w w w w N1 N2 N3 w w".split()))
    [ent] = doc.ents
    assert ent.text == "N1 N2 N3"
    assert doc.spans["padellm_ner"].attrs["dropped"] == {"other window": 1}


MANY_SENTENCES = {"words": ["w"] * 200, "sent_starts": [True] * 200}  # of one word


def joined_up_to(nlp, adapter=None) -> int:
    """The tokens of the first window, in a doc of sentences of one token."""
    ner = nlp.get_pipe("padellm_ner")
    ner.active_adapter = adapter
    [first, *_] = ner.windows(Doc(nlp.vocab, **MANY_SENTENCES))
    return first.end


@pytest.fixture
def an_adapter(make_nlp, tmp_path):
    """A function that trains one with some windows, for one step; its folder."""

    def make(name, **windows):
        nlp = make_nlp(format=POINTER, windows=windows)
        nlp.update(examples(nlp), sgd=nlp.initialize(lambda: examples(nlp)))
        nlp.get_pipe("padellm_ner").to_disk(tmp_path / name)
        return str(tmp_path / name / "adapter")

    return make


POINTER = {"@misc": "spacy_padellm.Pointer.v1"}


def test_an_adapter_reads_as_many_sentences_together_as_in_training(
    make_nlp, an_adapter
):
    own = an_adapter("own", join_tokens=50)
    nlp = make_nlp(format=POINTER, model={"adapter": own}, save_trace=True)
    ner = nlp.get_pipe("padellm_ner")
    ner.add_adapter("whole", an_adapter("whole", **WHOLE))
    ner.add_adapter("short", an_adapter("short", max_tokens=9))
    expected = {None: 50, "whole": 32, "short": 9}
    copy = pickle.loads(pickle.dumps(nlp))
    for adapter, tokens in expected.items():
        assert joined_up_to(nlp, adapter) == joined_up_to(copy, adapter) == tokens
    ner.active_adapter = None
    for adapter, tokens in expected.items():  # also if one call has another
        call = {"padellm_ner": {"active_adapter": adapter}}
        [doc] = nlp.pipe([Doc(nlp.vocab, **MANY_SENTENCES)], component_cfg=call)
        first, *_ = doc.spans["padellm_ner"].attrs["trace"]
        assert len(first["text"].split()) == tokens


def test_the_settings_win_over_the_adapters_card(make_nlp, an_adapter):
    model = {"adapter": an_adapter("own", join_tokens=50)}
    nlp = make_nlp(format=POINTER, model=model, windows={"join_tokens": 7})
    assert joined_up_to(nlp) == 7


def test_training_goes_on_with_the_windows_of_the_adapter(make_nlp, an_adapter):
    model = {"adapter": an_adapter("own", join_tokens=50)}
    nlp = make_nlp(format=POINTER, model=model)
    nlp.update(examples(nlp), sgd=nlp.initialize(lambda: examples(nlp)))
    assert joined_up_to(nlp) == joined_up_to(pickle.loads(pickle.dumps(nlp))) == 50
    nlp.get_pipe("padellm_ner").windows = build_sentence_windows_v1(join_tokens=20)
    nlp.update(examples(nlp), sgd=nlp.resume_training())
    card = nlp.get_pipe("padellm_ner")._adapters.own.adapter("Pointer", {}).card
    assert card.join_tokens == 20


LONG = "word " * 3000


@pytest.mark.parametrize("batch_size", [1, 2, 3, 100])
def test_a_window_longer_than_the_context_fails_alone_and_is_named(
    make_nlp, trained, batch_size
):
    nlp = make_nlp(labels=["LOC"], windows=WHOLE)
    failed = []
    nlp.set_error_handler(lambda name, proc, docs, error: failed.append((docs, error)))
    texts = ["Oslo", LONG, "Rome", "One more " + LONG, "Bonn"]
    docs = list(nlp.pipe(texts, batch_size=batch_size))
    assert [doc.text for doc in docs] == ["Oslo", "Rome", "Bonn"]
    assert all(doc.has_annotation("ENT_IOB") for doc in docs)
    assert [[doc.text for doc in docs] for docs, _ in failed] == [[LONG], [texts[3]]]
    for (_, error), n_tokens, begin in zip(
        failed, (3000, 3002), ("word word", "One more"), strict=True
    ):
        said = str(error)
        assert "E807" in said and "E601" in said
        assert f"Tokens 0 to {n_tokens} of the doc's {n_tokens}" in said
        assert f"begins with '{begin}" in said and "max_tokens" in said


def test_the_window_to_blame_is_named(make_nlp, trained):
    nlp = make_nlp(labels=["LOC"], windows={"max_tokens": 2000, "max_chars": 99_999})
    with pytest.raises(ValueError, match="E807.*Tokens 5 to 2005 of the doc's 3006"):
        nlp("This is a sentence. " + "word " * 3000 + ".")


def test_smaller_windows_are_the_remedy(make_nlp, trained):
    nlp = make_nlp(labels=["LOC"], windows={"max_tokens": 100})
    assert nlp(LONG).has_annotation("ENT_IOB", require_complete=True)


def test_only_what_is_too_long_is_said_in_other_words(scripted_nlp):
    def tell(text):
        raise ValueError("another")

    with pytest.raises(ValueError, match="^another$"):
        scripted_nlp(tell)("Oslo")


SENTENCES = [text for text, _ in GOLD]
WORDS = "who is like and I left , wept nothing ? Oslo Berlin Ann".split()
mixed_texts = st.lists(
    st.lists(st.sampled_from(SENTENCES), max_size=4).map(" ".join)
    | st.lists(st.sampled_from(WORDS), max_size=12).map(" ".join),
    min_size=1,
    max_size=7,
)


@settings(max_examples=12)
@given(
    texts=mixed_texts,
    batch_size=st.integers(1, 8),
    batch_tokens=st.integers(1, 400),
    order=st.randoms(use_true_random=False),
)
def test_the_batch_has_no_say_in_what_is_found(
    trained, texts, batch_size, batch_tokens, order
):
    ner = trained.get_pipe("padellm_ner")
    expected = {text: trained(text) for text in texts}
    order.shuffle(texts)
    before = ner.batch_tokens
    ner.batch_tokens = batch_tokens
    try:
        docs = list(trained.pipe(texts, batch_size=batch_size))
    finally:
        ner.batch_tokens = before
    assert [doc.text for doc in docs] == texts
    for doc in docs:
        alone = expected[doc.text]
        assert found(doc) == found(alone)
        group, group_alone = doc.spans["padellm_ner"], alone.spans["padellm_ner"]
        assert group.attrs["dropped"] == group_alone.attrs["dropped"]
        scores = group_alone.attrs["scores"].tolist()
        assert group.attrs["scores"].tolist() == pytest.approx(scores, abs=1e-4)
