"""spaCy's own formats: iob, TRAIN_DATA and the training JSON of spaCy 2, Prodigy's."""

import json

import pytest

from .conftest import mentions, problems

ADA = [[("Ada Byron", "PER"), ("Rome", "LOC")]]


@pytest.mark.parametrize(
    "line",
    [
        "Ada|B-PER Byron|I-PER saw|O Rome|B-LOC",
        "Ada|I-PER Byron|I-PER saw|O Rome|I-LOC",
        "Ada|NNP|B-PER Byron|NNP|I-PER saw|VBD|O Rome|NNP|B-LOC",
    ],
)
def test_iob_is_a_sentence_a_line(corpus, line):
    read = corpus(f"{line}\n\n{line}\n")
    assert read.format == "iob"
    assert mentions(read) == ADA * 2
    assert read.texts[0].text == "Ada Byron saw Rome"
    assert problems(read) == []


def test_iob_reports_bad_tokens_and_tags_without_a_beginning(corpus):
    good = "Ada|B-PER saw|O |||O\n"
    read = corpus(good * 40 + "Bo|B-PER saw Rome|O\nthe|O Bo|I-PER\n")
    assert len(read.texts) == 41
    assert problems(read) == [
        (41, "skipped", "sentence with a bad token"),
        (42, "repaired", "tag without a beginning, read as a beginning"),
    ]


@pytest.mark.parametrize("missing", ["nan", "None", "<NA>", ""])
@pytest.mark.parametrize("pos", ["", "|X"])
def test_iob_tokens_without_a_tag_are_unknown(corpus, missing, pos):
    read = corpus(f"Ada{pos}|b-per saw{pos}|{missing} Bo{pos}|i-per so{pos}|o\n")
    assert (read.format, problems(read)[1:]) == ("iob", [])
    assert mentions(read) == [[("Ada", "per"), ("Bo", "per")]]
    assert [part[:2] for part in read.texts[0].unknown] == [(4, 7)]


TEXT = "Ada Byron saw Rome"
ENTITIES = [[0, 9, "PER"], [14, 18, "LOC"]]


@pytest.mark.parametrize("indent", [None, 1])
def test_train_data_is_a_list_of_text_and_entities(corpus, indent):
    pairs = [[TEXT, {"entities": ENTITIES}]]
    read = corpus(json.dumps(pairs, indent=indent))
    assert read.format == "train_data"
    assert mentions(read) == ADA


def test_train_data_may_be_a_pair_a_line(corpus):
    pair = json.dumps([TEXT, {"entities": ENTITIES}])
    read = corpus(f"{pair}\n{pair}\n")
    assert read.format == "train_data"
    assert mentions(read) == ADA * 2


def test_train_data_reports_pairs_and_entities_that_cannot_be_used(corpus):
    pairs = [
        [TEXT, {"entities": [*ENTITIES, [14, 99, "LOC"]]}],
        [TEXT, {"entities": ENTITIES}],
        [TEXT, {"cats": {}}],
        [TEXT, ENTITIES],
    ]
    read = corpus("[" + ",\n".join(map(json.dumps, pairs)) + "]")
    assert mentions(read) == ADA * 2
    assert problems(read) == [
        (1, "skipped", "entity outside the text"),
        (3, "skipped", "no list of entities"),
        (4, "skipped", "not [text, {entities}]"),
    ]


def training_json(tags: str, raw: str | None = TEXT, **token) -> str:
    words = zip(TEXT.split(), tags.split(), strict=True)
    tokens = [{"orth": word, "ner": tag, **token} for word, tag in words]
    sentences = [{"tokens": tokens[:2]}, {"tokens": tokens[2:]}]
    paragraph = {"raw": raw, "sentences": sentences}
    return json.dumps({"id": 7, "paragraphs": [paragraph]})


