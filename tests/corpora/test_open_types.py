"""The corpus of open types: how it is read, checked and asked."""

import random
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import spacy

from spacy_padellm.corpora.base import ANNOTATED_LABELS

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "scripts"))
import check_open_types as checks  # noqa: E402
from ask_open_types import Asked  # noqa: E402
from make_general_corpus import open_types  # noqa: E402
from open_types import Type, parse, read_corpus, read_domain  # noqa: E402

CORE = {
    "person": Type("person", None, "a human being, by name"),
    "place": Type("place", None, "a place, by name"),
}
DOMAIN = """= types
politician < person | a person who seeks or holds an office
minister < politician | a member of a government
ship < thing | x
= texts
[[Ann Lee|minister]] of [[New [[Oslo|place]]|place]] met
[[Bo|person]].
? ship; judge

nobody here
? ship

"""


@pytest.fixture
def domain(tmp_path):
    path = tmp_path / "politics.txt"
    path.write_text(DOMAIN, encoding="utf8")
    return read_domain(path, CORE)


@pytest.mark.parametrize(
    ("marked", "text", "mentions"),
    [
        ("no marks", "no marks", []),
        ("[[Ann|person]] left", "Ann left", [(0, 3, "person")]),
        ("a | b [[c|d]]", "a | b c", [(6, 7, "d")]),
        (
            "[[New [[Oslo|city]]|region]]",
            "New Oslo",
            [(0, 8, "region"), (4, 8, "city")],
        ),
        ("[[李伟|人]]去了", "李伟去了", [(0, 2, "人")]),
        ("[[a\nb|x y]]", "a\nb", [(0, 3, "x y")]),
        ("x[1] [[a|b]]", "x[1] a", [(5, 6, "b")]),
    ],
)
def test_mentions_are_parsed(marked, text, mentions):
    assert parse(marked) == (text, tuple(mentions))


@pytest.mark.parametrize("marked", ["[[Ann", "Ann|person]]", "[[Ann|person", "[[a]] b"])
def test_a_bracket_without_partner_is_refused(marked):
    with pytest.raises(ValueError, match="no partner"):
        parse(marked)


def test_a_domain_is_read(domain):
    assert domain.own == ("politician", "minister", "ship")
    assert domain.ancestors("minister") == ["politician", "person"]
    first, second = domain.texts
    assert first.text == "Ann Lee of New Oslo met\nBo."
    assert first.absent == ("ship", "judge") and second.mentions == ()
    assert (first.line, second.line) == (8, 11)


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("= texts\n", "no '= types'"),
        ("= types\n", "no '= types'"),
        ("= types\n= texts\nAnn left\n", "does not say what it lacks"),
        ("= types\n= texts\n[[Ann\n? x\n", "line 4: a bracket"),
    ],
)
def test_another_form_is_refused(text, match, tmp_path):
    path = tmp_path / "x.txt"
    path.write_text(text, encoding="utf8")
    with pytest.raises(ValueError, match=match):
        read_domain(path, CORE)


def test_problems_are_named(domain, tmp_path):
    found = list(checks.problems(domain))
    assert "'ship' has no known broader type: 'thing'" in found
    assert "'ship' has no definition" in found
    assert "'minister' is in 1 texts" in found
    assert not any(one.startswith("line") for one in found)
    path = tmp_path / "bad.txt"
    path.write_text(
        "= types\n= texts\n[[Ann|person]] and Ann, [[Osl|place]]o [[x |king]]\n"
        "? person\nBo\n? \n",
        encoding="utf8",
    )
    found = set(checks.problems(read_domain(path, CORE)))
    assert found == {
        "line 4: 'Ann' stands there once more without annotation",
        "line 4: 'Osl' cuts a word",
        "line 4: 'x ' is empty or has spaces at its borders",
        "line 4: unknown type 'king'",
        "line 4: 'person' is there and absent",
        "line 6: no type is absent",
    }


def test_a_type_that_is_broader_than_itself_is_refused(tmp_path):
    path = tmp_path / "circle.txt"
    path.write_text("= types\na < b | x\nb < a | y\n= texts\n", encoding="utf8")
    with pytest.raises(ValueError, match="broader than itself"):
        read_domain(path, CORE).ancestors("a")


def test_near_duplicates_share_a_fifth_of_their_ngrams():
    words = [f"w{number}" for number in range(40)]
    same = " ".join(words)
    half = " ".join([*words[:20], *(f"v{number}" for number in range(20))])
    none = " ".join(f"u{number}" for number in range(40))
    texts = [("a", same), ("b", none), ("c", half), ("d", "short"), ("e", "short")]
    assert list(checks.near_duplicates(texts)) == [("a", "c")]


