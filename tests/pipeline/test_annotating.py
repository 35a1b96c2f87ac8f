"""What stands in a doc afterwards: ents, scores, spans, and what was there before."""

import random

import numpy as np
import pytest
from spacy.tokens import Doc, DocBin, Span

from spacy_padellm.types import LabelledSpan

from .conftest import annotate, ents


def test_entities_and_their_scores_are_written(doc):
    found = [LabelledSpan(8, 9, "LOC", 0.7), LabelledSpan(0, 2, "PER", 0.9)]
    annotate(doc, found)
    assert ents(doc) == [("Ann Lee", "PER"), ("London", "LOC")]
    assert [ent._.score for ent in doc.ents] == [0.9, 0.7]
    group = doc.spans["padellm_ner"]
    assert list(group) == list(doc.ents)
    assert group.attrs["scores"] == pytest.approx([0.9, 0.7])


def test_all_other_tokens_are_outside_and_not_unknown(doc):
    annotate(doc, [LabelledSpan(8, 9, "LOC", 0.7)])
    assert doc.has_annotation("ENT_IOB", require_complete=True)
    assert "".join(token.ent_iob_ for token in doc) == "OOOOOOOOBO"


@pytest.mark.parametrize("overwrite", [False, True])
def test_entities_never_overlap_whatever_is_found(doc, overwrite):
    choose = random.Random(0)
    for _ in range(300):
        for key in list(doc.spans):
            del doc.spans[key]
        doc.set_ents([], default="missing")
        for _ in range(3):
            found = []
            for _ in range(choose.randrange(8)):
                start = choose.randrange(len(doc))
                end = choose.randint(start + 1, len(doc))
                label = choose.choice(("PER", "ORG", "LOC"))
                found.append(LabelledSpan(start, end, label, choose.random()))
            before = ents(doc)
            annotate(doc, found, overwrite_ents=overwrite)
            taken = [token.i for ent in doc.ents for token in ent]
            assert len(taken) == len(set(taken))
            if not overwrite:
                assert set(before) <= set(ents(doc))
            elif found:
                best = max(found, key=lambda span: span.score)
                assert (doc[best.start : best.end].text, best.label) in ents(doc)
            assert list(doc.spans["padellm_ner"]) == list(doc.ents)


def test_entities_that_are_there_stay_with_their_ids(doc):
    there = Span(doc, 4, 7, label="BANK", kb_id="Q183231", span_id="boe")
    doc.set_ents([there], default="missing")
    found = [LabelledSpan(6, 7, "LOC", 0.99), LabelledSpan(8, 9, "LOC", 0.5)]
    annotate(doc, found)
    assert ents(doc) == [("Bank of England", "BANK"), ("London", "LOC")]
    assert [(ent.kb_id_, ent.id_) for ent in doc.ents] == [("Q183231", "boe"), ("", "")]
    assert [ent._.score for ent in doc.ents] == [None, 0.5]
    assert [span.text for span in doc.spans["padellm_ner"]] == ["London"]


def test_entities_that_are_there_give_way_where_the_config_says_so(doc):
    bank = Span(doc, 4, 7, label="BANK")
    ann = Span(doc, 0, 1, label="GIVEN", kb_id="Q1", span_id="ann")
    doc.set_ents([ann, bank], default="missing")
    annotate(doc, [LabelledSpan(6, 7, "LOC", 0.2)], overwrite_ents=True)
    assert ents(doc) == [("Ann", "GIVEN"), ("England", "LOC")]
    assert (doc.ents[0].kb_id_, doc.ents[0].id_) == ("Q1", "ann")


def test_blocked_tokens_stay_free_of_entities(doc):
    doc.set_ents([], blocked=[doc[0:2], doc[8:9]], default="missing")
    found = [LabelledSpan(0, 2, "PER", 0.9), LabelledSpan(6, 7, "LOC", 0.9)]
    annotate(doc, found)
    assert ents(doc) == [("England", "LOC")]
    assert [token.ent_iob_ for token in doc[0:2]] == ["B", "B"], "blocked as before"
    annotate(doc, found, overwrite_ents=True)
    assert ents(doc) == [("Ann Lee", "PER"), ("England", "LOC")]
    assert (doc[8].ent_iob_, doc[8].ent_type_) == ("B", ""), "blocked as before"


def test_a_second_run_changes_nothing(doc):
    found = [LabelledSpan(8, 9, "LOC", 0.7), LabelledSpan(0, 2, "PER", 0.9)]
    annotate(doc, found)
    first = doc.to_bytes()
    annotate(doc, found)
    assert doc.to_bytes() == first


def test_a_second_component_adds_to_the_group(doc):
    annotate(doc, [LabelledSpan(8, 9, "LOC", 0.7)])
    annotate(doc, [LabelledSpan(0, 2, "PER", 0.9)])
    assert list(doc.spans["padellm_ner"]) == list(doc.ents)
    assert doc.spans["padellm_ner"].attrs["scores"] == pytest.approx([0.9, 0.7])


def test_a_group_of_the_user_s_own_gives_way(doc):
    doc.set_ents([Span(doc, 8, 9, label="LOC")], default="missing")
    doc.spans["padellm_ner"] = [doc[8:9], doc[0:1]]
    annotate(doc, [])
    assert list(doc.spans["padellm_ner"]) == []


def test_an_empty_doc_gets_an_empty_group(make_nlp):
    doc = Doc(make_nlp().vocab)
    annotate(doc, [])
    assert (len(doc.ents), len(doc.spans["padellm_ner"])) == (0, 0)


def test_the_counts_of_what_was_left_out_stand_beside_the_scores(doc):
    found = [LabelledSpan(4, 7, "ORG", 0.9), LabelledSpan(6, 7, "LOC", 0.8)]
    annotate(doc, found, dropped={"not in text": 2, "duplicate": 0})
    dropped = doc.spans["padellm_ner"].attrs["dropped"]
    assert dropped == {"not in text": 2, "overlap": 1}


@pytest.mark.parametrize("way", ["bytes", "docbin", "disk"])
def test_scores_outlive_the_process(doc, tmp_path, way):
    annotate(doc, [LabelledSpan(8, 9, "LOC", 0.7)], dropped={"duplicate": 3})
    if way == "bytes":
        again = Doc(doc.vocab).from_bytes(doc.to_bytes())
    elif way == "disk":
        doc.to_disk(tmp_path / "doc")
        again = Doc(doc.vocab).from_disk(tmp_path / "doc")
    else:
        data = DocBin(docs=[doc], store_user_data=True).to_bytes()
        [again] = DocBin().from_bytes(data).get_docs(doc.vocab)
    assert [ent._.score for ent in again.ents] == [0.7]
    group = again.spans["padellm_ner"]
    assert list(group) == list(again.ents)
    assert np.allclose(group.attrs["scores"], [0.7])
    assert group.attrs["dropped"] == {"duplicate": 3}


def test_the_group_s_name_is_the_config_s(scripted_nlp):
    nlp = scripted_nlp(lambda text: [("LOC", "Oslo", 0.5)], spans_key="sc")
    doc = nlp("Oslo")
    assert list(doc.spans) == ["sc"]
    assert list(doc.spans["sc"]) == list(doc.ents)


def test_scores_are_written_where_a_pickle_brought_the_component(doc):
    """A process that unpickles a component never makes one."""
    Span.remove_extension("score")
    annotate(doc, [LabelledSpan(0, 2, "PER", 0.9)])
    assert [ent._.score for ent in doc.ents] == [0.9]
