"""Read and check the corpus of open types, see assets/open-types/README.md.

    python scripts/open_types.py assets/open-types [DATA]

It prints what each domain holds and what is wrong, and fails if anything is. With DATA,
a folder of public sets, it also looks for their test texts in the corpus.
"""

import argparse
import random
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from spacy.language import Language
from spacy.tokens import Doc

from spacy_padellm.corpora.base import ANNOTATED_LABELS, AnnotatedText, Entity
from spacy_padellm.corpora.docs import make_doc
from spacy_padellm.corpora.registry import read

OPEN, BORDER, CLOSE, ABSENT = "[[", "|", "]]", "? "
NGRAM, CHARACTERS = 8, 12  # words, or characters of Chinese, that are an n-gram
SHARED = 0.2  # of the n-grams of the shorter of two texts that are too much alike
# How a label may be written, with the weights of these spellings.
SPELLINGS = {
    str: 80,
    str.title: 8,
    str.upper: 6,
    lambda name: name.replace(" ", "_"): 6,
}
DESCRIBED = 0.1  # share of the texts whose labels are asked with their definitions
ANCESTORS = 0.35  # of the broader types of a mention's type are asked too
MORE_ABSENT = 3  # types of the domain that a text does not have, at most
MOST_LABELS = 10


@dataclass(frozen=True, slots=True)
class Type:
    """parent: the broader type, None at the top."""

    name: str
    parent: str | None
    definition: str


@dataclass(frozen=True, slots=True)
class TypedText:
    """mentions: with the narrowest type of each; they may nest. absent: types that were
    looked for in vain. line: where it ends in the file."""

    text: str
    mentions: tuple[Entity, ...]
    absent: tuple[str, ...]
    line: int


@dataclass(frozen=True, slots=True)
class Domain:
    """types: of the domain, and those that all domains share."""

    name: str
    types: Mapping[str, Type]
    own: tuple[str, ...]
    texts: tuple[TypedText, ...]

    def ancestors(self, name: str) -> list[str]:
        """The broader types of a type, the nearest first."""
        found = []
        while (parent := self.types[name].parent) is not None:
            if parent in found:
                raise ValueError(f"{self.name}: {name!r} is broader than itself")
            found.append(parent)
            name = parent
        return found


def read_types(lines: Iterable[str]) -> dict[str, Type]:
    """Lines `name < parent | definition`; the parent may be missing."""
    types = {}
    for line in filter(str.strip, lines):
        head, _, definition = line.partition("|")
        name, _, parent = (part.strip() for part in head.partition("<"))
        types[name] = Type(name, parent or None, definition.strip())
    return types


def parse(marked: str) -> tuple[str, tuple[Entity, ...]]:
    """A text with its mentions as `[[characters|type]]`, which may nest.

    ValueError: a bracket has no partner.
    """
    text = ""
    opened: list[int] = []
    mentions = []
    at = 0
    border = re.compile(r"\|([^\[\]|\n]+)\]\]")
    while at < len(marked):
        if marked.startswith(OPEN, at):
            opened.append(len(text))
            at += len(OPEN)
        elif opened and (found := border.match(marked, at)):
            mentions.append(Entity(opened.pop(), len(text), found[1].strip()))
            at = found.end()
        else:
            text += marked[at]
            at += 1
    if opened or CLOSE in text:
        raise ValueError(f"a bracket has no partner: {marked[:60]!r}")
    return text, tuple(sorted(mentions, key=lambda one: (one.start, -one.end)))


def read_domain(path: Path, core: Mapping[str, Type]) -> Domain:
    """Read a domain's types and texts. ValueError: the file has another form."""
    lines = path.read_text(encoding="utf8").split("\n")
    if lines[0] != "= types" or "= texts" not in lines:
        raise ValueError(f"{path}: there is no '= types' or no '= texts'")
    start = lines.index("= texts") + 1
    own = read_types(lines[1 : start - 1])
    texts = []
    block: list[str] = []
    for number, line in enumerate(lines[start:], start=start + 1):
        if line.startswith(ABSENT):
            try:
                text, mentions = parse("\n".join(block))
            except ValueError as error:
                raise ValueError(f"{path}, line {number}: {error}") from error
            absent = (name.strip() for name in line[len(ABSENT) :].split(";"))
            texts.append(TypedText(text, mentions, tuple(filter(None, absent)), number))
            block = []
        elif line.strip() or block:
            block.append(line.rstrip())
    if any(map(str.strip, block)):
        raise ValueError(f"{path}: the last text does not say what it lacks")
    return Domain(path.stem, {**core, **own}, tuple(own), tuple(texts))


def read_corpus(folder: Path, language: str) -> list[Domain]:
    """All domains of a language, "en" or "zh"."""
    core_file = "core.txt" if language == "en" else f"core_{language}.txt"
    core = read_types((folder / core_file).read_text(encoding="utf8").splitlines())
    files = sorted((folder / language).glob("*.txt"))
    return [read_domain(file, core) for file in files]


# -- what is wrong --------------------------------------------------------------------


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
    """How far a second annotator agrees. folder: has a file for each domain."""
    first, second = Counter(), Counter()
    texts = 0
    for domain in domains:
        again = read_second(folder / f"{domain.name}.txt")
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


# -- what is asked --------------------------------------------------------------------


@dataclass
class Asked:
    """Asks each text for types that it has, for broader ones, and for some that it
    lacks. A mention belongs to its type and to all broader ones."""

    nlp: Language
    spans_key: str
    rng: random.Random
    described: float = DESCRIBED
    spellings: Mapping = field(default_factory=lambda: SPELLINGS)

    def doc(self, domain: Domain, typed: TypedText) -> Doc:
        """A gold doc: `doc.ents` has the narrowest types, `doc.spans` all that are
        asked, and `doc.user_data` the labels' names."""
        here = dict.fromkeys(mention.label for mention in typed.mentions)
        broader = {name: domain.ancestors(name) for name in here}
        above = dict.fromkeys(name for names in broader.values() for name in names)
        asked = [*here]
        asked += [n for n in above if n not in here and self.rng.random() < ANCESTORS]
        lacking = [*typed.absent]
        others = [name for name in domain.own if name not in (*here, *above, *lacking)]
        more = self.rng.randint(0, min(MORE_ABSENT, len(others)))
        lacking += self.rng.sample(others, more)
        asked += [name for name in lacking if name not in (*here, *above)]
        asked = asked[:MOST_LABELS]
        self.rng.shuffle(asked)
        entities = [
            Entity(mention.start, mention.end, name)
            for mention in typed.mentions
            for name in (mention.label, *broader[mention.label])
            if name in asked
        ]
        narrow = tuple(one for one in typed.mentions if one.label in asked)
        doc = make_doc(self.nlp, AnnotatedText(typed.text, narrow))
        spans = (
            doc.char_span(start, end, name, alignment_mode="expand")
            for start, end, name in dict.fromkeys(entities)
        )
        doc.spans[self.spans_key] = list(spans)
        doc.user_data[ANNOTATED_LABELS] = self._names(domain, asked)
        return doc

    def _names(self, domain: Domain, asked: Sequence[str]) -> dict[str, str]:
        if self.rng.random() < self.described:
            definitions = {
                name: domain.types[name].definition
                for name in asked
                if name in domain.types
            }
            return {
                name: f"{name} ({definitions[name]})" if name in definitions else name
                for name in asked
            }
        (spell,) = self.rng.choices([*self.spellings], [*self.spellings.values()])
        return {name: spell(name) for name in asked}


# -- the command ----------------------------------------------------------------------


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
