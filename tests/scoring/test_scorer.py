"""The registered scorer, alone and in pipelines."""

import pytest
import spacy
import srsly
from hypothesis import given
from hypothesis import strategies as st
from spacy.cli.evaluate import evaluate
from spacy.scorer import get_ner_prf
from spacy.tokens import Doc, DocBin, Span
from spacy.training import Example
from spacy.vocab import Vocab

from .random_docs import documents, words

NAME = "spacy_padellm.ner_scorer.v1"
STRINGS = [f"ents_strings_{part}" for part in ("p", "r", "f", "per_type")]
COVERED = ["ents_covered", "ents_covered_per_type"]
VOCAB = Vocab()
TEXT = "Japan met Korea, then Japan met Zoë"


def score(examples) -> dict:
    return spacy.registry.scorers.get(NAME)()(examples)


def doc_of(*ents: tuple[int, int, str], missing=(), tokens: int = 7) -> Doc:
    """A doc of distinct words. The tokens in `missing` have no annotation."""
    doc = Doc(VOCAB, words(tokens))
    doc.set_ents(
        [Span(doc, *ent) for ent in ents], missing=[doc[i : i + 1] for i in missing]
    )
    return doc


@pytest.fixture
def nlp():
    """A pipe that finds Japan and Korea, and has the scorer."""
    nlp = spacy.blank("en")
    ruler = nlp.add_pipe("entity_ruler", config={"scorer": {"@scorers": NAME}})
    ruler.add_patterns([{"label": "LOC", "pattern": p} for p in ("Japan", "Korea")])
    return nlp


@pytest.fixture
def gold(nlp):
    """In the gold docs, Korea is not a LOC and Zoë is a PER."""
    doc = nlp.make_doc(TEXT)
    places = [(0, 5, "LOC"), (10, 15, "ORG"), (22, 27, "LOC"), (32, 35, "PER")]
    doc.ents = [doc.char_span(*place) for place in places]
    return doc


def test_a_pipeline_is_evaluated_by_spans_and_by_sets_of_strings(nlp, gold):
    scores = nlp.evaluate([Example(nlp.make_doc(TEXT), gold)])
    # both places of Japan, but not Korea
    assert (scores["ents_p"], scores["ents_r"]) == (2 / 3, 2 / 4)
    # Japan is one string
    assert (scores["ents_strings_p"], scores["ents_strings_r"]) == (1 / 2, 1 / 3)
    assert scores["ents_strings_f"] == pytest.approx(2 / 5)
    assert scores["ents_strings_per_type"] == {
        "LOC": {"p": 1 / 2, "r": 1.0, "f": pytest.approx(2 / 3)},
        "ORG": {"p": 0.0, "r": 0.0, "f": 0.0},
        "PER": {"p": 0.0, "r": 0.0, "f": 0.0},
    }


def test_spacy_evaluate_saves_the_scores(nlp, gold, tmp_path):
    nlp.to_disk(tmp_path / "model")
    DocBin(docs=[gold]).to_disk(tmp_path / "test.spacy")
    out = tmp_path / "scores.json"
    evaluate(str(tmp_path / "model"), tmp_path / "test.spacy", output=out)
    saved = srsly.read_json(out)
    assert saved["ents_strings_f"] == pytest.approx(2 / 5)
    assert set(saved["ents_strings_per_type"]) == {"LOC", "ORG", "PER"}
    assert saved["ents_covered"] == 3 / 4
    assert saved["ents_covered_per_type"] == {"LOC": 1, "ORG": 1, "PER": 0}
    assert saved["ents_p"] == pytest.approx(2 / 3)


def test_the_component_takes_the_scorer_by_name():
    nlp = spacy.blank("en")
    config = {"labels": ["LOC"], "scorer": {"@scorers": NAME}}
    ner = nlp.add_pipe("padellm_ner", config=config)
    japan = Example(nlp.make_doc(TEXT), nlp.make_doc(TEXT))
    for doc in (japan.predicted, japan.reference):
        doc.ents = [doc.char_span(0, 5, "LOC")]
    assert ner.score([japan])["ents_strings_f"] == 1.0


@pytest.mark.parametrize("named", [["LOC"], {"LOC": "location"}, {"LOC": None}])
def test_labels_that_a_doc_was_not_annotated_for_are_not_judged(named):
    gold, predicted = doc_of((0, 1, "LOC")), doc_of((0, 1, "LOC"), (2, 3, "ORG"))
    assert score([Example(predicted, gold)])["ents_p"] == 1 / 2
    gold.user_data["padellm_labels"] = named
    scores = score([Example(predicted, gold)])
    assert (scores["ents_p"], scores["ents_r"], scores["ents_strings_f"]) == (1, 1, 1)
    assert list(scores["ents_per_type"]) == ["LOC"]
    assert len(predicted.ents) == 2, "the doc itself stays as it is"
    gold.user_data["padellm_labels"] = ["PER"]  # but it has a LOC
    scores = score([Example(predicted, gold)])
    assert (scores["ents_p"], scores["ents_r"], scores["ents_strings_f"]) == (1, 1, 1)


@given(documents(), st.data())
def test_where_no_string_recurs_both_scores_are_one(docs, data):
    """Even if some tokens or docs have no gold annotation."""
    examples = []
    for tokens, gold, predicted in docs:
        free = set(range(tokens)) - {i for s, e, _ in gold for i in range(s, e)}
        missing = [i for i in sorted(free) if data.draw(st.booleans())]
        examples.append(
            Example(
                doc_of(*predicted, tokens=tokens),
                doc_of(*gold, missing=missing, tokens=tokens),
            )
        )
    scores, spacys = score(examples), get_ner_prf(examples)
    assert {key: scores[key] for key in spacys} == spacys
    for part in "prf":
        expected = spacys[f"ents_{part}"]
        assert scores[f"ents_strings_{part}"] == (
            None if expected is None else pytest.approx(expected)
        )
    for label, row in (scores["ents_strings_per_type"] or {}).items():
        assert row == pytest.approx(spacys["ents_per_type"][label])


def test_a_doc_without_annotation_says_nothing_about_predictions():
    unannotated = Example(doc_of((0, 1, "LOC")), Doc(VOCAB, words(7)))
    right = Example(doc_of((0, 1, "LOC")), doc_of((0, 1, "LOC")))
    assert score([unannotated, right])["ents_strings_p"] == 1.0
    assert all(score([unannotated])[key] is None for key in STRINGS)


def test_a_prediction_on_tokens_without_annotation_is_neither_right_nor_wrong():
    predicted = doc_of((0, 2, "LOC"), (4, 5, "PER"))
    gold = doc_of((4, 5, "PER"), missing=[1])
    assert score([Example(predicted, gold)])["ents_strings_p"] == 1.0


@pytest.mark.parametrize("examples", [[], [Example(doc_of(), doc_of())]])
def test_nothing_to_compare_gives_no_score(examples):
    scores = score(examples)
    keys = [*STRINGS, *COVERED, "ents_f", "ents_per_type"]
    assert all(scores[key] is None for key in keys)


def test_examples_may_be_a_stream():
    examples = [Example(doc_of((0, 1, "LOC")), doc_of((0, 1, "LOC")))]
    scores = score(iter(examples))
    assert scores["ents_f"] == scores["ents_strings_f"] == 1.0
