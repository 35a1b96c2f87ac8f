"""Restore English spacing for corpora that only have tokens."""

import re

from .base import AnnotatedText

CLOSING = re.compile(r"[,.;:!?%)\]}”»…]+|\.-|''|°")
OPENING = re.compile(r"[(\[{“‘«$£€#@]|`{1,2}|US\$|\((?=;)")
# the second part of a split word: do n't, film 's, I 'm
CLITIC = re.compile(r"n['’]t|['’](s|re|ve|ll|d|m|t)", re.IGNORECASE)
PART = re.compile(r"s|re|ve|ll|d|m|t", re.IGNORECASE)
EMOTICON = re.compile(r"[:;=8xX][-']?[)(DPpOo/\\|]+")


def detokenise(text: AnnotatedText, *, hyphens: bool = False) -> AnnotatedText:
    """Return the text with English spacing around punctuation, clitics and quotes.

    hyphens: also join words at hyphens (well - known), but not at dashes (1895 - July).
        Re-DocRED needs this.
    A text without words, or with spacing of its own, is returned unchanged.
    """
    if text.words is None or not all(text.spaces[:-1]):
        return text
    return AnnotatedText.from_words(
        text.words,
        text.token_entities(),
        english_spaces(text.words, hyphens=hyphens),
        text.unknown_tokens(),
        labels=text.labels,
        document=text.document,
        line=text.line,
    )


def english_spaces(words: tuple[str, ...], *, hyphens: bool = False) -> list[bool]:
    """Return whether a space follows each word."""
    spaces = [True] * len(words)
    open_quotes: set[str] = set()

    def attach_left(i: int) -> None:
        if i:
            spaces[i - 1] = False

    for i, word in enumerate(words):
        left = words[i - 1] if i else ""
        right = words[i + 1] if i + 1 < len(words) else ""
        if word.isspace():
            attach_left(i)
            spaces[i] = False
        elif word == '"' or word == "'" and not _is_apostrophe(words, i, open_quotes):
            if word in open_quotes:
                open_quotes.remove(word)
                attach_left(i)
            else:
                open_quotes.add(word)
                spaces[i] = False
        elif word in ("'", "’"):
            attach_left(i)
            if PART.fullmatch(right):
                spaces[i] = False
        elif EMOTICON.fullmatch(word + right) and not right[:1].isalnum():
            spaces[i] = False
        elif CLITIC.fullmatch(word) or CLOSING.fullmatch(word):
            attach_left(i)
            if word == ":" and left[-1:].isdigit() and right[:1].isdigit():
                spaces[i] = False
        elif OPENING.fullmatch(word):
            spaces[i] = False
        elif (
            word == "/"
            or (word == "–" and left[-1:].isdigit() and right[:1].isdigit())
            or (hyphens and word == "-" and _is_hyphen(left, right))
        ):
            attach_left(i)
            spaces[i] = False
    return spaces


def _is_apostrophe(words: tuple[str, ...], i: int, open_quotes: set[str]) -> bool:
    """Return whether the ' at i is an apostrophe and not a quote. It is one if a clitic
    follows (should ' ve), or if it neither opens nor closes a quotation."""
    if i and i + 1 < len(words) and PART.fullmatch(words[i + 1]):
        return True
    return "'" not in open_quotes and (
        "'" not in words[i + 1 :] or (i > 0 and words[i - 1].endswith("s"))
    )


def _is_hyphen(left: str, right: str) -> bool:
    if not (left[-1:].isalnum() and right[:1].isalnum()):
        return False
    return not (left[-1].isdigit() and right[0].isupper())
