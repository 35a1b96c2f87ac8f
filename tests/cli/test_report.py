"""`report` runs a pipeline on gold data and writes the page."""

import json

import pytest
import spacy
from spacy.tokens import DocBin
from typer.testing import CliRunner

from spacy_padellm.cli import report as module
from spacy_padellm.cli.app import app
from spacy_padellm.corpora.docbin import write_docbin

from ..pipeline.conftest import make_nlp  # noqa: F401
from ..report.parsed import Page

GOLD = [
    ("Li Wei won.", [(0, 6, "PER")]),
    ("FIFA met in Rome.", [(0, 4, "ORG"), (12, 16, "LOC")]),
    ("Rome is old.", [(0, 4, "LOC")]),
]


@pytest.fixture
def pipeline(tmp_path):
    """The folder of a pipeline without a model. It predicts that FIFA is a place, and
    misses Li Wei."""
    nlp = spacy.blank("en")
    nlp.add_pipe("entity_ruler").add_patterns(
        [{"label": "LOC", "pattern": pattern} for pattern in ("FIFA", "Rome")]
    )
    nlp.to_disk(tmp_path / "pipeline")
    return tmp_path / "pipeline"


@pytest.fixture
def gold(tmp_path):
    """Write the gold docs as .spacy and as JSON lines."""
    nlp = spacy.blank("en")
    docs = []
    for text, spans in GOLD:
        docs.append(nlp(text))
        docs[-1].set_ents([docs[-1].char_span(*span) for span in spans])
    write_docbin(docs, tmp_path / "gold.spacy")
    rows = [{"text": text, "entities": spans} for text, spans in GOLD]
    lines = "".join(json.dumps(row) + "\n" for row in rows)
    (tmp_path / "gold.jsonl").write_text(lines, encoding="utf8")
    return tmp_path / "gold.spacy"


def run(*arguments):
    return CliRunner().invoke(app, ["report", *map(str, arguments)])


def test_it_writes_the_page_and_says_what_is_in_it(pipeline, gold, tmp_path):
    output = tmp_path / "new" / "report.html"
    result = run(pipeline, gold, output)
    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines() == [
        f"Wrote {output}: 3 documents, 2 with errors, F 57.1",
        "missed 1, made up 0, wrong label 1, wrong boundary 0, "
        "wrong label and boundary 0",
    ]
    assert result.stderr == ""  # no progress bar where nobody looks
    page = Page.of(output)
    assert [article.attributes["id"] for article in page.articles] == [
        "doc-1",
        "doc-2",
        "doc-3",
    ]
    assert page.articles[1].marks[0] == ("ORG", "wrong label")


def test_what_convert_reads_gives_the_same_page(pipeline, gold, tmp_path):
    pages = []
    for name in ("gold.spacy", "gold.jsonl"):
        output = tmp_path / f"{name}.html"
        assert run(pipeline, tmp_path / name, output).exit_code == 0
        pages.append(output.read_text(encoding="utf8").replace(name, ""))
    assert pages[0] == pages[1]


@pytest.mark.parametrize("name", ["gold.spacy", "gold.jsonl"])
def test_a_limit_takes_the_first(pipeline, gold, tmp_path, name):
    output = tmp_path / "report.html"
    result = run(pipeline, gold.with_name(name), output, "--limit", 2)
    assert "2 documents" in result.stdout
    assert len(Page.of(output).articles) == 2


def test_the_group_of_spans_with_the_scores_can_be_named(
    pipeline, gold, tmp_path, monkeypatch
):
    @spacy.Language.component("scored")
    def scored(doc):
        doc.spans["mine"] = doc.ents
        doc.spans["mine"].attrs["scores"] = [0.5] * len(doc.ents)
        return doc

    nlp = spacy.load(pipeline)
    nlp.add_pipe("scored")
    nlp.to_disk(pipeline)
    output = tmp_path / "report.html"
    assert run(pipeline, gold, output).exit_code == 0
    assert "<svg" not in output.read_text(encoding="utf8")
    assert run(pipeline, gold, output, "--spans-key", "mine").exit_code == 0
    assert "<svg" in output.read_text(encoding="utf8")


def test_a_missing_package_is_named_with_its_extra(monkeypatch, tmp_path):
    real = module.find_spec
    monkeypatch.setattr(
        module, "find_spec", lambda name: None if name == "jinja2" else real(name)
    )
    result = run("pipeline", "gold.spacy", tmp_path / "report.html")
    assert result.exit_code == 1
    assert "[E441]" in result.stderr and "needs jinja2, but" in result.stderr
    assert 'pip install "spacy-padellm[cli,report]"' in result.stderr


def test_gold_data_that_cannot_be_read_are_named(pipeline, tmp_path):
    broken, missing = tmp_path / "broken.spacy", tmp_path / "missing.spacy"
    broken.write_bytes(b"no DocBin")
    output = tmp_path / "report.html"
    result = run(pipeline, broken, output)
    assert result.exit_code == 1
    assert f"[E442] {broken}" in result.stderr
    result = run(pipeline, missing, output)
    assert result.exit_code == 1
    assert f"[E207] {missing}" in result.stderr
    assert not output.exists()


def test_gold_data_without_entity_annotation_are_refused(pipeline, tmp_path):
    docs = DocBin(docs=[spacy.blank("en")("Nobody looked.")])
    docs.to_disk(tmp_path / "gold.spacy")
    result = run(pipeline, tmp_path / "gold.spacy", tmp_path / "report.html")
    assert result.exit_code == 1
    assert "[E443]" in result.stderr and "none of its 1 documents" in result.stderr


def test_a_folder_in_place_of_the_page_is_refused_at_once(tmp_path):
    result = run("no pipeline", "no gold", tmp_path)
    assert result.exit_code == 1
    assert f"[E444] {tmp_path} is a folder" in result.stderr


def test_mentions_that_may_overlap_are_those_of_the_components_group(make_nlp, gold):  # noqa: F811
    assert module.gold_key_of(spacy.blank("en")) is None
    nlp = make_nlp(spans_key="sc")
    assert module.gold_key_of(nlp) is None
    nlp.get_pipe("padellm_ner").allow_overlap = True
    assert module.gold_key_of(nlp) == "sc"
