"""Files in other encodings are reported, or raise an error with file and line."""

import bz2
import gzip
import lzma

import pytest

from spacy_padellm.corpora.base import ReadReport
from spacy_padellm.corpora.lines import read_lines, read_text, seems_of_another_script
from spacy_padellm.corpora.registry import read

from .conftest import mentions, problems

CHINESE = "艾达\tB-PER\n在\tO\n罗马\tB-LOC\n"


def test_lines_end_at_newlines_alone(tmp_path):
    path = tmp_path / "file"
    path.write_bytes("\ufeffa\u2028b\r\n\r\nc\x85".encode())
    report = ReadReport(path, "")
    assert list(read_lines(path, report)) == [(1, "a\u2028b"), (2, ""), (3, "c\x85")]
    assert report.problems == []


def test_a_carriage_return_alone_ends_a_line_and_is_reported(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"a\r\nb\rc\r\r\nd\re\n")
    report = ReadReport(path, "")
    lines = [(1, "a"), (2, "b"), (3, "c"), (4, "d"), (5, "e")]
    assert list(read_lines(path, report)) == lines
    kind = "carriage return without a newline, read as the end of a line"
    assert [(p.line, p.action, p.kind) for p in report.problems] == [
        (2, "repaired", kind)
    ]


@pytest.mark.parametrize(
    "content",
    [
        "Ada\tB-PER\rleft\tO\r\rBo\tB-PER\r",
        "Ada|B-PER left|O\rBo|B-PER\r",
        '["Ada left", [0, 0, "Ada", "PER"]]\r["Bo", [0, 0, "Bo", "PER"]]\r',
        '{"text": "Ada left", "label": [[0, 3, "PER"]]}\r'
        '{"text": "Bo", "label": [[0, 2, "PER"]]}\r',
    ],
)
def test_files_of_old_macs_lose_no_mention(corpus, content):
    assert mentions(corpus(content)) == [[("Ada", "PER")], [("Bo", "PER")]]
    mixed = content.replace("\r", "\n", 1)
    assert mentions(corpus(mixed)) == [[("Ada", "PER")], [("Bo", "PER")]]


def test_a_text_keeps_its_line_ends_and_its_mark(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"\xef\xbb\xbfa\r\nb\rc\xe9\n")
    assert read_text(path, ReadReport(path, "")) == "a\r\nb\rcé\n"
    marked = read_text(path, ReadReport(path, ""), keep_mark=True)
    assert marked == "\ufeffa\r\nb\rcé\n"


def test_lines_of_two_encodings_are_each_read_and_the_odd_ones_reported(corpus):
    lines = ["Zoë\tB-PER\n", "aß\tO\n", "Málaga\tB-LOC\n", "Århus\tB-LOC\n"]
    encoded = [lines[0].encode(), *(line.encode("latin-1") for line in lines[1:])]
    read = corpus(b"".join(encoded * 5))
    assert mentions(read) == [[("Zoë", "PER"), ("Málaga", "LOC"), ("Århus", "LOC")] * 5]
    kinds = read.report.kinds()
    assert kinds == {("repaired", "not UTF-8, read as Windows-1252"): 15}
    assert problems(read)[0][0] == 2


RUSSIAN = "Ада\tB-PER\nжила\tO\nв\tO\nМоскве\tB-LOC\nдолго\tO\n"
KOREAN = "에이다\tB-PER\n서울에\tB-LOC\n왔다\tO\n그리고\tO\n"
JAPANESE = "エイダ\tB-PER\nは\tO\n東京\tB-LOC\nに住んで\tO\nいます\tO\n"
OTHER_SCRIPTS = [
    *((CHINESE, encoding) for encoding in ("gb18030", "gbk", "gb2312")),
    *((RUSSIAN, encoding) for encoding in ("cp1251", "koi8-r", "iso8859-5")),
    *((KOREAN, encoding) for encoding in ("euc-kr", "cp949")),
    *((JAPANESE, encoding) for encoding in ("shift-jis", "euc-jp")),
]


