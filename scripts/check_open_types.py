"""Check the corpus of open types, see assets/open-types/README.md.

    python scripts/check_open_types.py assets/open-types [DATA]

It counts what there is, says how far two annotators agree, and names what is wrong; it
fails if anything is. With DATA, a folder of public sets, it also looks for texts that
share an n-gram with one of them.
"""

import argparse
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from open_types import Domain, TypedText, parse, read_corpus

from spacy_padellm.corpora.base import Entity
from spacy_padellm.corpora.registry import read

NGRAM, CHARACTERS = 8, 12  # words, or characters of Chinese, that are an n-gram
SHARED = 0.2  # of the n-grams of the shorter of two texts that are too much alike


def problems(domain: Domain, *, words: bool = True) -> Iterator[str]:
    """What is wrong with the types and texts of a domain. words: of a language that has
    spaces between words."""
    for name in domain.own:
        parent = domain.types[name].parent
        if parent is None or parent not in domain.types:
            yield f"{name!r} has no known broader type: {parent!r}"
        if len(domain.types[name].definition) < (10 if words else 4):
            yield f"{name!r} has no definition"
    used = Counter(name for text in domain.texts for name in _types(text))
    for name in domain.own:
        if used[name] < 3:
            yield f"{name!r} is in {used[name]} texts"
    for text in domain.texts:
        for problem in _problems(domain, text, words):
            yield f"line {text.line}: {problem}"


def _types(text: TypedText) -> set[str]:
    return {mention.label for mention in text.mentions}


def _problems(domain: Domain, typed: TypedText, words: bool) -> Iterator[str]:
    text = typed.text
    for start, end, name in typed.mentions:
        mention = text[start:end]
        if name not in domain.types:
            yield f"unknown type {name!r}"
        if not mention or mention != mention.strip():
            yield f"{mention!r} is empty or has spaces at its borders"
        elif words and (_cuts_word(text, start) or _cuts_word(text, end)):
            yield f"{mention!r} cuts a word"
    for name in _types(typed).intersection(typed.absent):
        yield f"{name!r} is there and absent"
    if not typed.absent:
        yield "no type is absent"
    places = [(start, end) for start, end, _ in typed.mentions]
    for mention in {text[start:end] for start, end in places}:
        if len(mention) < 2:
            continue
        pattern = re.escape(mention)
        if words:
            pattern = rf"(?<!\w){pattern}(?!\w)"
        for found in re.finditer(pattern, text):
            inside = (a <= found.start() and found.end() <= b for a, b in places)
            if not any(inside):
                yield f"{mention!r} stands there once more without annotation"


def _cuts_word(text: str, at: int) -> bool:
    return 0 < at < len(text) and text[at - 1].isalnum() and text[at].isalnum()


def ngrams(text: str, words: bool) -> set[tuple[str, ...]]:
    parts = re.findall(r"\w+" if words else r"[a-z0-9]+|\w", text.lower())
    size = NGRAM if words else CHARACTERS
    return {tuple(parts[at : at + size]) for at in range(len(parts) - size + 1)}


def near_duplicates(
    texts: Sequence[tuple[str, str]], words: bool = True
) -> Iterator[tuple[str, str]]:
    """Pairs of names of texts that share many n-grams. texts: name and text."""
    grams = {name: ngrams(text, words) for name, text in texts}
    holders: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for name, found in grams.items():
        shared = Counter(other for gram in found for other in holders[gram])
        for other, times in shared.items():
            if times > SHARED * min(len(found), len(grams[other])):
                yield other, name
        for gram in found:
            holders[gram].append(name)


def leaks(
    texts: Sequence[tuple[str, str]], data: Path, words: bool = True
) -> Iterator[tuple[str, Path]]:
    """Texts that share an n-gram with a public set. data: a folder of sets."""
    holders: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for name, text in texts:
        for gram in ngrams(text, words):
            holders[gram].append(name)
    for file in sorted(data.rglob("*")):
        if file.suffix not in (".conll", ".bio", ".txt", ".tsv", ".json", ".jsonl"):
            continue
        try:
            known = [text.text for text in read(file).texts]
        except (ValueError, OSError):
            continue  # no set
        for text in known:
            for gram in ngrams(text, words) & holders.keys():
                for name in holders[gram]:
                    yield name, file


@dataclass(frozen=True, slots=True)
class Agreement:
    """F of exact spans with their types, and of spans alone, between two annotators."""

    texts: int
    typed: float
    spans: float


def read_second(path: Path) -> dict[str, tuple[Entity, ...]]:
    """The texts of a second annotator, each behind a line `### number`."""
    blocks = re.split(r"^### .*\n", path.read_text(encoding="utf8"), flags=re.M)[1:]
    return dict(parse(block.strip("\n")) for block in blocks)


def agreement(domains: Iterable[Domain], folder: Path) -> Agreement:
    """How far a second annotator agrees. folder: with a file for each domain that was
    annotated twice."""
    first, second = Counter(), Counter()
    texts = 0
    for domain in domains:
        file = folder / f"{domain.name}.txt"
        again = read_second(file) if file.is_file() else {}
        for typed in domain.texts:
            mentions = again.get(typed.text)
            if mentions is not None:
                texts += 1
                key = (domain.name, typed.line)
                first.update((key, *mention) for mention in typed.mentions)
                second.update((key, *mention) for mention in mentions)
    places = [Counter(place[:-1] for place in one) for one in (first, second)]
    return Agreement(texts, _f(first, second), _f(*places))


def _f(first: Counter, second: Counter) -> float:
    """A span that one annotator has twice counts twice."""
    return 2 * (first & second).total() / (first.total() + second.total())


def main(args: argparse.Namespace) -> int:
    wrong = 0
    for language in ("en", "zh"):
        words = language != "zh"
        domains = read_corpus(args.corpus, language)
        for domain in domains:
            for problem in problems(domain, words=words):
                print(f"{language}/{domain.name}: {problem}")
                wrong += 1
        texts = [
            (f"{d.name}:{text.line}", text.text) for d in domains for text in d.texts
        ]
        for pair in near_duplicates(texts, words):
            print(f"{language}: nearly the same: {', '.join(pair)}")
            wrong += 1
        found = leaks(texts, args.data, words) if args.data else ()
        for name, file in dict.fromkeys(found):
            print(f"{language}: {name} shares an n-gram with {file}")
            wrong += 1
        types = {name for d in domains for text in d.texts for name in _types(text)}
        mentions = sum(len(text.mentions) for d in domains for text in d.texts)
        print(
            f"{language}: {len(domains)} domains, {len(texts):,} texts, "
            f"{len(types):,} types, {mentions:,} mentions"
        )
        if language == "en":
            agreed = agreement(domains, args.corpus / "second")
            print(
                f"{agreed.texts} texts annotated twice: F {100 * agreed.typed:.1f}, "
                f"of spans alone {100 * agreed.spans:.1f}"
            )
    print(f"{wrong} problems")
    return 1 if wrong else 0


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("corpus", type=Path)
    parser.add_argument("data", type=Path, nargs="?")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main(parse_args()))
