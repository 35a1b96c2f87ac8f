"""WebAnno TSV 3."""

import pytest

from .conftest import mentions, problems

NER = "#T_SP=de.tudarmstadt.ukp.dkpro.core.api.ner.type.NamedEntity|identifier|value"
POS = "#T_SP=de.tudarmstadt.ukp.dkpro.core.api.lexmorph.type.pos.POS|PosValue"
CUSTOM = "#T_SP=webanno.custom.Thing|kind"
SENTENCE = """#Text=😀 Ada Byron\\tleft New-York.
1-1\t0-2\t😀\tNN\t_\t_\t
1-2\t3-6\tAda\tNN\thttp://a[1]\tPER[1]\t
1-3\t7-12\tByron\tNN\thttp://a[1]|*\tPER[1]|SUR\\|NAME\t
1-4\t13-17\tleft\tVB\t_\t_\t
1-5\t18-26\tNew-York\tNN\t_\t_\t
1-5.1\t22-26\tYork\t_\t*\tCITY\t
1-6\t26-27\t.\t.\t_\t_\t
"""
SECOND = """#Text=Rome
2-1\t28-32\tRome\tNN\t*\tLOC\t
"""
WANTED = [("Ada Byron", "PER"), ("Byron", "SUR|NAME"), ("York", "CITY")]


def tsv(*sentences: str, layers: tuple[str, ...] = (POS, NER)) -> str:
    header = "\n".join(["#FORMAT=WebAnno TSV 3.3", *layers])
    return "\n".join([f"{header}\n\n", *sentences])


@pytest.mark.parametrize("before, newline", [("", "\n"), ("\ufeff", "\r\n")])
def test_spans_are_joined_stacked_and_inside_of_tokens(corpus, before, newline):
    read = corpus(before + tsv(SENTENCE, SECOND).replace("\n", newline))
    assert read.format == "webanno"
    assert mentions(read) == [WANTED, [("Rome", "LOC")]]
    assert read.texts[0].text == "😀 Ada Byron\tleft New-York."
    assert [text.line for text in read.texts] == [6, 15]
    assert problems(read) == []


def test_custom_layers_are_read_if_there_are_no_named_entities(corpus):
    sentence = "#Text=Ada left\n1-1\t0-3\tAda\tNN\tPER\t\n1-2\t4-8\tleft\tVB\t_\t\n"
    assert mentions(corpus(tsv(sentence, layers=(POS, CUSTOM)))) == [[("Ada", "PER")]]
    with pytest.raises(ValueError, match="E204.*no layer of named entities"):
        corpus(tsv(sentence, layers=(POS,)))


def test_a_span_without_a_label_is_unknown(corpus):
    read = corpus(tsv(SENTENCE.replace("|SUR\\|NAME", ""), SECOND.replace("LOC", "*")))
    assert mentions(read) == [[WANTED[0], WANTED[2]], []]
    assert problems(read) == [(15, "skipped", "entity without a label")]
    assert [e[:2] for e in read.texts[1].unknown] == [(0, 4)]


def test_a_span_that_leaves_its_sentence_is_unknown_in_both(corpus):
    read = corpus(tsv(SENTENCE, SECOND.replace("LOC", "PER[1]")))
    assert mentions(read) == [WANTED[1:], []]
    kinds = read.report.kinds()
    assert kinds == {("skipped", "entity in several sentences"): 2}
    assert [len(text.unknown) for text in read.texts] == [1, 1]


@pytest.mark.parametrize(
    "old, new, line, kind",
    [
        ("2-1\t28-32\tRome", "2-1\t28-32\tParis", 16,
         "sentence without one of its tokens"),
        ("2-1\t28-32\tRome", "2-1\t28\tRome", 16, "sentence with a bad line"),
        ("2-1\t28-32\tRome\tNN\t*\tLOC\t", "2-1", 16, "sentence with a bad line"),
    ],
)  # fmt: skip
def test_sentences_that_do_not_fit_are_reported(corpus, old, new, line, kind):
    read = corpus(tsv(SENTENCE, SECOND.replace(old, new)))
    assert mentions(read) == [WANTED]
    assert problems(read) == [(line, "skipped", kind)]
