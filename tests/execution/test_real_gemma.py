"""gemma-3-270m, where it was downloaded: tokens and logits are the published ones."""

import pytest
import torch

from spacy_padellm.adapters.adapted import AdaptedLM
from spacy_padellm.adapters.shared_base import SharedBase
from spacy_padellm.bases.tokenizer import PlainTokenizer
from spacy_padellm.execution.decoding import Decoding

from ..conftest import REPOSITORY

SENTENCES = [
    "Maria Jensen left the Copenhagen office of Novo Nordisk on 3 March 2021.",
    "李华在东京和北京访问了清华大学。",
    'São Paulo e Lisboa: "Ele disse: não!" 😀\n\n12  a',
]

# By google/gemma-3's own tokenizer.json, without transformers.
PUBLISHED = [
    [
        *(2, 60526, 65462, 2378, 506, 68063, 4408, 529, 107130, 18884, 7892, 580),
        *(236743, 236800, 5261, 236743, 236778, 236771, 236778, 236770, 236761),
    ],
    [
        *(2, 238859, 238716, 237075, 222316, 237206, 32707, 27739, 237089, 238128),
        *(238716, 18413, 236924),
    ],
    [
        *(2, 121175, 29150, 545, 118052, 236787, 623, 30495, 22040, 236787, 6118, 9332),
        *(163543, 108, 236770, 236778, 138, 236746),
    ],
]


@pytest.fixture(scope="module")
def lm(gemma):
    return AdaptedLM.plain(
        SharedBase.open(
            gemma, device="cpu", dtype=torch.float32, trust_remote_code=False
        )
    )


@pytest.fixture(scope="module")
def tokenizer(lm):
    return PlainTokenizer(lm.base.tokenizer)


@torch.inference_mode()
def test_logits_are_those_of_transformers(lm, tokenizer):
    """Also of a text that is longer than the sliding window of 512 tokens."""
    with torch.inference_mode(False):
        decoder = Decoding(lm).current().decoder
    assert decoder is not lm
    page = (REPOSITORY / "docs" / "architecture.md").read_text("utf8")
    for text in (*SENTENCES, page):
        ids = torch.tensor([tokenizer.encode(text).ids[:700]])
        n = ids.shape[1]
        assert n < 512 or text is page
        mask, positions = torch.ones(1, n, n).tril().bool(), torch.arange(n)[None]
        last = slice(max(0, n - 50), n)
        expected = lm.base.model(ids, logits_to_keep=50, use_cache=False).logits[0]
        hidden = decoder.hidden(ids, positions, mask, None)[0, last]
        found = decoder.logits(hidden)
        # of 262,144 logits up to 26; each is as far from float64's
        torch.testing.assert_close(found, expected, atol=2e-4, rtol=1e-4)


def test_texts_have_the_tokens_of_the_published_tokenizer(tokenizer):
    for text, ids in zip(SENTENCES, PUBLISHED, strict=True):
        assert list(tokenizer.encode(text).ids) == ids
    assert tokenizer.bos_id == 2 and tokenizer.eos_id == 1
    for text in ("<bos>", "a<eos>b", "<start_of_turn>user"):
        assert not {0, 1, 2, 105, 106} & set(tokenizer.encode(text).ids[1:])
