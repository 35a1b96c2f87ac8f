"""ACE 2005, with invented documents in the format of LDC2006T06."""

import html
import re
from xml.sax.saxutils import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_padellm.corpora.registry import read

from .conftest import mentions, problems, unhurried

SGM = """<DOC>
<DOCID> MADE_UP_1 </DOCID>
<DOCTYPE SOURCE="newswire"> NEWS STORY </DOCTYPE>
<BODY>
<HEADLINE>
Rome awaits
</HEADLINE>
<TEXT>
Ada Byron, the head of
Byron &amp; Sons, left.

<TURN>
<SPEAKER> Bo </SPEAKER>
She is in Rome.
</TURN>
</TEXT>
</BODY>
</DOC>
"""
# label, kind, extent, head
MENTIONS = [
    ("PER", "NAM", "Ada Byron", "Ada Byron"),
    ("PER", "NOM", "the head of\nByron &amp; Sons", "head"),
    ("ORG", "NAM", "Byron &amp; Sons", "Byron &amp; Sons"),
    ("PER", "NAM", "Bo", "Bo"),
    ("PER", "PRO", "She", "She"),
    ("GPE", "NAM", "Rome.", "Rome"),
]


def apf(sgm: str, found=MENTIONS, shift: int = 0) -> str:
    """Write the annotation file. Each mention is at its first occurrence."""
    text = re.sub(r"</?[A-Z][^<>]*>", "", sgm)
    after = text.index("Ada") if "Ada" in text else 0  # not in the header

    def charseq(tag: str, words: str) -> str:
        start = text.index(words, after) + shift
        end = start + len(words) - 1
        said = escape(html.unescape(words))
        place = f'START="{start}" END="{end}"'
        return f"<{tag}><charseq {place}>{said}</charseq></{tag}>"

    entities = [
        f'<entity ID="E{i}" TYPE="{label}" SUBTYPE="x" CLASS="SPC">\n'
        f'<entity_mention ID="E{i}-1" TYPE="{kind}" LDCTYPE="{kind}">\n'
        f"{charseq('extent', extent)}\n{charseq('head', head)}\n</entity_mention>\n"
        f"<entity_attributes><name>{charseq('n', head)}</name></entity_attributes>"
        "</entity>\n"
        for i, (label, kind, extent, head) in enumerate(found)
    ]
    return (
        '<?xml version="1.0"?>\n'
        '<!DOCTYPE source_file SYSTEM "apf.v5.1.1.dtd">\n'
        '<source_file URI="made_up.sgm" SOURCE="newswire" TYPE="text">\n'
        f'<document DOCID="MADE_UP_1">\n{"".join(entities)}'
        '<timex2 ID="T1"><timex2_mention ID="T1-1"><extent>'
        '<charseq START="0" END="1">x</charseq></extent></timex2_mention></timex2>\n'
        "</document>\n</source_file>\n"
    )


@pytest.fixture
def ace(tmp_path):
    def make(sgm: str = SGM, annotation: str | None = None, **options):
        (tmp_path / "made_up.sgm").write_text(sgm)
        path = tmp_path / "made_up.apf.xml"
        path.write_text(apf(sgm) if annotation is None else annotation)
        return read(path, **options)

    return make


def test_passages_have_their_mentions_nested_by_extent(ace):
    corpus = ace()
    assert corpus.format == "ace"
    assert [text.text for text in corpus.texts] == [
        "Ada Byron, the head of Byron & Sons, left.",
        "Bo",
        "She is in Rome.",
    ]
    assert mentions(corpus) == [
        [
            ("Ada Byron", "PER"),
            ("the head of Byron & Sons", "PER"),
            ("Byron & Sons", "ORG"),
        ],
        [("Bo", "PER")],
        [("She", "PER"), ("Rome.", "GPE")],
    ]
    assert {text.document for text in corpus.texts} == {"MADE_UP_1"}
    assert problems(corpus) == []


def test_heads_and_kinds_of_mentions_can_be_chosen(ace):
    heads = mentions(ace(part="head"))
    assert ("head", "PER") in heads[0] and ("Rome", "GPE") in heads[2]
    names = mentions(ace(kinds=("NAM",)))
    assert names[0] == [("Ada Byron", "PER"), ("Byron & Sons", "ORG")]
    assert names[2] == [("Rome.", "GPE")]


