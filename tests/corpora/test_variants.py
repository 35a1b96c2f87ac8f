"""Variants of exports that say more, or less, than they seem to."""

import json

import pytest

from spacy_padellm.corpora.registry import guess_format, read

TEXT = "Ada left Rome in May"


@pytest.fixture
def found(tmp_path):
    """A function that reads a file: for each text its entities and what is unknown; and
    its problems, as (action, kind)."""

    def found(name, content):
        path = tmp_path / name
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        corpus = read(path, guess_format(path))
        texts = [
            (
                [(t.text[e.start : e.end], e.label) for e in t.entities],
                [t.text[e.start : e.end] for e in t.unknown],
            )
            for t in corpus.texts
        ]
        return texts, [(p.action, p.kind) for p in corpus.report.problems]

    return found


def task(number, text, *spans, annotation):
    label = [
        {"start": s, "end": e, "text": text[s:e], "labels": [x]} for s, e, x in spans
    ]
    about = {"annotator": "", "annotation_id": annotation}
    return {"id": number, "text": text, **({"label": label} if label else {}), **about}


ADA, ROME = (0, 3, "PER"), (9, 13, "LOC")


def test_tasks_of_json_min_without_annotation_are_left_out(found):
    tasks = [task(1, TEXT, annotation=None), task(2, TEXT, ADA, annotation=7)]
    texts, problems = found("min.json", tasks)
    assert texts == [([("Ada", "PER")], [])]
    assert problems == [("left out", "task without annotation")]


def test_of_several_annotations_in_json_min_the_first_is_read(found):
    tasks = [
        task(5, TEXT, ADA, annotation=8),
        task(5, TEXT, ADA, ROME, annotation=7),
        task(6, TEXT, ROME, annotation=9),
    ]
    texts, problems = found("min.json", tasks)
    assert texts == [([("Ada", "PER"), ("Rome", "LOC")], []), ([("Rome", "LOC")], [])]
    assert problems == [("left out", "further annotation of a task")]


def test_tasks_of_json_min_without_an_id_are_different(found):
    tasks = [task(1, TEXT, ADA, annotation=1), task(2, TEXT, ADA, ROME, annotation=2)]
    for one in tasks:
        del one["id"]
    texts, problems = found("min.json", tasks)
    assert len(texts) == 2 and problems == []


def test_skipped_tasks_of_old_exports_are_left_out(found):
    tasks = [
        {
            "id": i,
            "data": {"text": TEXT},
            "completions": [{"skipped": i > 1, "result": []}],
        }
        for i in (1, 2)
    ]
    texts, problems = found("old.json", tasks)
    assert texts == [([], [])] and problems == [("left out", "task without annotation")]


@pytest.mark.parametrize("mention", ["Acme\\nCorporation", "Acme\nCorporation"])
def test_label_studio_writes_line_breaks_as_two_characters(found, mention):
    text = "Seat of Acme\nCorporation is Rome."
    value = {"start": 8, "end": 24, "text": mention, "labels": ["ORG"]}
    result = [{"type": "labels", "to_name": "text", "value": value}]
    tasks = [{"id": 1, "data": {"text": text}, "annotations": [{"result": result}]}]
    assert found("nl.json", tasks) == ([([("Acme\nCorporation", "ORG")], [])], [])


def test_answers_of_several_sessions_are_read_once(found):
    def row(session, spans, **more):
        return json.dumps(
            {"text": TEXT, "spans": spans, "answer": "accept", "_input_hash": 1}
            | {"_view_id": "ner_manual", "_session_id": session}
            | more
        )

    ada = {"start": 0, "end": 3, "label": "PER"}
    rows = [row("a", [ada]), row("b", []), row("a", [], _input_hash=2)]
    texts, problems = found("prodigy.jsonl", "\n".join(rows))
    assert texts == [([("Ada", "PER")], []), ([], [])]
    assert problems == [("left out", "further annotation of a task")]
    # a second answer of one session corrects the first: nobody knows which is right
    texts, problems = found("prodigy.jsonl", "\n".join([row("a", []), row("a", [ada])]))
    assert len(texts) == 2 and problems == []
    # a session that ignored the text has annotated nothing
    ignored = row("a", [], answer="ignore")
    texts, _ = found("prodigy.jsonl", "\n".join([ignored, row("b", [ada])]))
    assert texts == [([("Ada", "PER")], [])]


NUMBERED = "the column id numbers the rows"
BOTH = [([("Ada", "PER"), ("Rome", "LOC")], [])]


