"""A value that the output format does not have fails its document, and no other. What
a pipeline put into a doc is left out."""

import base64
import json

import numpy as np
import pyarrow.parquet
import pytest
import spacy
from spacy.tokens import DocBin, Span, SpanGroup
from spacy.tokens.underscore import Underscore

from spacy_padellm.annotate.values import drop_unsaved
from spacy_padellm.cli.annotate import summary

from .conftest import records, request, run_here

SOME = {"text": "FIFA", "title": "whole", "id": 1, "m": {"y": 1}}


def corpus(folder, *rows):
    file = folder / "in.jsonl"
    file.write_text("\n".join(json.dumps(row) for row in rows))
    return file


def nested(depth):
    value = 1
    for _ in range(depth):
        value = [value]
    return value


def written(out, format):
    if format == "parquet":
        return pyarrow.parquet.read_table(out)["text"].to_pylist()
    if format == "jsonl":
        return [record["text"] for record in records(out)]
    vocab = spacy.blank("xx").vocab
    files = sorted(out.glob("*.spacy"))
    return [doc.text for f in files for doc in DocBin().from_disk(f).get_docs(vocab)]


@pytest.mark.parametrize("format", ["spacy", "parquet"])
@pytest.mark.parametrize(
    ("odd", "why"),
    [
        ({"title": "cut \ud83d"}, "'title' has half a character"),
        ({"m": {"\ud83d": 1}}, "'m' has half a character"),
        ({"\ud83d": 1}, "half a character"),
        ({"id": 2**70}, "'id' has an integer of 71 bits"),
        ({"m": {"x": [-(2**70)]}}, "'m' has an integer of 71 bits"),
    ],
)
def test_an_odd_value_fails_its_document(ruler, tmp_path, format, odd, why):
    file = corpus(tmp_path, SOME, SOME | odd, SOME | {"text": "Oslo"})
    out, errors = tmp_path / "out", tmp_path / "errors.jsonl"
    with pytest.raises(ValueError, match="E417.*Document 2"):
        run_here(request(ruler, file, tmp_path / "strict", format=format))
    run = run_here(request(ruler, file, out, format=format, errors=str(errors)))
    assert (run.totals.docs, run.totals.failed) == (2, 1)
    assert written(out, format) == ["FIFA", "Oslo"]
    failed = json.loads(errors.read_text())
    assert failed["number"] == 2 and why in failed["reason"]


def test_a_deep_value_fails_its_document_in_parquet_only(ruler, tmp_path):
    file = corpus(tmp_path, SOME | {"tree": nested(60)}, SOME | {"tree": nested(30)})
    errors = str(tmp_path / "errors.jsonl")
    for format, n in {"parquet": 1, "spacy": 2, "jsonl": 2}.items():
        out = tmp_path / format
        run_here(request(ruler, file, out, format=format, errors=errors))
        assert len(written(out, format)) == n


def test_a_value_as_deep_as_is_read_can_be_written(faulty, tmp_path):
    deep = nested(199)
    file = corpus(tmp_path, SOME | {"x": deep}, {"text": "FAILS", "x": deep})
    errors = tmp_path / "errors.jsonl"
    for format in ("spacy", "jsonl"):
        out = tmp_path / format
        run_here(request(faulty, file, out, format=format, errors=str(errors)))
        assert written(out, format) == ["FIFA"]
        assert json.loads(errors.read_text())["input"]["x"] == deep


def test_a_value_that_only_some_columns_hold_fails_its_document(ruler, tmp_path):
    file = corpus(tmp_path, SOME, SOME | {"id": 2**63}, SOME)
    errors = str(tmp_path / "errors.jsonl")
    out = tmp_path / "out"
    run = run_here(request(ruler, file, out, format="parquet", errors=errors))
    assert (run.totals.docs, run.totals.failed) == (2, 1)
    run_here(request(ruler, file, tmp_path / "docs", format="spacy"))


def test_json_lines_are_strict(ruler, tmp_path):
    line = b'{"text": "FIFA", "x": [NaN, {"y": 1e400}, -Infinity, 0.1], "h": "\\ud83d"}'
    (tmp_path / "in.jsonl").write_bytes(line)
    run_here(request(ruler, tmp_path / "in.jsonl", tmp_path / "out"))
    data = (tmp_path / "out" / "part-00000.jsonl").read_text()
    record = json.loads(data, parse_constant=pytest.fail)
    assert record["x"] == [None, {"y": None}, None, 0.1] and record["h"] == "\ud83d"


def test_docs_keep_numbers_that_json_does_not_have(ruler, tmp_path):
    file = corpus(tmp_path, SOME | {"x": float("inf")})
    run_here(request(ruler, file, tmp_path / "out", format="spacy"))
    docbin = DocBin().from_disk(tmp_path / "out" / "part-00000.spacy")
    [doc] = docbin.get_docs(spacy.blank("xx").vocab)
    assert doc.user_data["fields"]["x"] == float("inf")