def test_texts_of_a_public_set_are_found(tmp_path):
    words = "one two three four five six seven eight nine".split()
    (tmp_path / "test.conll").write_text("\n".join(f"{w}\tO" for w in words) + "\n")
    texts = [("a", "zero " + " ".join(words[:8])), ("b", " ".join(words[:7]))]
    assert [name for name, _ in checks.leaks(texts, tmp_path)] == ["a"]


def ask(domain, number, **settings):
    asked = Asked(spacy.blank("en"), "all", random.Random(number), **settings)
    return asked.doc(domain, domain.texts[0])


def test_a_mention_belongs_to_all_broader_types_that_are_asked(domain):
    kinds = {"minister": {"Ann Lee"}, "person": {"Ann Lee", "Bo"}}
    kinds |= {"politician": {"Ann Lee"}, "place": {"New Oslo", "Oslo"}}
    several = 0
    for number in range(20):
        doc = ask(domain, number)
        asked = doc.user_data[ANNOTATED_LABELS]
        assert {"minister", "place", "person"} <= {*asked}
        found = {}
        for span in doc.spans["all"]:
            found.setdefault(span.label_, set()).add(span.text)
        assert found == {label: kinds[label] for label in asked if label in kinds}
        several += "politician" in asked
        assert {ent.label_ for ent in doc.ents} == {"minister", "place", "person"}
    assert 0 < several < 20


def test_what_is_absent_is_asked_and_not_found(domain):
    doc = ask(domain, 0)
    assert {"ship", "judge"} <= {*doc.user_data[ANNOTATED_LABELS]}
    assert not {"ship", "judge"} & {span.label_ for span in doc.spans["all"]}


def test_labels_are_asked_with_definitions_or_in_other_spellings(domain):
    described = ask(domain, 0, described=1.0).user_data[ANNOTATED_LABELS]
    assert described["minister"] == "minister (a member of a government)"
    assert described["judge"] == "judge"  # it has no definition here
    upper = ask(domain, 0, described=0.0, spellings={str.upper: 1})
    assert upper.user_data[ANNOTATED_LABELS]["minister"] == "MINISTER"


def test_agreement_is_f_of_typed_spans(domain, tmp_path):
    (tmp_path / "politics.txt").write_text(
        "### 5\n[[Ann Lee|person]] of [[New [[Oslo|place]]|place]] met\nBo.\n\n",
        encoding="utf8",
    )
    agreed = checks.agreement([domain], tmp_path)
    assert agreed.texts == 1
    assert agreed.typed == pytest.approx(2 * 2 / (4 + 3))
    assert agreed.spans == pytest.approx(2 * 3 / (4 + 3))


def test_a_domain_may_be_annotated_once(domain, tmp_path):
    other = replace(domain, name="sport")
    (tmp_path / "politics.txt").write_text(
        "### 5\n[[Ann Lee|minister]] of [[New [[Oslo|place]]|place]] met\n"
        "[[Bo|person]].\n",
        encoding="utf8",
    )
    assert checks.agreement([domain, other], tmp_path) == checks.Agreement(1, 1.0, 1.0)


@pytest.fixture
def three_domains(tmp_path):
    (tmp_path / "core.txt").write_text("thing | x\nperson | y\nplace | z\n")
    (tmp_path / "en").mkdir()
    for name in ("news_a", "news_b", "sport"):
        (tmp_path / "en" / f"{name}.txt").write_text(DOMAIN, encoding="utf8")
    return tmp_path


def test_some_domains_are_read_by_a_pattern(three_domains):
    read = read_corpus(three_domains, "en", "news_*")
    assert [domain.name for domain in read] == ["news_a", "news_b"]


def test_domains_are_asked_again_with_other_labels(three_domains):
    nlp, rng = spacy.blank("en"), random.Random(0)
    times = [open_types(three_domains, nlp, rng, domains="sport")[0] for _ in range(9)]
    assert {len(docs) for docs in times} == {2}
    asked = {frozenset(docs[0].user_data[ANNOTATED_LABELS]) for docs in times}
    assert len(asked) > 1


def test_the_corpus_has_no_problems():
    folder = ROOT / "assets/open-types"
    for language, least, types in (("en", 6_000, 800), ("zh", 1_200, 200)):
        domains = read_corpus(folder, language)
        found = [
            f"{domain.name}: {problem}"
            for domain in domains
            for problem in checks.problems(domain, words=language != "zh")
        ]
        assert found == []
        texts = [
            (f"{domain.name}:{text.line}", text.text)
            for domain in domains
            for text in domain.texts
        ]
        assert list(checks.near_duplicates(texts, language != "zh")) == []
        used = {m.label for d in domains for text in d.texts for m in text.mentions}
        assert len(texts) >= least and len(used) >= types
    agreed = checks.agreement(read_corpus(folder, "en"), folder / "second")
    assert agreed.texts >= 632 and agreed.typed > 0.8
