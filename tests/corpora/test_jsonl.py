"""The variants of JSON lines, including CLUENER and Rasa."""

import json

import pytest

from .conftest import mentions, problems

WANTED = [[("Ada", "PER"), ("Rome", "LOC")]]
TEXT = "Ada left Rome"
WORDS = TEXT.split()


@pytest.mark.parametrize(
    "example",
    [
        {"text": TEXT, "entities": [[0, 3, "PER"], [9, 13, "LOC"]]},
        {
            "text": TEXT,
            "entities": [
                {"start": 9, "end": 13, "value": "Rome", "entity": "LOC"},
                {"start": 0, "end": 3, "value": "Ada", "entity": "PER"},
            ],
        },
        {
            "text": TEXT,
            "spans": [
                {"start": 0, "end": 3, "label": "PER"},
                {"start": 9, "end": 13, "label": "LOC"},
            ],
        },
        {
            "tokens": WORDS,
            "entities": [[0, 1, "PER"], [2, 3, "LOC"], [0, 3, "event"]],
            "named": [[0, 1, "PER", "Ada_Lovelace"], [2, 3, "LOC", "Rome"]],
        },
        {
            "sentence": TEXT,
            "tokens": [{"surface": word, "id": i} for i, word in enumerate(WORDS)],
            "entities": [{"span": [0], "type": "PER"}, {"span": [2], "type": "LOC"}],
        },
        {"id": 1, "text": TEXT, "labels": [[0, 3, "PER"], [9, 13, "LOC"]]},
        {
            "text": TEXT,
            "entities": [
                {"id": 7, "label": "PER", "start_offset": 0, "end_offset": 3},
                {"id": 8, "label": "LOC", "start_offset": 9, "end_offset": 13},
            ],
            "relations": [{"id": 0, "from_id": 7, "to_id": 8, "type": "from"}],
        },
        {
            "text": TEXT,
            "annotations": [
                {"label": "PER", "start_offset": 0, "end_offset": 3, "user": 1},
                {"label": "LOC", "start_offset": 9, "end_offset": 13, "user": 1},
            ],
        },
        {
            "text": TEXT,
            "entities": [
                {"entity_group": "PER", "word": "ada", "start": 0, "end": 3},
                {"entity_group": "LOC", "word": "rome", "start": 9, "end": 13},
            ],
        },
        {
            "text": TEXT,
            "entities": [
                {"span": [0, 3], "labels": ["PER"]},
                {"span": [9, 13], "labels": ["LOC"]},
            ],
        },
    ],
    ids=[
        *("triples", "rasa", "prodigy", "gum", "slurp", "doccano labels"),
        *("doccano relations", "doccano annotations", "pipeline", "spans"),
    ],
)
def test_each_shape_gives_the_same(corpus, example):
    read = corpus(json.dumps(example))
    assert read.format == "jsonl"
    assert mentions(read) == WANTED
    assert problems(read) == []


def test_labels_are_those_that_the_text_was_annotated_for(corpus):
    example = {"text": TEXT, "entities": [], "labels": ["PER", "LOC"]}
    assert corpus(json.dumps(example)).texts[0].labels == ("PER", "LOC")


def test_labels_is_the_list_of_entities_only_if_there_is_no_other(corpus):
    empty = corpus(json.dumps({"text": TEXT, "labels": []}))
    assert (empty.texts[0].entities, empty.texts[0].labels) == ((), None)


def test_an_entity_may_have_several_labels(corpus):
    entities = [{"start": 0, "end": 3, "labels": ["PER", "AUTHOR"]}]
    read = corpus(json.dumps({"text": TEXT, "entities": entities}))
    assert mentions(read) == [[("Ada", "AUTHOR"), ("Ada", "PER")]]


PER, LOC = [0, 3, "PER"], [9, 13, "LOC"]
SPAN = {"start": 9, "end": 13, "label": "LOC"}