@pytest.mark.parametrize(
    ("content", "texts"),
    [
        (f"id,text,start,end,label\n1,{TEXT},0,3,PER\n2,{TEXT},9,13,LOC\n", BOTH),
        ("id,word,tag\n1,Ada,B-PER\n2,left,O\n3,Rome,B-LOC\n", BOTH),
        # here it numbers sentences and texts
        (
            f"id,text,start,end,label\n1,{TEXT},0,3,PER\n1,{TEXT},9,13,LOC\n"
            f"2,{TEXT},9,13,LOC\n",
            [*BOTH, ([("Rome", "LOC")], [])],
        ),
        (
            "id,word,tag\n1,Ada,B-PER\n1,left,O\n2,Rome,B-LOC\n",
            [([("Ada", "PER")], []), ([("Rome", "LOC")], [])],
        ),
        (
            "id,text,start,end,label\n1,Ada left,0,3,PER\n2,Ada left,0,3,PER\n"
            "3,Bo,0,2,PER\n",
            [([("Ada", "PER")], [])] * 2 + [([("Bo", "PER")], [])],
        ),
        (
            f"id,text,start,end,label\n1,{TEXT},0,3,PER\n2,Rome,0,4,LOC\n",
            [([("Ada", "PER")], []), ([("Rome", "LOC")], [])],
        ),
        ("id,tokens,tags\n1,\"['Ada']\",\"['B-PER']\"\n", [([("Ada", "PER")], [])]),
    ],
)
def test_a_column_id_may_number_the_rows(found, content, texts):
    assert found("ids.csv", content) == (texts, [])


@pytest.mark.parametrize("label", ["category", "entity_type", "tag", "type"])
def test_the_mention_may_be_called_entity(found, label):
    rows = [f"{TEXT},Ada,0,3,PER", f"{TEXT},Rome,9,13,LOC"]
    header = f"text,entity,start,end,{label}"
    assert found("e.csv", "\n".join([header, *rows])) == (BOTH, [])
    entities = [
        {"entity": TEXT[s:e], label: name, "start": s, "end": e}
        for s, e, name in (ADA, ROME)
    ]
    row = json.dumps({"text": TEXT, "entities": entities})
    assert found("e.jsonl", row) == (BOTH, [])


def test_entity_is_the_label_where_it_is_not_the_mention(found):
    rows = [f"{TEXT},0,3,PER,news", f"{TEXT},9,13,LOC,news"]
    content = "\n".join(["text,start,end,entity,category", *rows])
    assert found("e.csv", content) == (BOTH, [])
    entities = [
        {"start": s, "end": e, "entity": label, "type": "NAM"}
        for s, e, label in (ADA, ROME)
    ]
    row = json.dumps({"text": TEXT, "entities": entities})
    assert found("e.jsonl", row) == (BOTH, [])


def test_entity_is_the_label_where_there_is_no_other(found):
    row = f"text,start,end,entity\n{TEXT},0,3,PER\n"
    assert found("e.csv", row) == ([([("Ada", "PER")], [])], [])


@pytest.mark.parametrize("sentence", ["sentence", "text"])
def test_a_row_for_each_token_may_have_its_offsets(found, sentence):
    rows = [f"{TEXT},Ada,0,3,B-PER", f"{TEXT},left,4,8,O", f"{TEXT},Rome,9,13,B-LOC"]
    content = "\n".join([f"{sentence},word,start,end,tag", *rows])
    assert found("tokens.csv", content) == (BOTH, [])


def test_entities_of_a_list_with_an_unknown_key_are_unknown(found):
    row = {
        "text": TEXT,
        "entities": [{"start": 0, "end": 3, "label": "PER"}],
        "dates": [{"start": 17, "end": 20, "label": "DATE"}],
        "tokens": [{"text": "Ada", "start": 0, "end": 3, "tag": "NNP"}],
        "sentences": [{"start": 0, "end": 20, "type": "statement"}],
    }
    texts, problems = found("more.jsonl", json.dumps(row))
    assert texts == [([("Ada", "PER")], ["May"])]
    assert problems == [("skipped", "entity of a second list, which is not read")]


@pytest.mark.parametrize(
    "labels", [["sports"], "sports", {"sports": 1}, ["sports", "PER"]]
)
def test_labels_may_be_classes_of_the_text(tmp_path, labels):
    row = {"text": TEXT, "entities": [[*ADA], [*ROME]], "labels": labels}
    path = tmp_path / "classes.jsonl"
    path.write_text(json.dumps(row))
    corpus = read(path, guess_format(path))
    [text] = corpus.texts
    assert len(text.entities) == 2 and text.labels is None
    [problem] = corpus.report.problems
    assert (problem.action, problem.kind) == (
        "repaired",
        "labels are not those of the entities, read as classes of the text",
    )


@pytest.mark.parametrize(
    ("row", "labels"),
    [
        (
            {"text": TEXT, "entities": [[0, 3, "PER"]], "labels": ["PER", "LOC"]},
            ("PER", "LOC"),
        ),
        ({"text": TEXT, "entities": [], "labels": ["PER"]}, ("PER",)),
        (
            {"tokens": ["Ada", "left"], "ner_tags": ["B-PER", None], "entities": []}
            | {"labels": ["PER"]},
            ("PER",),
        ),
        (
            {"text": TEXT, "labels": ["PER"]}
            | {
                "entities": [
                    {"start": 0, "end": 3, "label": {"name": "PER"}},
                    [9, 13, "PER"],
                ]
            },
            ("PER",),
        ),
    ],
)
def test_labels_that_the_text_was_annotated_for(tmp_path, row, labels):
    path = tmp_path / "labels.jsonl"
    path.write_text(json.dumps(row))
    [text] = read(path, "jsonl").texts
    assert text.labels == labels


