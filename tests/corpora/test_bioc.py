"""BioC, as XML and as JSON."""

import json
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


def as_xml(passages: list[dict], inner: str = "passage") -> str:
    def annotation(value: dict) -> str:
        infons = "".join(
            f'<infon key="{key}">{escape(str(info))}</infon>'
            for key, info in value.get("infons", {}).items()
        )
        places = "".join(
            f'<location offset="{place["offset"]}" length="{place["length"]}"/>'
            for place in value.get("locations", ())
        )
        text = f"<text>{escape(value['text'])}</text>" if "text" in value else ""
        return f"<annotation id='a'>{infons}{places}{text}</annotation>"

    found = []
    for passage in passages:
        annotations = "\n".join(map(annotation, passage["annotations"]))
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
        f"<document><id>10</id>\n{''.join(found)}</document></collection>"
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


ADA = {
    "id": "T1",
    "infons": {"type": "PER"},
    "text": "Ada",
    "locations": [{"offset": 0, "length": 3}],
}
LATE = {**ADA, "text": "Rome", "locations": [{"offset": 15, "length": 4}]}
AWAY = {**ADA, "text": "Oslo", "locations": [{"offset": 90, "length": 4}]}


def passages_of(*texts, **more) -> list[dict]:
    offsets = [sum(len(text) + 1 for text in texts[:i]) for i in range(len(texts))]
    return [
        {"offset": at, "text": text, "annotations": []} | more
        for at, text in zip(offsets, texts, strict=True)
    ]


@pytest.mark.parametrize("place", ["document", "passage"])
def test_annotations_of_the_document_or_of_a_passage_with_sentences(corpus, place):
    parts = passages_of("Ada left Rome.", "Rome slept.")
    if place == "document":
        document = {"passages": parts, "annotations": [LATE, ADA]}
    else:
        passage = {"offset": 0, "sentences": parts, "annotations": [LATE, ADA]}
        document = {"passages": [passage]}
    read = corpus(json.dumps({"documents": [{"id": "1", **document}]}))
    assert mentions(read) == [[("Ada", "PER")], [("Rome", "PER")]]
    assert problems(read) == []


def test_an_annotation_that_is_in_no_passage_makes_them_unknown(corpus):
    document = {"id": "1", "passages": passages_of("Ada left.", "Bo slept.")}
    document["annotations"] = [ADA, AWAY]
    read = corpus(json.dumps({"documents": [document]}))
    assert mentions(read) == [[("Ada", "PER")], []]
    assert [bool(text.unknown) for text in read.texts] == [True, True]
    assert problems(read) == [(1, "skipped", "mention is not at its offsets")] * 2


def test_annotations_of_an_xml_document(corpus):
    annotation = """<annotation id="1"><infon key="type">PER</infon>
        <location offset="0" length="3"/><text>Ada</text></annotation>"""
    passage = "<passage><offset>0</offset><text>Ada left</text></passage>"
    document = f"<document><id>1</id>{passage}{annotation}</document>"
    read = corpus(f"<?xml version='1.0'?><collection>{document}</collection>")
    assert mentions(read) == [[("Ada", "PER")]]