@pytest.mark.parametrize(
    "lists",
    [
        {"entities": [], "spans": [SPAN]},
        {"entities": [], "label": [LOC]},
        {"entities": [], "labels": [LOC]},
        {"entities": None, "annotations": [SPAN]},
        {"label": ["POS"], "spans": [SPAN]},
        {"entities": [], "tags": [{"start": 9, "end": 13, "tag": "LOC"}]},
        {"entities": [LOC], "spans": [SPAN], "labels": [LOC]},
    ],
)
def test_the_first_list_that_has_entities_is_read(corpus, lists):
    read = corpus(json.dumps({"text": TEXT, **lists}))
    assert mentions(read) == [[("Rome", "LOC")]]
    assert (read.texts[0].unknown, problems(read)) == ((), [])


def test_what_only_a_second_list_has_is_unknown(corpus):
    rows = [
        {"text": TEXT, "entities": [PER], "spans": [SPAN]},
        {"text": TEXT, "entities": [PER], "spans": [{"from": 9, "label": "LOC"}]},
        {"tokens": WORDS, "entities": [[0, 1, "PER"]], "ner": [[2, 3, "LOC"]]},
    ]
    read = corpus("\n".join(map(json.dumps, rows)))
    assert mentions(read) == [[("Ada", "PER")]] * 3
    places = [text.unknown for text in read.texts]
    assert places == [((9, 13, "LOC"),), ((0, 13, "LOC"),), ((9, 13, "LOC"),)]
    kind = "entity of a second list, which is not read"
    assert problems(read) == [(line, "skipped", kind) for line in (1, 2, 3)]


def test_a_list_with_an_unknown_key_is_not_said_to_be_empty(corpus):
    rows = [
        {"text": TEXT, "entities": [PER]},
        {"text": TEXT, "entities": [], "places": [SPAN]},
        {"text": TEXT, "spans": [], "tokens": [{"start": 0, "end": 3, "id": 0}]},
    ]
    read = corpus("\n".join(map(json.dumps, rows)))
    unknown = [text.unknown for text in read.texts]
    assert unknown == [(), ((9, 13, "LOC"),), ()]
    assert problems(read) == [
        (2, "skipped", "entity of a second list, which is not read")
    ]


def test_an_empty_list_is_not_read_instead_of_one_of_another_shape(corpus):
    rows = [{"text": TEXT, "entities": [PER]}, {"text": TEXT, "entities": ["Ada"]}]
    rows[1]["spans"] = []
    read = corpus("\n".join(map(json.dumps, rows)))
    assert read.texts[1].unknown


def test_what_only_a_second_list_has_is_where_utf_16_units_say(corpus):
    text = "😀" * 6 + " Ada met Bo now and then"
    first, second = [[13, 16, "PER"]], [[21, 23, "PER"], [13, 16, 7]]
    row = {"text": text, "entities": first, "spans": second}
    good = {"text": text, "entities": [[7, 10, "PER"]]}
    read = corpus("\n".join(map(json.dumps, [good, row])))
    parts = [text[start:end] for start, end, _ in read.texts[1].unknown]
    assert parts == [text, "Ada", "Bo"]  # the first entity has no mention


def test_names_of_gum_count_even_if_there_are_none(corpus):
    example = {"tokens": WORDS, "entities": [[0, 3, "event"]], "named": []}
    read = corpus(json.dumps(example))
    assert (mentions(read), problems(read)) == ([[]], [])


def test_gum_gives_all_nominal_mentions_if_asked(corpus):
    example = {"tokens": WORDS, "entities": [[0, 3, "event"]], "named": []}
    read = corpus(json.dumps(example), entities_key="entities")
    assert mentions(read) == [[(TEXT, "event")]]


def test_cluener_ends_are_inclusive(corpus):
    label = {"LOC": {"Rome": [[9, 12]]}, "PER": {"Ada": [[0, 2]]}}
    read = corpus(json.dumps({"text": TEXT, "label": label}))
    assert read.format == "cluener"
    assert mentions(read) == WANTED


def test_cluener_without_annotation_is_not_text_without_entities(corpus):
    annotated = json.dumps({"text": TEXT, "label": {}})
    read = corpus(annotated + '\n{"id": 1, "text": "Ada"}\n')
    assert len(read.texts) == 1
    assert problems(read) == [(2, "skipped", "text without annotation")]