@pytest.mark.parametrize("format", ["spacy", "jsonl", "parquet"])
def test_bytes_become_base64_unless_the_format_has_them(ruler, tmp_path, format):
    data = b"\xff\x00"
    table = pyarrow.table({"text": ["FIFA"], "b": [data]})
    pyarrow.parquet.write_table(table, tmp_path / "in.parquet")
    out = tmp_path / "out"
    run_here(request(ruler, tmp_path / "in.parquet", out, format=format))
    if format == "parquet":
        assert pyarrow.parquet.read_table(out)["b"].to_pylist() == [data]
    elif format == "jsonl":
        assert base64.b64decode(records(out)[0]["b"]) == data
    else:
        docbin = DocBin().from_disk(out / "part-00000.spacy")
        [doc] = docbin.get_docs(spacy.blank("xx").vocab)
        assert base64.b64decode(doc.user_data["fields"]["b"]) == data


@pytest.fixture
def odd():
    """A doc with data of a component's, some of which a .spacy file cannot hold."""
    Span.set_extension("odd_thing", default=None, force=True)
    doc = spacy.blank("xx")("Li Wei won")
    doc.user_data |= {"kept": (1, "a"), "thing": object(), object(): 1}
    doc.user_data["array"] = np.array([None, {}])
    doc[0:2]._.odd_thing = doc[2:]._.odd_thing = {1, 2}
    doc.cats = {"A": np.float32(0.5), "B": {1}}
    doc.spans["mine"] = SpanGroup(doc, attrs={"kept": [1], "set": {1}}, spans=[doc[:2]])
    yield doc
    Span.remove_extension("odd_thing")


def test_only_what_a_spacy_file_cannot_hold_is_left_out(odd):
    assert drop_unsaved(odd) == {
        "doc.user_data['thing']",
        "doc.user_data['array']",
        "doc.user_data[object]",
        "_.odd_thing",
        "doc.cats['B']",
        "doc.spans['mine'].attrs['set']",
    }
    data = DocBin(store_user_data=True, docs=[odd]).to_bytes()
    [doc] = DocBin().from_bytes(data).get_docs(odd.vocab)
    assert doc.user_data["kept"] == (1, "a") and doc.cats == {"A": 0.5}
    assert doc.spans["mine"].attrs == {"kept": [1]}
    assert drop_unsaved(doc) == set()


def test_a_doc_is_written_without_what_its_file_cannot_hold(faulty, tmp_path):
    file = corpus(tmp_path, {"text": "FIFA KEEPS"}, {"text": "Oslo"})
    out = tmp_path / "out"
    run = run_here(request(faulty, file, out, format="spacy"))
    assert written(out, "spacy") == ["FIFA KEEPS", "Oslo"]
    assert run.totals.failed == 0
    assert run.totals.unsaved == {"doc.user_data['thing']": 1}
    assert "doc.user_data['thing'] of 1 documents" in summary(run, "out", 0, None)


@pytest.mark.parametrize(
    ("extension", "score"),
    [
        ({"default": "high"}, None),
        ({"default": "0.5"}, None),
        ({"default": [0.5]}, None),
        ({"method": lambda span: 0.5}, None),
        ({"getter": lambda span: 1 / 0}, None),
        ({"default": np.float32(0.5)}, 0.5),
    ],
)
def test_a_score_that_is_no_number_is_null(
    ruler, tmp_path, monkeypatch, extension, score
):
    monkeypatch.setattr(Underscore, "span_extensions", {})
    Span.set_extension("score", **extension)
    run_here(request(ruler, corpus(tmp_path, SOME), tmp_path / "out"))
    [entity] = records(tmp_path / "out")[0]["entities"]
    assert entity["score"] == score


def test_objects_that_are_all_empty_are_refused_at_once(ruler, tmp_path):
    file = corpus(tmp_path, SOME | {"m": {}}, SOME | {"m": {}})
    with pytest.raises(ValueError, match=r"E434.*'m'.*jsonl"):
        run_here(request(ruler, file, tmp_path / "out", format="parquet"))
    file = corpus(tmp_path, SOME | {"m": {}}, SOME)
    run_here(request(ruler, file, tmp_path / "out", format="parquet"))


@pytest.mark.parametrize("field", ["id", "m"])
def test_large_integers_and_fractions_are_refused_at_once(ruler, tmp_path, field):
    large, fraction = 2**53 + 1, 1.5
    if field == "m":
        large, fraction = [{"id": large}], [{"id": fraction}]
    rows = [{"text": "a", field: large}] * 1000 + [{"text": "b", field: fraction}]
    match = r"E433.*id has fractions and the integer 9007199254740993 \(document 1 of"
    with pytest.raises(ValueError, match=match):
        options = {"format": "parquet", "shard_size": 1000}
        run_here(request(ruler, corpus(tmp_path, *rows), tmp_path / "out", **options))


def test_large_integers_of_a_parquet_file_are_seen(ruler, tmp_path):
    for name, value in {"a": 2**53 + 1, "b": 1.5}.items():
        table = pyarrow.table({"text": [name], "id": [value]})
        pyarrow.parquet.write_table(table, tmp_path / f"{name}.parquet")
    with pytest.raises(ValueError, match=r"E433.*a\.parquet"):
        source = tmp_path / "*.parquet"
        run_here(request(ruler, source, tmp_path / "out", format="parquet"))
