"""BioC, as XML and as JSON."""

import json
from collections.abc import Sequence
from xml.sax.saxutils import escape

import pytest

from spacy_padellm.corpora.registry import read as read_file

from .conftest import mentions, problems

TITLE, BODY = "😀 Ada & Bo", "She left New York."
PASSAGES = [
    {"offset": 0, "infons": {}, "text": TITLE, "annotations": [
        {"id": "1", "infons": {"type": "Person"}, "text": "Ada",
         "locations": [{"offset": 2, "length": 3}]}]},
    {"offset": 20, "infons": {}, "text": BODY, "annotations": [
        {"id": "2", "infons": {"type": "Place"}, "text": "New York",
         "locations": [{"offset": 29, "length": 8}]},
        {"id": "3", "infons": {"type": "Part"}, "text": "York",
         "locations": [{"offset": 33, "length": 4}]}]},
]  # fmt: skip
WANTED = [[("Ada", "Person")], [("New York", "Place"), ("York", "Part")]]


def xml_annotation(value: dict) -> str:
    infons = "".join(
        f'<infon key="{key}">{escape(str(info))}</infon>'
        for key, info in value.get("infons", {}).items()
    )
    places = "".join(
        f'<location offset="{place["offset"]}" length="{place["length"]}"/>'
        for place in value.get("locations", ())
    )
    text = f"<text>{escape(value['text'])}</text>" if "text" in value else ""
    return f"<annotation id='a'>{infons}{places}{text}</annotation>\n"


def as_xml(passages: list[dict], inner: str = "passage", loose: Sequence = ()) -> str:
    found = []
    for passage in passages:
        annotations = "".join(map(xml_annotation, passage["annotations"]))
        text = escape(passage["text"])
        body = f"<offset>{passage['offset']}</offset><text>{text}</text>"
        if inner == "sentence":
            body = f"<offset>0</offset><sentence>{body}{annotations}</sentence>"
            annotations = ""
        relation = '<relation id="r"><infon key="type">x</infon></relation>'
        found.append(f"<passage><infon key='section'>title</infon>{body}\n"
                     f"{annotations}{relation}</passage>")  # fmt: skip
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<!DOCTYPE collection SYSTEM "BioC.dtd">\n'
        "<collection><source>a</source><date/><key/>\n"
        f"<document><id>10</id>\n{''.join(found)}{''.join(map(xml_annotation, loose))}"
        "</document></collection>"
    )


def as_json(passages: list[dict], indent: int | None = None) -> str:
    document = {"id": "10", "infons": {}, "passages": passages, "relations": []}
    return json.dumps({"source": "a", "documents": [document]}, indent=indent)


def as_lines(passages: list[dict]) -> str:
    return json.dumps({"id": "10", "passages": passages}) + "\n"


def as_pubtator3(passages: list[dict]) -> str:
    return json.dumps({"PubTator3": [{"id": "10", "passages": passages}]})


WRITERS = [as_xml, as_json, lambda p: as_json(p, 1), as_lines, as_pubtator3]
WRITERS += [lambda p: as_xml(p, "sentence")]


@pytest.mark.parametrize("write", WRITERS)
@pytest.mark.parametrize("before, newline", [("", "\n"), ("\ufeff", "\r\n")])
def test_each_passage_is_a_text(corpus, write, before, newline):
    read = corpus(before + write(PASSAGES).replace("\n", newline))
    assert read.format == "bioc"
    assert [text.text for text in read.texts] == [TITLE, BODY]
    assert mentions(read) == WANTED
    assert {text.document for text in read.texts} == {"10"}
    assert problems(read) == []