@pytest.mark.parametrize("content, encoding", OTHER_SCRIPTS)
def test_an_encoding_of_another_script_is_an_error(corpus, content, encoding):
    with pytest.raises(ValueError, match=r"E209.*sample.txt:[12]: .*iconv -f"):
        corpus(content.encode(encoding))
    assert not seems_of_another_script(content.encode())


@pytest.mark.parametrize(
    "content",
    [
        "é\nà la fête\nça et là\nNoël\n",
        "Hyvää päivää\nJyväskylässä\ntyö\nsää ja jää\n",
        "Größe\nÜber\nfür Öl\n",
        "Ærøskøbing\nåååå\nøl og æg\n",
        "ÀÉÎÕÜ\nem São Paulo\nnão há\ncoração\n",
    ],
)
def test_latin_1_is_not_taken_for_another_script(content):
    utf8 = content.encode() * 9
    assert not seems_of_another_script(content.encode("latin-1") + utf8)


SENTENCE = '{"text": "Ада жила в Москве долго", "entities": [[0, 3, "PER"]]}\n'


@pytest.mark.parametrize("shift", range(4))
def test_utf_8_of_another_script_with_a_line_of_latin_1_is_read(corpus, shift):
    """Wherever the buffer ends, which may be in the middle of a character."""
    odd = '{"text": "' + "x" * shift + ' café", "entities": []}\n'
    read = corpus(odd.encode("latin-1") + (SENTENCE * 300).encode())
    assert read.report.kinds() == {("repaired", "not UTF-8, read as Windows-1252"): 1}
    assert read.report.entities == {"PER": 300}


def test_a_cut_character_does_not_make_utf_8_another_encoding(corpus):
    cut = SENTENCE.encode().replace("г".encode(), "г".encode()[:1])
    read = corpus(SENTENCE.encode() + cut)
    assert read.report.kinds() == {("repaired", "not UTF-8, read as Windows-1252"): 1}


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
@pytest.mark.parametrize("content", ["Ada\tB-PER\n", CHINESE])
def test_wide_encodings_are_an_error_that_says_how_to_convert(
    corpus, content, encoding
):
    with pytest.raises(ValueError, match=r"E233.*sample.txt:\d.*iconv -f UTF-16"):
        corpus(content.encode(encoding))


def test_a_nul_byte_is_an_error_with_its_line(corpus):
    with pytest.raises(ValueError, match=r"E233.*sample.txt:2"):
        corpus("Ada\tB-PER\nle\0ft\tO\n")


@pytest.mark.parametrize("content", ["", "\n\n", "\ufeff", " \t\r\n"])
def test_an_empty_file_is_an_error(tmp_path, content):
    path = tmp_path / "empty.conll"
    path.write_bytes(content.encode())
    with pytest.raises(ValueError, match=r"E211.*empty.conll is empty"):
        read(path)
    with pytest.raises(ValueError, match=r"E20[45].*empty.conll"):
        read(path, "columns")
    with pytest.raises(ValueError, match=r"E205.*empty.conll"):
        read(path, "jsonl")


def test_quotes_and_dashes_of_windows(corpus):
    text = "He said “Ada” left – René’s €5"
    read = corpus(f'{{"text": "{text}", "entities": []}}'.encode("cp1252"))
    assert read.texts[0].text == text


@pytest.mark.parametrize(
    "pack", [bz2.compress, gzip.compress, lzma.compress], ids=lambda one: one.__module__
)
def test_a_compressed_file_is_named(tmp_path, pack):
    file = tmp_path / "a.jsonl.packed"
    file.write_bytes(pack(b'{"text": "Ada left", "entities": []}'))
    with pytest.raises(ValueError, match=f"E230.*{file}.*Unpack"):
        read(file)
