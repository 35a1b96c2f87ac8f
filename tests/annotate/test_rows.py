"""Every kind of file gives its documents with their own fields, or says what is
wrong."""

import bz2
import gzip
import json
import lzma
import zipfile

import fsspec
import pyarrow
import pyarrow.parquet
import pytest
import spacy
from spacy.tokens import DocBin

from spacy_padellm.annotate.inputs import InputError, find_files
from spacy_padellm.annotate.rows import Layout, read_rows
from spacy_padellm.corpora import cells as cells_module

ROWS = [
    {"id": "1", "text": 'Li Wei,\n"won"'},
    {"id": "2", "text": "Ünïcode 😀\u2028stays"},
    {"id": "3", "text": ""},
]


def jsonl(rows=ROWS) -> bytes:
    return "\n\n".join(json.dumps(row, ensure_ascii=False) for row in rows).encode()


def csv() -> bytes:
    lines = ["id,text", '1,"Li Wei,\n""won"""', "2,Ünïcode 😀\u2028stays", "3,"]
    return "\r\n".join(lines).encode()


def read(file, column="text", lines=False):
    [found] = find_files(str(file))
    return list(read_rows(found, Layout(column, lines)))


def zstd(data: bytes) -> bytes:
    try:
        from compression import zstd
    except ImportError:
        from backports import zstd
    return zstd.compress(data)


PACK = {"": bytes, ".gz": gzip.compress, ".bz2": bz2.compress, ".xz": lzma.compress}
PACK[".zst"] = zstd


@pytest.mark.parametrize("ending", PACK)
@pytest.mark.parametrize(("name", "data"), [("a.jsonl", jsonl()), ("a.CSV", csv())])
def test_json_lines_and_csv_keep_all_fields_untouched(tmp_path, name, data, ending):
    file = tmp_path / (name + ending)
    file.write_bytes(PACK[ending](data))
    rows = read(file)
    assert [row.fields for row in rows] == ROWS
    assert [row.text for row in rows] == [row["text"] for row in ROWS]


