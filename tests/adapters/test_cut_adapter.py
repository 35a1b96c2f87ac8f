"""An adapter that is cut to the first layers is an adapter of those layers."""

import sys
from pathlib import Path

import pytest

from spacy_padellm.adapters.files import write_adapter
from spacy_padellm.model.architectures import build_causal_lm_v1
from spacy_padellm.model.shim import causal_lm_shim

from ..tree_training import TREES, same, weights

sys.path.insert(0, str(Path(__file__).parents[2] / "scripts"))
from cut_adapter import cut  # noqa: E402


def test_what_is_left_is_read_on_the_first_layers(build, tmp_path):
    whole = build()
    adapter = cut(causal_lm_shim(whole).adapter("f", {}), 1)
    write_adapter(tmp_path, adapter)
    left = build_causal_lm_v1(base=adapter.card.base, adapter=str(tmp_path))
    assert left.predict(TREES) != whole.predict(TREES)
    lm = causal_lm_shim(left).lm
    assert len(lm.base.body.layers) == 1
    first = {name: one for name, one in weights(whole).items() if ".layers.0." in name}
    assert first and same(weights(left), first)


@pytest.mark.parametrize("layers", [2, 3])
def test_nothing_to_cut_is_an_error(build, layers):
    adapter = causal_lm_shim(build()).adapter("f", {})
    with pytest.raises(ValueError, match=f"no more than {layers} layers"):
        cut(adapter, layers)