def test_a_headline_is_read_where_it_has_a_mention(ace):
    sgm = SGM.replace("Rome awaits", "Ada in Rome")
    found = [*MENTIONS, ("PER", "NAM", "Ada", "Ada")]
    texts = [text.text for text in ace(sgm, apf(sgm, found)).texts]
    assert texts[0] == "Ada in Rome" and len(texts) == 4


def test_chinese_lines_are_joined_without_spaces(ace):
    sgm = "<DOC><TEXT>\n　　艾达离开了罗\n马城。\n</TEXT></DOC>\n"
    corpus = ace(sgm, apf(sgm, [("GPE", "NAM", "罗\n马城", "罗\n马")]))
    assert [text.text for text in corpus.texts] == ["艾达离开了罗马城。"]
    assert mentions(corpus) == [[("罗马城", "GPE")]]


def test_either_file_is_read_with_the_other_beside_it(ace, tmp_path):
    expected = ace()
    assert read(tmp_path / "made_up.sgm").texts == expected.texts
    (tmp_path / "made_up.sgm").unlink()
    with pytest.raises(ValueError, match=r"E210.*made_up.sgm is missing next to"):
        read(tmp_path / "made_up.apf.xml")


def test_mentions_that_are_not_in_the_text_are_skipped_with_their_line(ace):
    one = [("PER", "NAM", "Ada Byron", "Ada Byron")]
    for shift, kind in ((1, "mention is not at its"), (9_999, "entity outside the")):
        with pytest.raises(ValueError, match=f"E214.*made_up.apf.xml:7: .*{kind}"):
            ace(SGM, apf(SGM, one, shift=shift))


def test_a_mention_that_is_not_at_its_offsets_leaves_all_passages_unknown(ace):
    corpus = ace(SGM, apf(SGM).replace(">She<", ">They<"))
    assert [kind for *_, kind in problems(corpus)] == ["mention is not at its offsets"]
    for text in corpus.texts:
        assert [e[:2] for e in text.unknown] == [(0, len(text.text))]


@pytest.mark.parametrize(
    "broken, line",
    [
        ("<source_file>\n<document>\n</source_file>", 3),
        ("<source_file>\n<entity_mention TYPE='NAM'><extent>\n<charseq END='1'>", 3),
        ("<entity_mention TYPE='NAM'><extent><charseq START='x' END='1'>", 1),
        ("Ada left", 1),
    ],
)
def test_broken_xml_is_an_error_with_file_and_line(ace, broken, line):
    with pytest.raises(ValueError, match=rf"E204.*made_up.apf.xml:{line}: "):
        ace(SGM, broken)


@unhurried
@given(data=st.data())
def test_random_mentions_are_read_back(data, tmp_path_factory):
    words = data.draw(st.lists(st.sampled_from(["ab", "&amp;", "d-e"]), min_size=1))
    sizes = st.tuples(st.integers(0, len(words) - 1), st.integers(1, 3))
    spans = {(a, min(a + n, len(words))) for a, n in data.draw(st.sets(sizes))}
    breaks = [data.draw(st.sampled_from([" ", "\n", "\n \n"])) for _ in words]
    text, starts = "\n", []
    for word, gap in zip(words, breaks, strict=True):
        starts.append(len(text))
        text += word + gap
    entities = []
    for first, last in spans:
        start, end = starts[first], starts[last - 1] + len(words[last - 1])
        said = escape(html.unescape(text[start:end]))
        entities.append(
            f'<entity TYPE="X"><entity_mention TYPE="NOM"><extent><charseq '
            f'START="{start}" END="{end - 1}">{said}</charseq></extent>'
            "</entity_mention></entity>"
        )
    folder = tmp_path_factory.mktemp("ace")
    (folder / "a.sgm").write_text(f"<DOC><TEXT>{text}</TEXT></DOC>")
    xml = f"<source_file>{''.join(entities)}</source_file>"
    (folder / "a.apf.xml").write_text(xml)
    corpus = read(folder / "a.apf.xml")
    found = [mention for text in mentions(corpus) for mention, _ in text]
    plain = [" ".join(words[a:b]).replace("&amp;", "&") for a, b in spans]
    assert sorted(found) == sorted(plain)
    assert problems(corpus) == []