@pytest.mark.parametrize("write", WRITERS)
@pytest.mark.parametrize(
    "change, kind",
    [
        ({"locations": [{"offset": 99, "length": 5}], "text": "Bob"},
         "mention is not at its offsets"),
        ({"locations": []}, "annotation without a location"),
        ({"locations": [{"offset": "x", "length": 3}]},
         "annotation without a location"),
        ({"infons": {}}, "entity without a label"),
        ({"locations": [{"offset": 2, "length": 3}, {"offset": 8, "length": 2}]},
         "discontinuous entity"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_unknown(corpus, write, change, kind):
    (good,) = PASSAGES[0]["annotations"]
    passage = {**PASSAGES[0], "annotations": [{**good, **change}]}
    read = corpus(write([passage, PASSAGES[1]]))
    assert mentions(read) == [[], WANTED[1]]
    assert [(a, k) for _, a, k in problems(read)] == [("skipped", kind)]
    assert read.texts[0].unknown


def test_utf16_offsets_are_named(corpus):
    (good,) = PASSAGES[0]["annotations"]
    moved = {**good, "locations": [{"offset": 3, "length": 3}]}
    read = corpus(as_json([{**PASSAGES[0], "annotations": [moved]}]))
    assert mentions(read) == WANTED[:1]
    assert [a for _, a, _ in problems(read)] == ["repaired"]


def test_invalid_xml_is_an_error_with_its_line(tmp_path):
    path = tmp_path / "a.xml"
    path.write_text("<collection>\n<document>\n</collection>")
    with pytest.raises(ValueError, match=r"E204.*a.xml:3.*bioc"):
        read_file(path)


LOOSE = [a for passage in PASSAGES for a in passage["annotations"]]
BARE = [{**passage, "annotations": []} for passage in PASSAGES]
NOWHERE = "annotation is in no text of its document"


def loose_xml(annotations: list[dict]) -> str:
    return as_xml(BARE, loose=annotations)


def loose_json(annotations: list[dict]) -> str:
    return json.dumps({"id": "10", "passages": BARE, "annotations": annotations})


def loose_sentences(annotations: list[dict]) -> str:
    passage = {"offset": 0, "sentences": BARE, "annotations": annotations}
    return json.dumps({"id": "10", "passages": [passage]})


LOOSE_WRITERS = [loose_xml, loose_json, loose_sentences]


def at(offset: int, text: str | None, **more) -> dict:
    place = {"offset": offset, "length": len(text or "Ada")}
    return {"infons": {"type": "X"}, "locations": [place], **more} | (
        {} if text is None else {"text": text}
    )


@pytest.mark.parametrize("write", LOOSE_WRITERS)
def test_annotations_of_a_document_go_to_their_passages(corpus, write):
    read = corpus(write(LOOSE))
    assert mentions(read) == WANTED
    assert problems(read) == []
    assert not any(text.unknown for text in read.texts)


@pytest.mark.parametrize("write", LOOSE_WRITERS)
@pytest.mark.parametrize(
    "lost, kind",
    [
        (at(99, "Bob"), NOWHERE),
        (at(99, None), NOWHERE),
        (at(8, "Bo She"), NOWHERE),  # in both
        (at(2, "York"), NOWHERE),  # the other passage has it
        ({"infons": {"type": "X"}, "locations": []}, "annotation without a location"),
    ],
)
def test_an_annotation_in_no_passage_leaves_all_unknown(corpus, write, lost, kind):
    read = corpus(write([*LOOSE, lost]))
    assert mentions(read) == WANTED
    assert [(a, k) for _, a, k in problems(read)] == [("skipped", kind)]
    assert read.report.lost_entities == 1
    assert all(text.unknown for text in read.texts)


def test_an_annotation_in_two_passages_leaves_both_unknown(corpus):
    passages = [
        {"offset": 0, "text": "Ada left."},
        {"offset": 0, "text": "Ada met Bo."},
    ]
    found = [at(0, "Ada"), at(8, "Bo")]
    read = corpus(json.dumps({"passages": passages, "annotations": found}))
    assert mentions(read) == [[], [("Bo", "X")]]
    assert [k for _, _, k in problems(read)] == [NOWHERE]
    assert all(text.unknown for text in read.texts)


def test_the_line_of_a_lost_annotation_is_its_own_in_xml(corpus):
    content = loose_xml([*LOOSE, at(99, "Bob")])
    (line,) = [i for i, t in enumerate(content.split("\n"), 1) if "Bob" in t]
    assert problems(corpus(content)) == [(line, "skipped", NOWHERE)]


def test_a_label_missing_in_a_document_annotation_is_unknown_there(corpus):
    read = corpus(loose_json([{**LOOSE[0], "infons": {}}, *LOOSE[1:]]))
    assert mentions(read) == [[], WANTED[1]]
    assert read.texts[0].unknown == ((2, 5, ""),)


def test_annotations_that_are_no_list_are_read_or_lost(corpus):
    (good,) = PASSAGES[0]["annotations"]
    passage = {**PASSAGES[0], "annotations": good}
    other = {**PASSAGES[1], "annotations": {"T1": LOOSE[1]}}
    read = corpus(as_json([passage, other]))
    assert mentions(read) == [WANTED[0], []]
    assert [k for _, _, k in problems(read)] == ["annotation without a location"]
    assert [bool(text.unknown) for text in read.texts] == [False, True]


@pytest.mark.parametrize(
    "lost",
    [
        "Ada left.",
        {"offset": 0, "text": 7},
        {"offset": 0, "text": "", "annotations": LOOSE[:1]},
        {"offset": 0, "text": " ", "annotations": LOOSE[:1]},
        {"offset": 0, "sentences": [{"text": "", "annotations": LOOSE[:1]}]},
        {"offset": 0, "sentences": 7},
    ],
)
def test_a_passage_without_a_text_is_reported(corpus, lost):
    read = corpus(as_json([*PASSAGES, lost]))
    assert mentions(read) == WANTED
    kind = "passage without a text"
    assert [(a, k) for _, a, k in problems(read)] == [("skipped", kind)]


def test_an_empty_passage_is_no_problem(corpus):
    passages = [{}, {"text": ""}, {"text": None, "sentences": [], "annotations": []}]
    assert problems(corpus(as_json([*PASSAGES, *passages]))) == []


def test_a_single_document_in_place_of_a_list_is_read(corpus):
    content = json.dumps({"documents": {"id": "10", "passages": PASSAGES}})
    assert mentions(corpus(content, format="bioc")) == WANTED


def test_documents_that_are_none_are_reported(corpus):
    lines = as_json(PASSAGES) + '\n{"documents": 7}\n'
    assert problems(corpus(lines)) == [(2, "skipped", "document without passages")]