@pytest.mark.parametrize(
    "label",
    [{"PER": [[0, 2]]}, {"PER": {"Ada": [0, 2]}}, {"PER": {"Ada": [["0", "2"]]}}],
)
def test_cluener_of_another_shape_is_skipped_and_reported(corpus, label):
    good, bad = {"text": TEXT, "label": {}}, {"text": TEXT, "label": label}
    read = corpus(json.dumps(good) + "\n" + json.dumps(bad))
    assert [(n, action) for n, action, _ in problems(read)] == [(2, "skipped")]


@pytest.mark.parametrize(
    "example",
    [
        {"tokens": WORDS, "entities": [
            {"start": 0, "end": 1, "type": "PER"},
            {"start": 2, "end": 3, "type": "LOC"}]},
        {"sentence": WORDS, "ner": [
            {"index": [0], "type": "PER"}, {"index": [2], "type": "LOC"}]},
        {"text": TEXT, "label": [[0, 3, "PER"], [9, 13, "LOC"]]},
        {"id": 10, "data": TEXT, "label": [[0, 3, "PER"], [9, 13, "LOC"]]},
    ],
    ids=["spert", "w2ner", "doccano", "doccano with data"],
)  # fmt: skip
@pytest.mark.parametrize("indent", [None, 1])
def test_shapes_that_stand_in_a_list(corpus, example, indent):
    read = corpus(json.dumps([example, example], indent=indent))
    assert read.format == "jsonl"
    assert mentions(read) == WANTED * 2
    if indent:
        assert read.texts[1].line > 2


def test_rasa_examples(corpus):
    entities = [{"start": 0, "end": 3, "value": "Ada", "entity": "PER"}]
    examples = [{"text": TEXT, "intent": "go", "entities": entities}]
    rasa = {"rasa_nlu_data": {"common_examples": examples}}
    for indent in (None, 2):
        read = corpus(json.dumps(rasa, indent=indent))
        assert read.format == "rasa"
        assert mentions(read) == [[("Ada", "PER")]]


def test_rasa_without_examples_is_an_error(corpus):
    with pytest.raises(ValueError, match=r"E204.*common_examples"):
        corpus('{"rasa_nlu_data": {}}', format="rasa")


GOOD = json.dumps({"text": TEXT, "entities": [[0, 3, "PER"], [9, 13, "LOC"]]})


