"""Where the sentences of a doc end, with or without a sentence splitter."""

from spacy.tokens import Doc

# These end a sentence where whitespace follows; the wide ones need none.
WIDE_STOPS = frozenset("。！？｡")
STOPS = WIDE_STOPS | frozenset(".!?…؟۔।")
# Quotes and brackets that still belong to the sentence that they close.
CLOSERS = frozenset("\"'”’»›)]}」』）】》")


def sentence_ends(doc: Doc) -> list[int]:
    """The end (exclusive, in tokens) of each sentence; the last is `len(doc)`.

    The doc's own sentences are taken where it has any. Otherwise simple rules split
    it: after a token of full stops, question or exclamation marks (and the quotes or
    brackets glued to it) that whitespace follows, and after a newline. Tokens of
    whitespace stay with the sentence before them.
    """
    if doc.has_annotation("SENT_START"):
        return [sentence.end for sentence in doc.sents]
    return _ends_by_rule(doc)


def _ends_by_rule(doc: Doc) -> list[int]:
    ends = []
    # What came before the token: the end of a sentence, a wide one, whitespace, a
    # newline.
    ended = wide = apart = newline = False
    for token in doc:
        text = token.text
        if token.is_space:
            apart = True
            newline = newline or "\n" in text or "\r" in text
            continue
        stop = STOPS.issuperset(text)
        trails = ended and not apart and (stop or text in CLOSERS)
        if newline or (ended and not trails and (apart or wide)):
            ends.append(token.i)
        ended = stop or trails
        wide = (stop and text[-1] in WIDE_STOPS) or (trails and wide)
        apart, newline = bool(token.whitespace_), False
    if len(doc):
        ends.append(len(doc))
    return ends
