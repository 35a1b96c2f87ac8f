"""Label Studio's JSON and JSON-MIN."""

import json

import pytest

from spacy_padellm.corpora.docs import make_doc

from .conftest import mentions, problems

TEXT = "Ada left Rome"
SPANS = [
    {"start": 0, "end": 3, "text": "Ada", "labels": ["PER"]},
    {"start": 9, "end": 13, "text": "Rome", "labels": ["LOC", "CITY"]},
]
WANTED = [[("Ada", "PER"), ("Rome", "CITY"), ("Rome", "LOC")]]


def result(span: dict, **details) -> dict:
    details = {"from_name": "label", "to_name": "text", "type": "labels", **details}
    return {"id": "abc", "value": span, **details}


def task(*spans: dict, text: str = TEXT, **details) -> dict:
    annotation = {"id": 3, "result": [result(span) for span in spans], **details}
    return {"id": 1, "data": {"text": text}, "annotations": [annotation]}


def minimal(*spans: dict, text: str = TEXT, **details) -> dict:
    about = {"id": 1, "annotator": 1, "annotation_id": 3, "lead_time": 4.2}
    labels = {"label": list(spans)} if spans else {}
    return {"text": text, **about, **labels, **details}


@pytest.mark.parametrize("make", [task, minimal])
@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("before, newline", [("", "\n"), ("\ufeff", "\r\n")])
def test_spans_have_all_their_labels(corpus, make, indent, before, newline):
    content = json.dumps([make(*SPANS), make()], indent=indent).replace("\n", newline)
    read = corpus(before + content)
    assert read.format == "label_studio"
    assert mentions(read) == [*WANTED, []]
    assert problems(read) == []
    assert {text.document for text in read.texts} == {"1"}


@pytest.mark.parametrize("make", [task, minimal])
def test_offsets_after_an_emoji_are_utf16_units_and_said_to_be(corpus, make):
    text = f"😀 {TEXT}"
    moved = [{**s, "start": s["start"] + 3, "end": s["end"] + 3} for s in SPANS]
    read = corpus(json.dumps([make(*moved, text=text)]))
    assert mentions(read) == WANTED
    kinds = read.report.kinds()
    assert kinds == {("repaired", "offsets seem to count UTF-16 units, converted"): 3}
    bare = [{k: v for k, v in span.items() if k != "text"} for span in moved]
    with pytest.raises(ValueError, match="E214.*UTF-16"):
        corpus(json.dumps([make(*bare, text=text)]))


@pytest.mark.parametrize("make", [task, minimal])
@pytest.mark.parametrize(
    "change, kind",
    [
        ({"start": 40, "end": 44, "text": "Paris"}, "mention is not at its offsets"),
        ({"start": None, "end": None, "text": None}, "entity without offsets"),
        ({"labels": []}, "entity without a label"),
    ],
)
def test_what_cannot_be_used_is_not_annotated(corpus, english, make, change, kind):
    read = corpus(json.dumps([make(SPANS[0], {**SPANS[1], **change})]))
    assert mentions(read) == [[("Ada", "PER")]]
    assert {(a, k) for _, a, k in problems(read)} == {("skipped", kind)}
    doc = make_doc(english, read.texts[0])
    assert [token.ent_iob for token in doc][::2] == [3, 0]


def test_the_key_of_the_text_is_that_of_the_project(corpus):
    other = task(*SPANS)
    other["data"] = {"id": "x7", "body": TEXT, "source": "mail"}
    other["annotations"][0]["result"] = [result(s, to_name="body") for s in SPANS]
    assert mentions(corpus(json.dumps([other]))) == WANTED
    del other["annotations"][0]["result"][0]["to_name"]
    for part in other["annotations"][0]["result"]:
        part.pop("to_name", None)
    good = json.dumps(task(*SPANS))
    read = corpus(f"[{good},\n{json.dumps(other)}]")
    assert problems(read) == [(2, "skipped", "task without one text")]


def test_hypertext_has_global_offsets(corpus):
    span = {"start": "/p[1]/text()[1]", "end": "/p[1]/text()[1]", "startOffset": 0}
    span |= {"globalOffsets": {"start": 0, "end": 3}, "hypertextlabels": ["PER"]}
    made = task()
    made["annotations"][0]["result"] = [result(span, type="hypertextlabels")]
    assert mentions(corpus(json.dumps([made]))) == [[("Ada", "PER")]]


