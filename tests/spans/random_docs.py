"""Handwritten and random docs for the tests of this folder."""

from hypothesis import strategies as st
from spacy.lang.en import English
from spacy.tokens import Doc
from spacy.vocab import create_vocab

VOCAB = create_vocab("en", English.Defaults)

WORDS = ("a", "Bank", "of", ",", ";", ".", "?!", "。", '"', ")", " ", "\n", "\n\n", "…")
ODD_WORDS = ("👩‍🔬", "e\u0301", "\u0301", "שלום", "银行", "\x00", "\u00a0")


def make_doc(*words, spaces=None, sent_starts=None):
    """Create a doc from words. By default, a space follows each word."""
    return Doc(VOCAB, words=list(words), spaces=spaces, sent_starts=sent_starts)


@st.composite
def docs(draw, max_tokens=60):
    """Docs with whitespace tokens and several scripts, with and without sentences."""
    words = draw(st.lists(st.sampled_from(WORDS + ODD_WORDS), max_size=max_tokens))
    spaces = draw(st.lists(st.booleans(), min_size=len(words), max_size=len(words)))
    sent_starts = draw(
        st.none()
        | st.lists(
            st.sampled_from([True, False, None]),
            min_size=len(words),
            max_size=len(words),
        )
    )
    return make_doc(*words, spaces=spaces, sent_starts=sent_starts)
