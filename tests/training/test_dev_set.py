"""The dev set's loss and F are those of spaCy's own update and evaluation."""

import pytest
from spacy.training import Example

from spacy_padellm.spans.align import boundaries
from spacy_padellm.spans.resolve import to_token_span
from spacy_padellm.training.dev_set import DevSet
from spacy_padellm.training.dev_texts import DevText, whole_tokens
from spacy_padellm.training.microbatches import Microbatches
from spacy_padellm.training.opening import open_model
from spacy_padellm.training.prepared import Prepared

from ..pipeline.conftest import GOLD, examples, learn
from .conftest import NER

# Some of these a model that knows GOLD by heart gets right, others not.
OTHERS = [
    ("Who is Shaka Khan?", [(7, 17, "PERSON")]),
    ("I like Oslo and Berlin.", [(7, 11, "LOC"), (16, 22, "LOC")]),
    ("I like London and Khan.", [(7, 13, "LOC"), (18, 22, "PERSON")]),
    ("Who is Maria Rossi?", [(7, 18, "PERSON")]),
    ("Nothing to see in Oslo.", [(18, 22, "LOC")]),
]


@pytest.fixture(scope="module")
def learned(make_nlp, tmp_path_factory):
    """A pipeline that has learned GOLD, and the folder of its adapter."""
    nlp = make_nlp(windows={"max_tokens": 9}, format={"only_in_text": True})
    learn(nlp, examples(nlp), updates=30)
    folder = tmp_path_factory.mktemp("learned")
    nlp.get_pipe("padellm_ner").to_disk(folder)
    return nlp, folder / "adapter"


@pytest.fixture(scope="module")
def dev_set(learned, prepared_folder, write_corpus, tmp_path_factory):
    file = tmp_path_factory.mktemp("dev") / "dev.spacy"
    changes = {"paths.dev": write_corpus(file, OTHERS)}
    changes |= {f"{NER}.model.adapter": str(learned[1])}
    folder = prepared_folder(changes)
    prepared = Prepared.read(folder)
    opened = open_model(prepared, None, "cpu", folder=folder)
    return DevSet(prepared, opened, Microbatches(100, print), print)


def test_f_is_spacy_s(learned, dev_set):
    nlp, _ = learned
    expected = nlp.evaluate(examples(nlp, OTHERS))["ents_f"]
    assert 0.2 < expected < 0.9, "some are right and some are wrong"
    assert dev_set.score().f == pytest.approx(expected)


def test_the_loss_is_that_of_update(learned, dev_set):
    nlp, _ = learned
    expected = nlp.update(examples(nlp, OTHERS), sgd=False)["padellm_ner"]
    assert dev_set.score().loss == pytest.approx(expected, rel=1e-4)


def test_scoring_takes_no_gradients_and_no_random_numbers(dev_set):
    import torch

    torch.manual_seed(0)
    before = torch.get_rng_state()
    dev_set.score()
    assert torch.equal(torch.get_rng_state(), before)
    assert all(p.grad is None for p in dev_set.lm.parameters().values())


def test_a_format_of_another_package_leaves_the_loss(learned, dev_set, monkeypatch):
    monkeypatch.setattr(dev_set, "format", None)
    score = dev_set.score()
    assert score.f is None and score.key == -score.loss


def test_gold_itself_is_read_right(learned):
    """What `OTHERS` is measured with does know GOLD."""
    nlp, _ = learned
    golds = [Example(eg.predicted, eg.reference) for eg in examples(nlp, GOLD)]
    assert nlp.evaluate(golds)["ents_f"] == 1.0


@pytest.mark.parametrize("mode", ["strict", "contract", "expand"])
def test_whole_tokens_are_those_of_a_doc(blank, mode):
    """All places of a text with spaces of all kinds."""
    doc = blank("Ann  Lee-Roy (b. 1980)\n left\tOslo. ")
    text, starts, ends = boundaries(doc)
    row = DevText(0, text, {}, sorted(starts), sorted(ends), [])
    found = 0
    for start in range(len(text)):
        for end in range(start + 1, len(text) + 1):
            expected = to_token_span(doc, start, end, mode)
            assert whole_tokens(row, start, end, mode) == expected, text[start:end]
            found += expected is not None
    assert found > 20