def two_texts(*names: str | None) -> dict:
    """A task with two texts, and one span for each name."""
    made = task(text=TEXT)
    made["data"]["title"] = "Bob Rome Cy"
    span = {"start": 0, "end": 3, "labels": ["PER"]}
    made["annotations"][0]["result"] = [result({**span}, to_name=n) for n in names]
    return made


def test_each_text_of_a_task_has_its_own_entities(corpus):
    read = corpus(json.dumps([two_texts("text", "title")]))
    assert [text.text for text in read.texts] == [TEXT, "Bob Rome Cy"]
    assert mentions(read) == [[("Ada", "PER")], [("Bob", "PER")]]
    assert ([t.unknown for t in read.texts], problems(read)) == ([(), ()], [])
    assert [text.document for text in read.texts] == ["1", "1"]


def test_a_text_without_entities_of_its_own_is_not_said_to_have_none(corpus):
    read = corpus(json.dumps([two_texts("title")]))
    assert mentions(read) == [[("Bob", "PER")]]


NO_TEXT = "result for none of the texts of its task"


def test_results_for_another_object_are_reported(corpus):
    read = corpus(json.dumps([two_texts("text", "image")]))
    assert (mentions(read), read.texts[0].unknown) == ([[("Ada", "PER")]], ())
    assert problems(read) == [(1, "skipped", NO_TEXT)]
    good = [task(*SPANS), two_texts("image", "page")]
    kinds = corpus(json.dumps(good)).report.kinds()
    assert kinds[("skipped", NO_TEXT)] == 2
    assert kinds[("skipped", "task without one text")] == 1


def test_a_text_whose_control_has_another_name_is_the_one_with_the_mentions(corpus):
    made = two_texts("t1", "t2")
    results = made["annotations"][0]["result"]
    for part, mention in zip(results, ["Ada", "Bob"], strict=True):
        part["value"]["text"] = mention
    read = corpus(json.dumps([made]))
    assert mentions(read) == [[("Ada", "PER")], [("Bob", "PER")]]
    assert problems(read) == []


def test_so_it_is_if_only_one_text_has_entities(corpus):
    made = two_texts("t2")
    made["annotations"][0]["result"][0]["value"]["text"] = "Bob"
    read = corpus(json.dumps([made]))
    assert (mentions(read), problems(read)) == ([[("Bob", "PER")]], [])


def test_a_result_that_names_no_text_is_in_the_only_one(corpus):
    made = two_texts("text", None)
    made["annotations"][0]["result"][1]["value"].update(start=9, end=13)
    read = corpus(json.dumps([made]))
    assert mentions(read) == [[("Ada", "PER"), (TEXT[9:13], "PER")]]
    assert read.texts[0].unknown == ()


def test_results_that_name_no_text_may_be_in_any_of_them(corpus):
    read = corpus(json.dumps([two_texts("text", "title", None)]))
    assert mentions(read) == [[("Ada", "PER")], [("Bob", "PER")]]
    assert all(text.unknown for text in read.texts)


def test_a_dialogue_is_not_replaced_by_another_text(corpus):
    made = task(*SPANS)
    made["data"]["dialogue"] = [{"text": TEXT}]
    for part in made["annotations"][0]["result"]:
        part["to_name"] = "dialogue"
    read = corpus(json.dumps([task(*SPANS), made]))
    assert mentions(read) == WANTED
    assert problems(read) == [(1, "skipped", "task without one text")]


def test_a_name_that_is_no_string_is_none(corpus):
    made = task()
    made["annotations"][0]["result"] = [result(s, to_name=["text"]) for s in SPANS]
    assert mentions(corpus(json.dumps([made]))) == WANTED


def test_other_answers_and_predictions_are_no_entities(corpus):
    made = task(*SPANS)
    made["annotations"][0]["result"] += [
        {"type": "choices", "value": {"choices": ["mail"]}, "to_name": "text"},
        {"type": "relation", "from_id": "a", "to_id": "b"},
    ]
    made["predictions"] = [{"result": [result({"start": 4, "end": 8})]}]
    assert mentions(corpus(json.dumps([made]))) == WANTED
    assert mentions(corpus(json.dumps([minimal(*SPANS, sentiment="good")]))) == WANTED


