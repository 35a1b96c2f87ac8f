"""Whole corpora as the tools of other people export them: every mention comes back."""

import csv
import io
import json
from collections.abc import Callable, Sequence

import pytest

from spacy_padellm.corpora.registry import read

pytestmark = pytest.mark.slow

# a text, and its mentions: start, end, label
Row = tuple[str, list[tuple[int, int, str]]]


def doccano(rows: Sequence[Row]) -> str:
    return lines(
        {
            "id": number,
            "text": text,
            "entities": [
                {"id": i, "label": label, "start_offset": start, "end_offset": end}
                for i, (start, end, label) in enumerate(spans)
            ],
            "relations": [],
        }
        for number, (text, spans) in enumerate(rows)
    )


def json_min(rows: Sequence[Row]) -> str:
    return json.dumps(
        [
            {
                "id": number,
                "text": text,
                "label": [
                    {"start": s, "end": e, "text": text[s:e], "labels": [label]}
                    for s, e, label in spans
                ],
            }
            for number, (text, spans) in enumerate(rows)
        ]
    )


def label_studio(rows: Sequence[Row]) -> str:
    def result(text: str, start: int, end: int, label: str) -> dict:
        value = {"start": start, "end": end, "text": text[start:end], "labels": [label]}
        return {
            "value": value,
            "from_name": "label",
            "to_name": "text",
            "type": "labels",
        }

    return json.dumps(
        [
            {
                "id": number,
                "data": {"text": text},
                "annotations": [{"result": [result(text, *span) for span in spans]}],
            }
            for number, (text, spans) in enumerate(rows)
        ],
        indent=2,
    )


def transformers(rows: Sequence[Row]) -> str:
    """What a pipeline with an aggregation strategy returns, beside its text."""
    return lines(
        {
            "text": text,
            "entities": [
                {"entity_group": label, "score": 0.9, "word": text[s:e].lower()}
                | {"start": s, "end": e}
                for s, e, label in spans
            ],
        }
        for text, spans in rows
    )


def table(rows: Sequence[Row]) -> str:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["text", "start", "end", "label"])
    for text, spans in rows:
        for start, end, label in spans:
            writer.writerow([text, start, end, label])
        if not spans:
            writer.writerow([text, "", "", ""])
    return out.getvalue()


def pubtator(rows: Sequence[Row]) -> str:
    blocks = []
    for number, (text, spans) in enumerate(rows):
        block = [f"{number}|t|{text}", f"{number}|a|"]
        for start, end, label in spans:
            block.append(f"{number}\t{start}\t{end}\t{text[start:end]}\t{label}")
        blocks.append("\n".join(block) + "\n")
    return "\n".join(blocks)


def lines(values) -> str:
    return "".join(json.dumps(value) + "\n" for value in values)


def rows_of(texts) -> list[Row]:
    """The texts without those that are there twice: a table joins their mentions."""
    rows = {
        one.text: sorted(
            (s, e, label) for label in one.spans for s, e in one.spans[label]
        )
        for one in texts
    }
    return list(rows.items())


@pytest.mark.parametrize("source", ["workshop", "conll03"])
@pytest.mark.parametrize(
    "write", [doccano, json_min, label_studio, transformers, table, pubtator]
)
def test_every_mention_comes_back(
    request, tmp_path, source, write: Callable[[Sequence[Row]], str]
):
    rows = rows_of(request.getfixturevalue(source))
    file = tmp_path / "export"
    file.write_text(write(rows), "utf8")
    corpus = read(file)
    # PubTator has a space between a title and an abstract, which is empty here
    back = [
        (text.text.rstrip(), sorted(map(tuple, text.entities))) for text in corpus.texts
    ]
    assert sum(len(spans) for _, spans in rows) >= 600
    assert back == rows
    assert not corpus.report.kinds()


@pytest.mark.parametrize("newline", ["\n", "\r", "\r\n"])
def test_a_text_of_over_a_million_characters_stands_for_itself(
    workshop, tmp_path, newline
):
    """It refused the whole file, and so did a number of 5,000 digits."""
    rows = rows_of(workshop)
    many = " ".join(text for text, _ in rows)
    long = many * (1_100_000 // len(many) + 1), [rows[0][1][0]]
    content = doccano([*rows[:100], long, *rows[100:]]).splitlines()
    content[50] = content[50].replace('"id": 50', f'"id": {"9" * 5_000}')
    file = tmp_path / "export.jsonl"
    file.write_bytes(newline.join(content).encode())
    corpus = read(file)
    texts = {text.text: sorted(map(tuple, text.entities)) for text in corpus.texts}
    assert texts == dict([*rows, long])