@pytest.mark.parametrize("ending", [".gz", ".bz2", ".xz", ".zst"])
def test_half_a_compressed_file_is_refused(tmp_path, ending):
    data = PACK[ending](jsonl([{"text": f"{i} {i * i}"} for i in range(2000)]))
    file = tmp_path / f"half.jsonl{ending}"
    file.write_bytes(data[: len(data) // 2])
    with pytest.raises(ValueError, match="E414.*half.jsonl"):
        read(file)


def test_tabs_separate_the_cells_of_tsv(tmp_path):
    file = tmp_path / "a.tsv"
    file.write_text("n\ttext\n1\ta, b\n")
    assert [row.fields for row in read(file)] == [{"n": "1", "text": "a, b"}]


@pytest.mark.parametrize("name", ["a.csv", "a.tsv", "a.jsonl"])
@pytest.mark.parametrize("data", [b"", b"\n\n", b"\xef\xbb\xbf"])
def test_an_empty_file_has_no_documents(tmp_path, name, data):
    (tmp_path / name).write_bytes(data)
    assert read(tmp_path / name) == []


@pytest.mark.parametrize(
    ("lines", "cells"),
    [
        (['1\t"FIFA" cup', "2\tb"], [["1", '"FIFA" cup'], ["2", "b"]]),
        (['1\t"open', "2\tb"], [["1", '"open'], ["2", "b"]]),
        (['1\t"open', '2\t"FIFA" cup', "3\tb"], [["1", '"open'], ["2", '"FIFA" cup']]),
        (['1\t"open', '2\tends so"'], [["1", '"open'], ["2", 'ends so"']]),
        (['1\t"a ""quoted"" cell"', "2\tb"], [["1", 'a "quoted" cell'], ["2", "b"]]),
        (['1\t"two', 'lines"', "2\tb"], [["1", "two\r\nlines"], ["2", "b"]]),
        (["", '"1"\t', "", "\t"], [["1", ""], ["", ""]]),
    ],
)
def test_a_row_of_tsv_without_valid_quotes_is_read_as_it_stands(tmp_path, lines, cells):
    file = tmp_path / "a.tsv"
    file.write_bytes("\r\n".join(["n\ttext", *lines]).encode())
    rows = read(file)
    assert [list(row.fields.values()) for row in rows][: len(cells)] == cells
    assert [row.number for row in rows] == list(range(1, len(rows) + 1))
    assert not any(row.problem for row in rows)


def test_a_quote_that_is_never_closed_is_looked_for_nearby(tmp_path, monkeypatch):
    monkeypatch.setattr(cells_module, "MAX_QUOTED", 100)
    file = tmp_path / "a.tsv"
    lines = ["text", '"open', *["line"] * 100, 'end"']
    file.write_text("\n".join(lines))
    assert [row.text for row in read(file)] == lines[1:]


def test_a_row_of_csv_that_is_not_utf8_is_a_document_with_a_problem(tmp_path):
    (tmp_path / "a.csv").write_bytes(b"\xef\xbb\xbfid,text\n1,a\n2,b\xe9\n3,c\n")
    rows = read(tmp_path / "a.csv")
    assert [row.text for row in rows] == ["a", None, "c"]
    assert rows[1].fields == {"id": "2", "text": "b\ufffd"}
    assert "UTF-8" in rows[1].problem


def test_only_the_end_of_a_name_tells_that_tabs_separate(tmp_path):
    (tmp_path / "x.tsv_export").mkdir()
    file = tmp_path / "x.tsv_export" / "a.tsv.csv.gz"
    file.write_bytes(gzip.compress(b"n,text\n1,a\tb\n"))
    assert read(file)[0].text == "a\tb"
    file = tmp_path / "A.TSV.gz"
    file.write_bytes(gzip.compress(b"n\ttext\n1\ta,b\n"))
    assert read(file)[0].text == "a,b"
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as packed:
        packed.writestr("b.tsv", "n\ttext\n1\ta,b\n")
    assert read(f"zip://b.tsv::{tmp_path}/a.zip")[0].text == "a,b"


def test_parquet_keeps_its_types(tmp_path):
    rows = [{"n": 2**40, "body": "Li Wei", "tags": ["a"]}, {"n": 1, "body": None}]
    schema = pyarrow.schema(
        [
            ("n", pyarrow.int64()),
            ("body", pyarrow.string()),
            ("tags", pyarrow.list_(pyarrow.string())),
        ]
    )
    table = pyarrow.Table.from_pylist(rows, schema=schema)
    pyarrow.parquet.write_table(table, tmp_path / "a.parquet")
    first, second = read(tmp_path / "a.parquet", column="body")
    assert first.fields == rows[0] and first.text == "Li Wei"
    assert second.text is None and "no string" in second.problem


def test_a_text_file_is_a_document_or_one_a_line(tmp_path):
    file = tmp_path / "a.txt"
    file.write_bytes("\ufeffOne\r\n\nTwó\u2028x\n".encode())
    [whole] = read(file)
    assert whole.text == "One\r\n\nTwó\u2028x\n"
    lines = read(file, lines=True)
    assert [row.text for row in lines] == ["One", "Twó\u2028x"]
    assert [row.fields["line"] for row in lines] == [1, 3]


def test_docs_come_with_what_they_have(tmp_path):
    nlp = spacy.blank("en")
    doc = nlp("Li Wei won")
    doc.user_data["id"] = 7
    DocBin(store_user_data=True, docs=[doc]).to_disk(tmp_path / "a.spacy")
    [row] = read(tmp_path / "a.spacy")
    again = spacy.tokens.Doc(nlp.vocab).from_bytes(row.doc)
    assert row.text == again.text == "Li Wei won" and again.user_data["id"] == 7


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ('{"text": "half', "not JSON"),
        ("[1]", "not an object"),
        ("[" * 100_000, "nested more than 200 deep"),
        ('{"text": "c", "x": ' + "[" * 210 + "]" * 210 + "}", "nested more than 200"),
        ('{"id": 3}', "missing"),
        ('{"text": null}', "None"),
        ('{"text": 3}', "3, which is no string"),
    ],
)
def test_a_line_without_a_text_is_a_document_with_a_problem(tmp_path, line, why):
    file = tmp_path / "a.jsonl"
    file.write_text(f'{{"text": "a"}}\n{line}\n{{"text": "b"}}')
    rows = read(file)
    assert [row.text for row in rows] == ["a", None, "b"]
    assert why in rows[1].problem and rows[1].number == 2


