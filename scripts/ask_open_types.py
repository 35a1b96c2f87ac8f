"""Ask texts of the corpus of open types for labels, as training does."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from open_types import Domain, TypedText
from spacy.language import Language
from spacy.tokens import Doc

from spacy_padellm.corpora.base import ANNOTATED_LABELS, AnnotatedText, Entity
from spacy_padellm.corpora.docs import make_doc

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
