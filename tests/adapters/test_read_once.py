"""An adapter that is to read the names of labels once differs in its card alone."""

import sys
from dataclasses import replace
from pathlib import Path

from spacy_padellm.formats.base import as_trained
from spacy_padellm.formats.pointer import build_pointer_v1
from spacy_padellm.model.shim import causal_lm_shim

sys.path.insert(0, str(Path(__file__).parents[2] / "scripts"))
from read_once import reads_once  # noqa: E402


def test_only_the_card_changes(build):
    before = causal_lm_shim(build()).adapter("Pointer", {"PER": "person"})
    card = replace(before.card, breadths={"person": 3.0})
    after = reads_once(replace(before, card=card))
    assert after.card.breadths == {}, "they are measured again"
    assert as_trained(build_pointer_v1(), after.card.format).labels == "once"
    card = replace(after.card, format="Pointer", breadths={})
    assert replace(after, card=card) == replace(before, card=card)
