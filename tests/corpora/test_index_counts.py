"""Counts of the real data sets equal those of an independent reader (INDEX.md)."""

import re
from collections import Counter
from functools import cache
from pathlib import Path

import pytest
import spacy

from spacy_padellm.corpora.base import ReadReport
from spacy_padellm.corpora.gold import Choices, gold_docs, language_of
from spacy_padellm.corpora.registry import Corpus, read

SETS = """anem bc5cdr btc cluener conll03 crossner_ai crossner_literature crossner_music
crossner_politics crossner_science ecommerce genia gum_ccby hwu64 mit_movie
mit_restaurant msra multiconer1_en multiconer1_zh multiconer2_en ncbi_disease re3d_nobbc
redocred resume slurp_devtest snips stackoverflow_ner uner_da_ddt uner_en_ewt
uner_hr_set uner_pt_bosque uner_sk_snk uner_sv_talbanken uner_zh_gsdsimp weibo wikigold
wnut17 youku""".split()
# not in the sums of labels: the same sentences once more
AGAIN = {"test.padellm_old"}
# splits whose sentences differ from INDEX.md, and why
NOTED = {("btc", "dev"): -1}  # INDEX counts a sentence whose one token is empty
# entities that cut a word, "around one pmnear Vatican", in no split that has others
CUT = {("snips", "test"): Counter(timeRange=1, spatial_relation=1)}
SLOW = {("msra", "train")}
# sets of the paper's tables, and a split of each that is small
SMALL = {
    "conll03": "dev",
    "genia": "dev",
    "weibo": "dev",
    "msra": "test",
    "resume": "dev",
    "youku": "dev",
    "ecommerce": "dev",
    "crossner_ai": "test",
    "crossner_literature": "test",
    "crossner_music": "test",
    "crossner_politics": "test",
    "crossner_science": "test",
    "mit_movie": "test",
    "mit_restaurant": "test",
}
CHINESE = {"weibo", "msra", "resume", "youku", "ecommerce"}


def index_row(
    data: Path, name: str
) -> tuple[dict[str, tuple[int, int]], dict[str, int]]:
    """Sentences and entities of each split, entities of each label, of INDEX.md."""
    lines = (data / "INDEX.md").read_text().splitlines()
    cells = next(line for line in lines if line.startswith(f"| {name} |")).split("|")
    splits = re.findall(r"([\w.]+) ([\d,]+) / ([\d,]+)", cells[2])
    labels = re.findall(r"(\S+) (\d+)(?:,|$)", cells[3].strip().partition(": ")[2])
    number = {split: (_int(texts), _int(ents)) for split, texts, ents in splits}
    return number, {label: int(count) for label, count in labels}


def _int(text: str) -> int:
    return int(text.replace(",", ""))


def split_file(data: Path, name: str, split: str) -> Path:
    files = sorted((data / name).glob(f"{split}.*"), key=lambda path: len(path.name))
    return next(path for path in files if "stats" not in path.name)


def read_split(path: Path) -> Corpus:
    # INDEX.md counts all nominal mentions of GUM, of which names are a part
    return read(path, **({"entities_key": "entities"} if "gum" in str(path) else {}))


@cache
def report_of(path: Path) -> ReadReport:
    return read_split(path).report


def test_every_set_of_the_index_is_counted(shared_data):
    rows = (shared_data / "INDEX.md").read_text().splitlines()
    named = [row.split("|")[1].strip() for row in rows if row.startswith("| ")]
    assert sorted({*named} - {"name"}) == SETS
    assert set(SMALL) <= set(SETS)


@pytest.mark.parametrize("name", SETS)
def test_counts_are_those_of_the_index(shared_data, name):
    splits, labels = index_row(shared_data, name)
    assert splits and labels
    found: Counter[str] = Counter()
    for split, (texts, entities) in splits.items():
        if (name, split) in SLOW or not entities:
            continue
        report = report_of(split_file(shared_data, name, split))
        texts += NOTED.get((name, split), 0)
        cut = CUT.get((name, split), Counter())
        entities -= cut.total()
        assert (report.texts, report.entities.total()) == (texts, entities), split
        assert report.lost == 0
        if split not in AGAIN:
            found += report.entities + cut
    if not any(name == slow for slow, _ in SLOW):
        assert found == labels


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted({name for name, _ in SLOW}))
def test_counts_of_large_files_are_those_of_the_index(shared_data, name):
    splits, labels = index_row(shared_data, name)
    found: Counter[str] = Counter()
    for split in splits:
        report = report_of(split_file(shared_data, name, split))
        assert (report.texts, report.entities.total()) == splits[split]
        if split not in AGAIN:
            found += report.entities
    assert found == labels


@pytest.mark.parametrize("name", SMALL)
def test_docs_hold_what_was_read(shared_data, name):
    corpus = read(split_file(shared_data, name, SMALL[name]))
    texts, entities = index_row(shared_data, name)[0][SMALL[name]]
    assert language_of([corpus]) == ("zh" if name in CHINESE else "en")
    docs = gold_docs(spacy.blank(language_of([corpus])), [corpus], Choices())
    left_out = sum(problem.action == "left out" for problem in corpus.report.problems)
    assert len(docs) == texts
    assert sum(len(doc.ents) for doc in docs) + left_out == entities
    assert not any(problem.action == "skipped" for problem in corpus.report.problems)
    if left_out:
        assert sum(len(doc.spans["sc"]) for doc in docs) == entities
    for doc, text in zip(docs, corpus.texts, strict=True):
        assert doc.text == text.text
        spans = doc.spans.get("sc", doc.ents)
        # spaces at an entity's edge are left out, in ecommerce
        said = {(text.text[e.start : e.end].strip(), e.label) for e in text.entities}
        assert {(span.text, span.label_) for span in spans} == said
    if name in CHINESE:
        tokens = [token.text for doc in docs for token in doc]
        assert all(len(token) == 1 or token.isspace() for token in tokens)


def test_unlabelled_test_data_is_an_error_not_texts_without_entities(shared_data):
    with pytest.raises(ValueError, match="E204.*no list of entities"):
        read(shared_data / "cluener" / "test.json")


@pytest.mark.parametrize(
    "file, kind, number",
    [
        ("uner_en_ewt/train.iob2", "tag B-O read as O", 540),
        ("wikigold/train.conll", "tag without a beginning, read as a beginning", 0),
        (
            "stackoverflow_ner/dev.txt",
            "tag without a beginning, read as a beginning",
            3,
        ),
    ],
)
def test_what_the_index_notes_is_reported(shared_data, file, kind, number):
    kinds = report_of(shared_data / file).kinds()
    assert kinds["repaired", kind] == number


@pytest.mark.parametrize("name, split", [("conll03", "test"), ("genia", "dev")])
def test_offsets_put_every_mention_where_the_file_says(shared_data, name, split):
    assert not report_of(split_file(shared_data, name, split)).problems