@pytest.mark.parametrize("tags", ["B-PER L-PER O U-LOC", "B-PER I-PER O B-LOC"])
def test_the_training_json_is_read_with_biluo_and_iob_tags(corpus, tags):
    read = corpus(f"[{training_json(tags)}]")
    assert read.format == "spacy_json"
    assert mentions(read) == ADA
    assert read.texts[0].document == "7"
    assert problems(read) == []


@pytest.mark.parametrize(
    ("tags", "found"),
    [
        ("b-per i-per o b-loc", [("Ada Byron", "per"), ("Rome", "loc")]),
        ("B-PER|B-ART I-PER|O O|O O|B-LOC", ADA[0]),
    ],
)
def test_the_training_json_reads_tags_as_columns_do(corpus, tags, found):
    read = corpus(training_json(tags))
    assert mentions(read) == [found]


def test_a_raw_text_that_does_not_fit_leaves_the_tokens_their_spaces(corpus):
    read = corpus(training_json("B-PER I-PER O B-LOC", raw="Ada", space=False))
    assert read.texts[0].text == "AdaByronsawRome"


@pytest.mark.parametrize("raw, text", [(None, TEXT), ("Ada Byronsaw Rome",) * 2])
def test_the_raw_text_of_the_training_json_says_where_spaces_are(corpus, raw, text):
    read = corpus(training_json("B-PER L-PER O U-LOC", raw))
    assert read.texts[0].text == text


def test_the_training_json_reports_what_it_cannot_use(corpus):
    good = "B-PER L-PER O U-LOC"
    lines = [
        training_json(good),
        training_json("- - - -"),
        training_json("B-PER L-PER - U-LOC"),
        training_json(good, "Ada was here"),
        training_json("I-PER L-PER O U-LOC"),
        training_json("PER PER O LOC"),
        training_json(good, orth=3),
        '{"id": 8}',
    ]
    read = corpus("[\n" + ",\n".join([*lines, *lines[:1] * 4]) + "\n]")
    assert mentions(read) == ADA * 8
    assert [e[:2] for e in read.texts[1].unknown] == [(10, 13)]
    assert sorted(problems(read)) == [
        (3, "skipped", "paragraph without entity annotation"),
        (4, "left out", "tokens without entity annotation"),
        (5, "repaired", "raw text does not match its tokens"),
        (6, "repaired", "tag without a beginning, read as a beginning"),
        (7, "skipped", "invalid tag"),
        (8, "skipped", "not a paragraph of tokens"),
        (9, "skipped", "no list of paragraphs"),
    ]


def test_what_prodigy_did_not_accept_is_left_out_and_counted(corpus):
    spans = [{"start": 0, "end": 9, "label": "PER", "token_start": 0}]
    spans.append({"start": 14, "end": 18, "label": "LOC"})
    tokens = [{"text": word, "id": i} for i, word in enumerate(TEXT.split())]
    base = {"text": TEXT, "tokens": tokens, "_view_id": "ner_manual"}
    examples = [
        {**base, "spans": spans, "answer": "accept"},
        {**base, "spans": spans, "answer": "reject"},
        {**base, "spans": [], "answer": "ignore"},
        {**base, "answer": "accept"},
        {**base, "answer": "reject"},
    ]
    read = corpus("\n".join(map(json.dumps, examples)))
    assert read.format == "jsonl"
    assert mentions(read) == [*ADA, []]
    assert problems(read) == [
        (2, "left out", "example with the answer 'reject'"),
        (3, "left out", "example with the answer 'ignore'"),
        (5, "left out", "example with the answer 'reject'"),
    ]


def test_the_pairs_of_an_annotator_are_in_an_object(corpus):
    pairs = [
        ["Ada Byron saw Rome", {"entities": [[0, 9, "PER"], [14, 18, "LOC"]]}],
        None,
    ]
    read = corpus(
        json.dumps({"classes": ["PER", "LOC"], "annotations": [None, *pairs]})
    )
    assert read.format == "train_data"
    assert mentions(read) == ADA
    assert problems(read) == [(1, "left out", "text that was not annotated")] * 2
