"""The values of JSON files have the line that they begin in."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_padellm.corpora.base import ReadReport
from spacy_padellm.corpora.json_values import read_json_items

from .conftest import unhurried

VALUES = st.lists(st.dictionaries(st.sampled_from("ab]{"), st.text()), min_size=1)


def items(path, content: str, **options):
    path.write_text(content, encoding="utf8")
    report = ReadReport(path, "jsonl")
    return list(read_json_items(path, report, **options)), report


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return tmp_path_factory.mktemp("json") / "file.json"


@unhurried
@given(values=VALUES, indent=st.sampled_from([None, 0, 2]), key=st.booleans())
def test_the_items_of_a_list(path, values, indent, key):
    whole = {"x": {"items": values}} if key else values
    content = "\n" + json.dumps(whole, indent=indent)
    found, _ = items(path, content, **({"of": "items"} if key else {}))
    assert [value for _, value in found] == values
    for line, value in found:
        start = "\n".join(content.split("\n")[line - 1 :])
        assert json.dumps(value, indent=indent)[:1] in start.split("\n")[0]


@unhurried
@given(values=VALUES, indent=st.sampled_from([None, 2]))
def test_values_one_after_the_other(path, values, indent):
    values = [{"": 0, **value} for value in values]
    found, _ = items(path, "\n".join(json.dumps(v, indent=indent) for v in values))
    assert [value for _, value in found] == values
    lines = 4 if indent else 1
    if all(len(value) == 2 for value in values):
        assert [line for line, _ in found] == [
            1 + lines * i for i in range(len(values))
        ]


def test_lines_that_are_not_json_are_lost_and_reported(path):
    found, report = items(path, '{}\n{"a": }\n\n{} {}\n{}\n')
    assert [line for line, _ in found] == [1, 5]
    assert [problem.line for problem in report.problems] == [2, 4]
    assert report.lost == 2


@pytest.mark.parametrize(
    "content, line",
    [
        ("[{},\n{}", 2),
        ("[\n{},\n{]\n]", 3),
        ('[{"a": "\\ud800"}]', 1),
        ("[" * 99_999, 1),
    ],
)
def test_a_broken_list_is_an_error_with_its_line(path, content, line):
    with pytest.raises(ValueError, match=rf"E204.*file.json:{line}:"):
        items(path, content)


def test_half_a_surrogate_pair_is_no_text(path):
    found, report = items(path, '{"a": "\\ud83d\\ude00"}\n{"a": "\\ud83d"}\n')
    assert [value for _, value in found] == [{"a": "\U0001f600"}]
    assert "half a surrogate pair" in str(report.problems[0])


@pytest.mark.parametrize("content", ['{"a": %s}\n{"a": 2}', '[{"a": %s},\n{"a": 2}]'])
def test_a_number_that_python_refuses_stays_a_string(path, content):
    digits = "9" * 5_000
    path.write_text(content % digits)
    report = ReadReport(path, "")
    values = [value for _, value in read_json_items(path, report)]
    assert values == [{"a": digits}, {"a": 2}]
    assert report.problems == []


def test_lists_that_follow_each_other_are_read_and_other_things_refused(corpus):
    one, two = ([{"text": name, "entities": [[0, 2, "PER"]]}] for name in ("Bo", "Al"))
    read = corpus(f"{json.dumps(one)}\n{json.dumps(two)}\n")
    assert [text.text for text in read.texts] == ["Bo", "Al"]
    with pytest.raises(ValueError, match=r"E204.*:2: .*: 'more' follows the list"):
        corpus(f"{json.dumps(one)}\nmore")
