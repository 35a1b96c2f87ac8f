"""Queries go through a format and an engine; each text is tokenised once."""

import pytest

from spacy_padellm.formats.autoreg_aug import build_autoreg_aug_v1
from spacy_padellm.formats.autoreg_struct import build_autoreg_struct_v1
from spacy_padellm.formats.base import Query
from spacy_padellm.formats.extraction import extract
from spacy_padellm.formats.one_step import build_one_step_v1
from spacy_padellm.formats.padellm import build_padellm_v1

TEXTS = ["Maria Rossi left Oslo.", " Li Wei stayed", "No one.", "Oslo"]
LABELS = {"PER": "person", "LOC": "location"}


@pytest.mark.parametrize(
    "build",
    [
        build_padellm_v1,
        build_one_step_v1,
        build_autoreg_struct_v1,
        build_autoreg_aug_v1,
    ],
)
def test_a_text_is_tokenised_once(build, engine, tiny_tokenizer, monkeypatch):
    encoded = []
    encode = tiny_tokenizer.encode

    def counted(text, **options):
        encoded.append(text)
        return encode(text, **options)

    monkeypatch.setattr(tiny_tokenizer, "encode", counted)
    extract(
        [Query(text, LABELS) for text in TEXTS],
        engine=engine,
        format=build(),
        batch_tokens=20,
    )
    for text in TEXTS:
        assert sum(one.strip() == text.strip() for one in encoded) == 1
    # and nothing that holds a text is tokenised besides
    assert not [one for one in encoded if "Maria" in one and one.strip() != TEXTS[0]]


def test_extractions_come_in_the_order_of_the_queries(engine, tiny_tokenizer):
    format, settings = build_padellm_v1(), {"engine": engine, "batch_tokens": 20}
    queries = [Query(text, LABELS) for text in TEXTS]
    together = extract(queries, format=format, **settings)
    apart = [extract([query], format=format, **settings)[0] for query in queries]
    for one, other in zip(together, apart, strict=True):
        assert one.counts == other.counts
        assert [m.text for m in one.mentions] == [m.text for m in other.mentions]


def test_descriptions_count_in_a_batch(engine, tiny_tokenizer):
    """A batch of texts takes no more memory because labels are long."""

    def sessions(names):
        before = engine.usage.sessions
        queries = [Query(text, names) for text in TEXTS * 4]
        extract(
            queries,
            engine=engine,
            format=build_autoreg_aug_v1(),
            batch_tokens=300,
        )
        return engine.usage.sessions - before

    meaning = "the name of one, as it is written, and no other word " * 3
    described = {label: f"{name} ({meaning})" for label, name in LABELS.items()}
    assert sessions(described) > 2 * sessions(LABELS)
