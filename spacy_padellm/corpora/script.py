"""Detect Chinese, which has no spaces and is split into characters."""

import re
from collections.abc import Iterable
from itertools import islice

CHINESE = re.compile("[\u3400-\u9fff\uf900-\ufaff]")
KANA = re.compile("[\u3040-\u30ff]")
SPACE = re.compile(r"\s+")
SAMPLE = 2_000  # number of words or texts to look at


def mostly_chinese(pieces: Iterable[str]) -> bool:
    """Return whether more than half of the characters are Chinese. Spaces do not count,
    only the first pieces are used, and text with kana is Japanese."""
    sample = SPACE.sub("", "".join(islice(pieces, SAMPLE)))
    kana, chinese = len(KANA.findall(sample)), len(CHINESE.findall(sample))
    return 2 * chinese > len(sample) and 20 * kana < len(sample)


def joiner_of(words: Iterable[str]) -> str:
    """Return the string between words: "" for Chinese, or else a space."""
    return "" if mostly_chinese(words) else " "