@pytest.mark.parametrize(
    "example, kind",
    [
        ({"text": TEXT, "entities": [[9, 99, "LOC"]]}, "entity outside the text"),
        ({"text": TEXT, "entities": [[3, 3, "LOC"]]}, "entity outside the text"),
        ({"text": TEXT, "entities": [[-4, -1, "LOC"]]}, "entity outside the text"),
        ({"text": TEXT, "entities": [[True, 3, "LOC"]]}, "entity without offsets"),
        ({"text": TEXT, "entities": [[0, 3, None]]}, "entity without a label"),
        ({"text": TEXT, "entities": ["Ada"]}, "entity of another shape"),
        ({"text": TEXT, "entities": [{"label": "PER"}]}, "entity without offsets"),
        ({"text": TEXT, "entities": [[0, 2, "PER"]]}, "entity cuts a word"),
        ({"tokens": WORDS, "entities": [{"span": [0, 2], "type": "PER"}]},
         "discontinuous entity"),
        ({"tokens": WORDS, "entities": [[0, 4, "PER"]]}, "entity outside the text"),
        ({"text": TEXT}, "no list of entities"),
        ({"entities": []}, "neither text nor tokens"),
        ({"tokens": ["Ada", ""], "entities": []}, "neither text nor tokens"),
        ({"tokens": WORDS, "entities": [[0, 1, ""]]}, "entity without a label"),
        ({"tokens": [], "entities": []}, "neither text nor tokens"),
        ([1, 2], "not a JSON object"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_skipped_and_reported(corpus, example, kind):
    read = corpus("\n".join([GOOD, json.dumps(example), GOOD]))
    assert problems(read) == [(2, "skipped", kind)]
    assert mentions(read)[0] == mentions(read)[-1] == WANTED[0]
    assert len(mentions(read)) == 2 or read.texts[1].unknown


def test_a_value_of_rasa_may_be_a_synonym(corpus):
    entity = {"start": 9, "end": 13, "value": "Roma", "entity": "LOC"}
    read = corpus(json.dumps({"text": TEXT, "entities": [entity]}))
    assert mentions(read) == [[("Rome", "LOC")]]
    assert problems(read) == []


def test_a_value_that_is_elsewhere_moves_the_entity(corpus):
    entity = {"start": 1, "end": 4, "value": "Ada", "entity": "PER"}
    read = corpus(json.dumps({"text": TEXT, "entities": [entity]}))
    assert mentions(read) == [[("Ada", "PER")]]
    assert problems(read) == [(1, "repaired", "entity moved to its mention")]


@pytest.mark.parametrize(
    "example",
    [
        {"entities": [], "spans": [{"start": 0, "end": 3, "label": "PER"}]},
        {"entities": [], "label": [[0, 3, "PER"]]},
        {"spans": [], "annotations": [[0, 3, "PER"]]},
        {"entities": [[0, 3, "PER"]], "spans": []},
    ],
)
def test_an_empty_list_does_not_hide_another_with_entities(corpus, example):
    read = corpus(json.dumps({"text": TEXT, **example}))
    assert mentions(read) == [[("Ada", "PER")]]


def test_no_name_among_gums_entities_means_that_there_is_none(corpus):
    example = {"tokens": WORDS, "entities": [[0, 3, "event"]], "named": []}
    assert mentions(corpus(json.dumps(example))) == [[]]


@pytest.mark.parametrize(
    "row",
    [
        {"text": TEXT, "label": [[9, 13, 3]]},
        {"text": TEXT, "labels": [[9, 13, 3]]},
        {
            "text": TEXT,
            "annotations": [{"label": 3, "start_offset": 9, "end_offset": 13}],
        },
    ],
)
def test_labels_of_doccano_that_are_numbers_are_named(corpus, row):
    kind = "entity whose label is a number (export the names of the labels)"
    with pytest.raises(ValueError, match=r"E214.*sample.txt:1.*label is a number"):
        corpus(json.dumps(row))
    good = {"text": TEXT, "label": [[0, 3, "PER"]]}
    read = corpus("\n".join(map(json.dumps, [good, row])))
    assert [part[:2] for part in read.texts[1].unknown] == [(9, 13)]
    assert problems(read) == [(2, "skipped", kind)]


@pytest.mark.parametrize("label", [None, float("nan"), "nan", "None", " "])
def test_a_missing_label_is_no_label(corpus, label):
    row = {"text": TEXT, "entities": [[0, 3, "PER"], [9, 13, label]]}
    read = corpus(json.dumps(row))
    assert mentions(read) == [[("Ada", "PER")]]
    assert [part[:2] for part in read.texts[0].unknown] == [(9, 13)]
    assert problems(read) == [(1, "skipped", "entity without a label")]


def test_offsets_that_pandas_made_floats(corpus):
    entity = {"start": 0.0, "end": 3.0, "label": "PER"}
    row = {"text": TEXT, "id": float("nan"), "entities": [entity, [9.0, 13.0, "LOC"]]}
    read = corpus(json.dumps({**row, "labels": float("nan")}))
    assert (mentions(read), problems(read)) == (WANTED, [])
    assert (read.texts[0].document, read.texts[0].labels) == ("", None)


def test_labels_are_classes_in_all_of_a_file_or_in_none_of_it(corpus):
    rows = [
        {"text": "Ada won gold.", "entities": [[0, 3, "PER"]], "labels": ["sports"]},
        {"text": "Nobody came.", "entities": [], "labels": ["sports", "weather"]},
        {"text": "It rained.", "entities": [], "labels": []},
    ]
    read = corpus("\n".join(map(json.dumps, rows)))
    assert [text.labels for text in read.texts] == [None] * 3
    rows[0]["labels"] = ["PER"]
    read = corpus("\n".join(map(json.dumps, rows)))
    assert [t.labels for t in read.texts] == [("PER",), ("sports", "weather"), None]


def test_spaces_around_labels_are_left_out_of_all_of_them(corpus):
    row = {"text": "Ada left", "entities": [[0, 3, "PER "]], "labels": ["PER ", " LOC"]}
    read = corpus(json.dumps(row))
    assert mentions(read) == [[("Ada", "PER")]]
    assert read.texts[0].labels == ("PER", "LOC")