def test_a_text_that_is_not_utf8_is_a_document_with_a_problem(tmp_path):
    (tmp_path / "a.txt").write_bytes(b"one\nt\xffwo\n")
    assert "UTF-8" in read(tmp_path / "a.txt")[0].problem
    first, second = read(tmp_path / "a.txt", lines=True)
    assert first.text == "one" and "UTF-8" in second.problem


@pytest.mark.parametrize("name", ["a.jsonl", "a.csv", "a.parquet"])
def test_a_column_that_is_not_there_is_named(tmp_path, name):
    file = tmp_path / name
    if name.endswith("parquet"):
        table = pyarrow.table({"id": [1], "text": ["a"]})
        pyarrow.parquet.write_table(table, file)
    else:
        file.write_bytes(jsonl() if name == "a.jsonl" else csv())
    with pytest.raises(ValueError, match=r"E413.*'body'.*'id', 'text'"):
        read(file, column="body")


@pytest.mark.parametrize(
    ("name", "data", "why"),
    [
        ("a.csv", b'text\n"open\nnext\n', "line"),
        ("a.csv", b"text,text\na,b\n", "same name"),
        ("a.csv", b"text,\xff\na,b\n", "not UTF-8"),
        ("a.spacy", b"no docs", "a.spacy"),
        ("a.parquet", b"no table", "a.parquet"),
    ],
)
def test_a_file_that_would_lose_documents_is_refused(tmp_path, name, data, why):
    (tmp_path / name).write_bytes(data)
    with pytest.raises(ValueError, match=f"E414.*{why}"):
        read(tmp_path / name)


def test_a_row_of_csv_with_too_few_cells_is_a_document_with_a_problem(tmp_path):
    (tmp_path / "a.csv").write_text("id,text\n1\n2,b\n")
    first, second = read(tmp_path / "a.csv")
    assert "1 cells, the header has 2" in first.problem and second.text == "b"


def test_other_file_systems_are_read(tmp_path):
    with fsspec.open("memory://deep/folder/a.jsonl.gz", "wb") as file:
        file.write(gzip.compress(jsonl()))
    assert [row.fields for row in read("memory://deep")] == ROWS
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as file:
        file.writestr("b.jsonl", jsonl())
    assert [row.fields for row in read(f"zip://b.jsonl::{tmp_path}/a.zip")] == ROWS


@pytest.mark.parametrize(
    "text",
    [
        '[{"text": "Ada"}, {"text": "Bo"}]',
        '\ufeff[\n {"text": "Ada"}\n]\n',
        '[\t{"text": "Ada"},\n{"text": "Bo"}]',
    ],
)
def test_a_json_list_is_told_from_lines(tmp_path, text):
    """And not each of its lines from a document, or the whole list from one."""
    file = tmp_path / "a.json"
    file.write_text(text, encoding="utf8")
    with pytest.raises(InputError, match=f"E440.*{file}.*jq -c"):
        read(file)
    file.write_bytes(b'[{"text": "damaged\n' + jsonl(ROWS[:1]) + b"\n[1]\n[\n")
    assert [bool(row.problem) for row in read(file)] == [True, False, True, True]
