"""The whole trace: what was asked, written and dropped, wherever the doc goes."""

import copy
import json
import pickle
from dataclasses import replace

import pytest
import srsly
from spacy.tokens import Doc, DocBin

from .conftest import GOLD

TEXT = "Oslo and Bank of England. Oslo again."


def tell(text: str) -> list[tuple[str, str, float]]:
    if text.startswith("Oslo again"):
        return [("LOC", "Oslo", 0.25), ("PER", "Eve", 0.9)]
    return [
        ("LOC", "Oslo", 0.5),
        ("LOC", "England", 0.9),
        ("PER", "Oslo", 0.25),
        ("ORG", "Bank of England", 0.75),
        ("ORG", "slo an", 0.5),
    ]


@pytest.fixture
def nlp(scripted_nlp):
    return scripted_nlp(
        tell,
        windows={"max_tokens": 6},
        save_trace=True,
        threshold=0.3,
        alignment_mode="strict",
    )


def trace(doc: Doc) -> list[dict]:
    return doc.spans["padellm_ner"].attrs["trace"]


def test_it_is_kept_only_on_request(scripted_nlp):
    nlp = scripted_nlp(tell)
    assert "trace" not in nlp(TEXT).spans["padellm_ner"].attrs
    doc = nlp(TEXT, component_cfg={"padellm_ner": {"save_trace": True}})
    assert trace(doc)
    assert "trace" not in nlp(doc).spans["padellm_ner"].attrs, "it would be stale"


def test_it_says_what_was_asked_in_each_window(nlp):
    first, second = trace(nlp(TEXT))
    labels = {"PER": "person", "ORG": "organization", "LOC": "location"}
    assert (first["text"], second["text"]) == (TEXT[:25], TEXT[26:])
    assert (first["start"], first["end"]) == (0, 6)
    assert (second["start"], second["end"]) == (6, 9)
    for window in (first, second):
        assert window["labels"] == labels
        assert list(window["labels"]) == list(labels)
        assert window["component"] == "padellm_ner"
    assert first["counts"] == {"PER": 1, "ORG": 2, "LOC": 2}


def test_it_says_of_every_mention_what_became_of_it(nlp):
    first, second = trace(nlp(TEXT))

    def fates(window):
        return [
            (one["label"], one["text"], one["start"], one["end"], one["dropped"])
            for one in window["mentions"]
        ]

    assert fates(first) == [
        ("PER", "Oslo", None, None, "duplicate"),
        ("ORG", "Bank of England", 2, 5, "overlap"),
        ("ORG", "slo an", None, None, "misaligned"),
        ("LOC", "Oslo", 0, 1, None),
        ("LOC", "England", 4, 5, None),
    ]
    assert fates(second) == [
        ("PER", "Eve", None, None, "not in text"),
        ("LOC", "Oslo", 6, 7, "below threshold"),
    ]
    bank = first["mentions"][1]
    assert (bank["index"], bank["score"]) == (1, pytest.approx(0.75))
    assert bank["probability"] == pytest.approx(0.75)
    assert bank["count_probability"] == 1.0


def test_what_could_not_be_read_is_in_it(nlp):
    nlp.get_pipe("padellm_ner").format.lost = {"malformed": 2, "cut off": 0}
    doc = nlp(TEXT)
    assert [window["lost"] for window in trace(doc)] == [{"malformed": 2}] * 2


def test_a_doc_of_nothing_has_an_empty_trace(nlp):
    assert [trace(doc) for doc in nlp.pipe(["", " \n"])] == [[], []]


def test_two_components_of_one_group_each_have_theirs(nlp, scripted_nlp):
    other = scripted_nlp(lambda text: [], save_trace=True)
    nlp.add_pipe("padellm_ner", name="other", source=other)
    doc = nlp(TEXT)
    assert [one["component"] for one in trace(doc)] == ["padellm_ner"] * 2 + ["other"]
    doc = nlp(doc)
    assert [one["component"] for one in trace(doc)] == ["padellm_ner"] * 2 + ["other"]


def again(doc: Doc, way: str, tmp_path) -> Doc:
    if way == "bytes":
        return Doc(doc.vocab).from_bytes(doc.to_bytes())
    if way == "disk":
        doc.to_disk(tmp_path / "doc")
        return Doc(doc.vocab).from_disk(tmp_path / "doc")
    if way == "pickle":
        return pickle.loads(pickle.dumps(doc))
    if way == "copy":
        return copy.deepcopy(doc)
    with_user_data = way == "docbin with user data"
    data = DocBin(docs=[doc], store_user_data=with_user_data).to_bytes()
    [loaded] = DocBin().from_bytes(data).get_docs(doc.vocab)
    return loaded


@pytest.mark.parametrize(
    "way", ["bytes", "disk", "pickle", "copy", "docbin", "docbin with user data"]
)
def test_it_goes_where_the_doc_goes(nlp, tmp_path, way):
    doc = nlp(TEXT)
    loaded = again(doc, way, tmp_path)
    assert trace(loaded) == trace(doc)
    attrs = loaded.spans["padellm_ner"].attrs
    assert attrs["dropped"] == doc.spans["padellm_ner"].attrs["dropped"]
    assert attrs["scores"].tolist() == doc.spans["padellm_ner"].attrs["scores"].tolist()
    scores = [ent._.score for ent in loaded.ents]
    assert scores == (
        [None] * 2 if way == "docbin" else [ent._.score for ent in doc.ents]
    )


def test_it_comes_back_from_processes(trained):
    texts = [text for text, _ in GOLD]
    cfg = {"padellm_ner": {"save_trace": True}}
    here = [trace(doc) for doc in trained.pipe(texts, component_cfg=cfg)]
    there = trained.pipe(texts, n_process=2, batch_size=2, component_cfg=cfg)
    for window, expected in zip(map(trace, there), here, strict=True):
        for one in window[0]["mentions"] + expected[0]["mentions"]:
            for key in ("score", "probability", "count_probability"):
                one[key] = pytest.approx(one[key], abs=1e-4)
        assert window == expected
    assert any(part["mentions"] for window in here for part in window)


def test_it_is_plain_data(nlp):
    found = trace(nlp(TEXT))
    assert json.loads(json.dumps(found)) == found
    assert srsly.msgpack_loads(srsly.msgpack_dumps(found)) == found


def test_a_second_choice_is_counted_and_says_what_it_stands_for(nlp, monkeypatch):
    format = nlp.get_pipe("padellm_ner").format
    answer = format._extraction

    def second_choice(query):
        found = answer(query)
        instead = [replace(m, instead_of="Bank") for m in found.mentions]
        return replace(found, mentions=tuple(instead))

    monkeypatch.setattr(format, "_extraction", second_choice)
    doc = nlp("Oslo again.")
    assert doc.spans["padellm_ner"].attrs["changed"] == {}, "0.25 is too low"
    doc = nlp("Oslo and Bank of England.")
    assert doc.spans["padellm_ner"].attrs["changed"] == {"second choice": 2}
    assert {m["instead_of"] for m in trace(doc)[0]["mentions"]} == {"Bank"}