@pytest.mark.parametrize("index", [True, False])
def test_chunks_are_no_entities(found, index):
    rows = [
        "EU NNP B-NP B-ORG",
        "rejects VBZ B-VP O",
        "German JJ B-NP B-MISC",
        "it P I-NP O",
    ]
    rows = [f"{i} {row}" if index else row for i, row in enumerate(rows, start=1)]
    content = "\n".join(row.replace(" ", "\t") for row in rows)
    assert found("chunks.conll", content) == (
        [([("EU", "ORG"), ("German", "MISC")], [])],
        [],
    )


@pytest.mark.parametrize(
    ("tags", "entities"),
    [
        ("W-PER O B-LOC M-LOC E-LOC", [("Ada", "PER"), ("New York City", "LOC")]),
        ("PER-B O LOC-B LOC-I LOC-I", [("Ada", "PER"), ("New York City", "LOC")]),
        ("PER_B O LOC_B LOC_I LOC_I", [("Ada", "PER"), ("New York City", "LOC")]),
        ("PER-B O O O O", [("Ada", "PER-B")]),  # it may be a label
        ("B-T-B O B-T-I I-T-I O", [("Ada", "T-B"), ("New York", "T-I")]),
    ],
)
def test_other_letters_and_tags_with_a_suffix(found, tags, entities):
    words = "Ada left New York City".split()
    lines = [f"{w}\t{t}" for w, t in zip(words, tags.split(), strict=True)]
    assert found("tags.conll", "\n".join(lines)) == ([(entities, [])], [])
    row = json.dumps({"tokens": words, "tags": tags.split()})
    assert found("tags.jsonl", row) == ([(entities, [])], [])


def test_of_a_tag_with_layers_the_first_is_read_and_the_others_are_reported(found):
    words, tags = (
        "Bank of Rome fell Oslo".split(),
        "B-ORG I-ORG I-ORG|B-GPE O O|B-GPE".split(),
    )
    lines = [f"{w}\t{t}" for w, t in zip(words, tags, strict=True)]
    expected = (
        [([("Bank of Rome", "ORG"), ("Oslo", "GPE")], [])],
        [("skipped", "further tag of a token, which is not read")],
    )
    assert found("layers.conll", "\n".join(lines)) == expected
    row = json.dumps({"tokens": words, "tags": tags})
    assert found("layers.jsonl", row) == expected


def test_every_tag_may_have_all_layers(found):
    words, tags = "it is Bank Oslo".split(), "O|O O|O B-ORG|O O|B-GPE".split()
    entities = [("Bank", "ORG"), ("Oslo", "GPE")]
    lines = [f"{w}\t{t}" for w, t in zip(words, tags, strict=True)]
    assert found("all.conll", "\n".join(lines)) == ([(entities, [])], [])
    row = json.dumps({"tokens": words, "ner_tags": tags})
    assert found("all.jsonl", row) == ([(entities, [])], [])


def rasa(*examples):
    return {"rasa_nlu_data": {"common_examples": list(examples)}}


def test_examples_of_rasa_may_have_no_entities(found):
    fly = {
        "text": "fly to Rome",
        "entities": [{"start": 7, "end": 11, "entity": "city"}],
    }
    examples = (
        {"text": "hey", "intent": "greet"},
        {"text": "bye", "entities": None},
        fly,
    )
    texts, problems = found("rasa.json", rasa(*examples))
    assert texts == [([], []), ([], []), ([("Rome", "city")], [])] and problems == []


def test_a_value_of_rasa_proves_utf_16_units(found):
    claim = {"start": 4, "end": 6, "value": "北京", "entity": "city"}
    texts, _ = found("rasa.json", rasa({"text": "😀我在北京玩了", "entities": [claim]}))
    assert texts == [([("北京", "city")], [])]


@pytest.mark.parametrize(
    ("text", "place", "value", "entity"),
    [
        ("is nyc the same as new york", (3, 6), "new york", "nyc"),
        ("the bus in america", (11, 18), "us", "america"),
        ("fly to Rome now", (8, 12), "Rome", "Rome"),  # offsets that cut a word
    ],
)
def test_a_synonym_of_rasa_moves_no_entity(found, text, place, value, entity):
    start, end = place
    claim = {"start": start, "end": end, "value": value, "entity": "place"}
    texts, _ = found("rasa.json", rasa({"text": text, "entities": [claim]}))
    assert texts == [([(entity, "place")], [])]
