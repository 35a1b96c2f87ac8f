"""Tables of F beside the paper's figures."""

from benchmarks.data.zero_shot_sets import ZERO_SHOT
from benchmarks.experiments.accuracy import ROWS, Accuracy
from benchmarks.experiments.zero_shot import ZeroShotScore
from benchmarks.pages.tables import accuracy_page, f_table, zero_shot_page


def accuracy(strings, spans):
    prf = {"p": 0.0, "r": 0.0}
    return Accuracy(1000, 200, {**prf, "f": strings}, {**prf, "f": spans}, {})


def test_a_page_has_the_published_figures_of_the_same_sets():
    results = {
        "conll03": {"padellm": accuracy(0.5, 0.25), "spacy_ner": accuracy(0.4, 0.3)},
        "genia": {"padellm": accuracy(0.6, 0.35)},
    }
    lines = accuracy_page(
        results, {"conll03": "CoNLL03", "genia": "GENIA"}
    ).splitlines()
    assert "| F of strings | CoNLL03 | GENIA | average |" in lines
    assert "| PaDeLLM | 50.0 | 60.0 | 55.00 |" in lines
    assert "| PaDeLLM, 7B, published | 92.5 | 77.7 | 85.09 |" in lines
    assert f"| {ROWS['spacy_ner'].title} | 40.0 |  |  |" in lines
    assert "| PaDeLLM | 25.0 | 35.0 | 30.00 |" in lines
    assert "- GENIA: 1,000 training texts, 200 test texts" in lines


def test_a_row_without_all_sets_has_no_average():
    table = f_table("F", {"a": "A", "b": "B"}, {"x": {"a": 1.0}, "y": {"b": 2, "a": 4}})
    assert table.splitlines()[2:] == ["| x | 1.0 |  |  |", "| y | 4.0 | 2.0 | 3.00 |"]


def test_the_zero_shot_page_has_an_average_only_of_all_sets():
    score = ZeroShotScore(2, {"f": 2 / 3}, {})
    table = zero_shot_page({"crossner_ai": score}, "gliner").splitlines()
    assert table[2].startswith("| gliner, 2 sentences | 66.7 |  |")
    assert table[2].endswith("|  |")
    assert "| 66.67 |" in zero_shot_page(dict.fromkeys(ZERO_SHOT, score), "gliner")
