"""Find the ends of sentences, with or without a sentence splitter in the pipeline."""

from spacy.tokens import Doc

from .wrapping import wrapping_newlines

# They end a sentence if whitespace follows. The wide ones need no whitespace.
WIDE_STOPS = frozenset("。！？｡")
STOPS = WIDE_STOPS | frozenset(".!?…؟۔।")
# Quotes and brackets that belong to the sentence before them.
CLOSERS = frozenset("\"'”’»›)]}」』）】》")


def sentence_ends(doc: Doc) -> list[int]:
    """Return the end (exclusive, in tokens) of each sentence. The last is `len(doc)`.

    If the doc has sentence boundaries, they are used. Otherwise simple rules split the
    doc after newlines, and after full stops, question marks and exclamation marks that
    are followed by whitespace. Newlines that only wrap long lines do not count. Quotes
    and brackets directly after such a mark belong to its sentence, and whitespace
    tokens belong to the sentence before them.
    """
    if doc.has_annotation("SENT_START"):
        return [sentence.end for sentence in doc.sents]
    return _ends_by_rule(doc)


def _ends_by_rule(doc: Doc) -> list[int]:
    ends = []
    wrapping = wrapping_newlines(doc.text)
    # What precedes the token: a sentence end, a wide stop, whitespace, a newline.
    ended = wide = apart = newline = False
    for token in doc:
        text = token.text
        if token.is_space:
            apart = True
            newline = newline or any(
                char in "\n\r" and at not in wrapping
                for at, char in enumerate(text, token.idx)
            )
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