@pytest.mark.parametrize("type", ["choices", "textarea", "taxonomy"])
def test_a_region_with_another_answer_alone_is_unknown(corpus, type):
    made = task(SPANS[0])
    results = made["annotations"][0]["result"]
    for span in SPANS:  # the first is the answer for a region that has a label
        value = {k: v for k, v in span.items() if k != "labels"}
        results.append(result({**value, type: ["x"]}, type=type))
    read = corpus(json.dumps([made]))
    assert mentions(read) == [[("Ada", "PER")]]
    assert [part[:2] for part in read.texts[0].unknown] == [(9, 13)]
    kind = "region with another answer alone, such as a choice"
    assert problems(read) == [(1, "skipped", kind)]


@pytest.mark.parametrize("type", ["choices", "rectanglelabels", "relation"])
def test_a_task_with_other_answers_alone_is_not_one_without_entities(corpus, type):
    made = task()
    other = {"type": type, "value": {type: ["x"]}, "to_name": "text"}
    made["annotations"][0]["result"] = [other]
    assert_nothing_known(corpus, made, "task that was not annotated with spans")


@pytest.mark.parametrize(
    "made",
    [
        minimal(sentiment="Pos"),
        {"id": 1, "text": TEXT, "sentiment": "Pos", "annotation_id": 7},
        {"text": TEXT, "id": 1, "kinds": {"choices": ["a", "b"]}, "annotation_id": 7},
        {"id": 1, "text": TEXT, "box": [{"x": 1}], "annotation_id": 7},
    ],
)
def test_json_min_with_other_answers_alone_is_not_one_without_entities(corpus, made):
    assert_nothing_known(corpus, made, "task that was not annotated with spans")


@pytest.mark.parametrize(
    "made",
    [
        {"text": TEXT, "source": "mail", "id": 1, "annotation_id": 7},
        {"text": TEXT, "id": 1, "annotation_id": 7, "agreement": 1.0},
        minimal(sentiment="Pos", label=[]),
    ],
)
def test_json_min_without_answers_or_with_an_empty_one_has_no_entities(corpus, made):
    read = corpus(json.dumps([made]))
    assert (mentions(read), read.texts[0].unknown, problems(read)) == ([[]], (), [])


@pytest.mark.parametrize("make", [task, minimal])
def test_spans_in_a_dialogue_have_no_place_in_a_text(corpus, make):
    span = {"start": "0", "end": "0", "startOffset": 0, "endOffset": 3, "text": "Ada"}
    made = make({**span, "paragraphlabels": ["PER"]})
    for part in made.get("annotations", [{"result": []}])[0]["result"]:
        part["type"] = "paragraphlabels"
    assert_nothing_known(corpus, made, "paragraphlabels have no place in a text")


def assert_nothing_known(corpus, made: dict, kind: str) -> None:
    read = corpus(json.dumps([task(*SPANS), made]))
    assert mentions(read) == [*WANTED, []]
    [part] = read.texts[1].unknown
    assert part[:2] == (0, len(TEXT))
    assert problems(read) == [(1, "skipped", kind)]
    with pytest.raises(ValueError, match=f"E214.*{kind}"):
        corpus(json.dumps([made]))


def test_skipped_open_and_second_annotations_are_left_out(corpus):
    twice = task(*SPANS[:1])
    twice["annotations"] += [{"result": [result(s) for s in SPANS]}]
    truth = task(*SPANS[:1])
    truth["annotations"] += [
        {"result": [result(s) for s in SPANS], "ground_truth": True}
    ]
    skipped = task(*SPANS, was_cancelled=True)
    open_task = {"id": 1, "data": {"text": TEXT}, "annotations": []}
    rows = [twice, truth, skipped, open_task]
    read = corpus("[" + ",\n".join(map(json.dumps, rows)) + "]")
    assert mentions(read) == [[("Ada", "PER")], *WANTED]
    assert problems(read) == [
        (1, "left out", "further annotation of a task"),
        (2, "left out", "further annotation of a task"),
        (3, "left out", "task without annotation"),
        (4, "left out", "task without annotation"),
    ]
