"""Labels that were never trained on: CrossNER and MIT, as the paper's zero-shot table.

Any pipeline can be scored that can be told its labels, as `padellm_ner` and
`gliner_spacy` can.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import spacy
from spacy.language import Language
from spacy.tokens import Doc

from ..corpora.docs import make_doc
from ..corpora.labels import relabel
from ..corpora.registry import read
from ..errors import Errors
from ..scoring.spans import score_spans
from ..scoring.zero_shot import ZERO_SHOT, ZeroShotSet
from .corpus import split_file, without_annotation
from .paper import ZERO_SHOT_F, ZERO_SHOT_TITLES
from .sets import DataSet
from .tables import f_table

# Builds a pipeline that finds the labels of a set.
NewPipeline = Callable[[ZeroShotSet], Language]


@dataclass(frozen=True, slots=True)
class ZeroShotScore:
    """docs: that were read. scores: precision, recall and F of exact spans, 0 to 1."""

    docs: int
    scores: dict[str, float]
    per_label: dict[str, dict[str, float]]


def ours(adapter: str, device: str, **output: Any) -> NewPipeline:
    """A blank English pipeline with padellm_ner and an adapter: "default" or a folder.

    output: settings of the component, `threshold` say.
    """

    def new(zero_shot: ZeroShotSet) -> Language:
        nlp = spacy.blank("en")
        model = {"adapter": adapter, "device": device}
        config = {"labels": zero_shot.labels, "model": model, **output}
        nlp.add_pipe("padellm_ner", config=config)
        return nlp

    return new


def gliner(model: str) -> NewPipeline:
    """gliner-spacy with a model of the hub, which it fetches.

    ValueError (E925): the package is not installed.
    """

    def new(zero_shot: ZeroShotSet) -> Language:
        nlp = spacy.blank("en")
        names = list(zero_shot.labels.values())
        config = {"gliner_model": model, "labels": names, "style": "ent"}
        try:
            nlp.add_pipe("gliner_spacy", config=config)
        except ValueError as error:
            if "E002" in str(error):  # spaCy knows no such factory
                raise ValueError(Errors.E925) from error
            raise
        return nlp

    return new


def score_set(
    new: NewPipeline,
    name: str,
    data: Path,
    limit: int = 0,
    progress: Callable[[Sequence], Iterable] = iter,
) -> ZeroShotScore:
    """Score a pipeline on the test split of a set.

    name: of ZERO_SHOT. data: a folder with a folder of that name.
    limit: at most so many sentences, the first; 0 is all.
    progress: wraps the docs, as tqdm does.

    ValueError: there is no folder of that name, or no test split in it.
    """
    zero_shot = ZERO_SHOT[name]
    if not (data / name).is_dir():
        raise ValueError(Errors.E922.format(name=name, folder=data))
    file = split_file(data / name, "test", DataSet(name, "en"))
    if file is None:
        raise ValueError(Errors.E921.format(name=name, folder=data, split="test"))
    nlp = new(zero_shot)
    gold = gold_docs(nlp, zero_shot, file)[: limit or None]
    # a label is called by its name where the component knows no other
    label_of = {name: label for label, name in zero_shot.labels.items()}
    bare = (without_annotation(doc, nlp.vocab) for doc in progress(gold))
    found = [
        [(e.start_char, e.end_char, label_of.get(e.label_, e.label_)) for e in doc.ents]
        for doc in nlp.pipe(bare)
    ]
    wanted = [[(e.start_char, e.end_char, e.label_) for e in doc.ents] for doc in gold]
    scores = score_spans(wanted, found)
    return ZeroShotScore(
        len(gold),
        scores.micro.to_dict(),
        {label: prf.to_dict() for label, prf in scores.per_label.items()},
    )


def gold_docs(nlp: Language, zero_shot: ZeroShotSet, file: Path) -> list[Doc]:
    """The texts of a file as gold docs, without the labels that are not scored."""
    corpus = read(file)
    left_out = dict.fromkeys(zero_shot.left_out)
    return [
        make_doc(nlp, text) for text in relabel(corpus.texts, left_out, corpus.report)
    ]


def page(results: dict[str, ZeroShotScore], title: str) -> str:
    """A table in Markdown: this run above the published figures.

    results: by the names of ZERO_SHOT.
    """
    measured = {name: 100 * one.scores["f"] for name, one in results.items()}
    docs = sum(one.docs for one in results.values())
    rows = {f"{title}, {docs:,} sentences": measured, **ZERO_SHOT_F}
    return f_table("span F", ZERO_SHOT_TITLES, rows)
