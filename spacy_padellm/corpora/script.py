"""Whether a text is Chinese: written without spaces, split into characters."""

import re
from collections.abc import Iterable
from itertools import islice

CHINESE = re.compile("[\u3400-\u9fff\uf900-\ufaff]")
KANA = re.compile("[\u3040-\u30ff]")
SPACE = re.compile(r"\s+")
SAMPLE = 2_000  # words or texts looked at


def mostly_chinese(pieces: Iterable[str]) -> bool:
    """Whether more than half of the characters of the first pieces, spaces aside, are
    Chinese. Japanese, with its kana, is not."""
    sample = SPACE.sub("", "".join(islice(pieces, SAMPLE)))
    kana, chinese = len(KANA.findall(sample)), len(CHINESE.findall(sample))
    return 2 * chinese > len(sample) and 20 * kana < len(sample)


def joiner_of(words: Iterable[str]) -> str:
    """What stands between the words of a corpus that does not say: nothing in
    Chinese, else a space."""
    return "" if mostly_chinese(words) else " "
