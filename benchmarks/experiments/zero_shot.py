"""Labels that a model was never trained on: CrossNER and MIT, as in the paper.

You can score any pipeline that takes its labels as a setting, such as `padellm_ner` and
`gliner_spacy`.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import spacy
from spacy.language import Language

from spacy_padellm.bases.weights import DEFAULT_BASE
from spacy_padellm.corpora.gold import Choices, gold_docs
from spacy_padellm.corpora.registry import read

from ..data.corpus import split_file, without_annotation
from ..data.sets import DataSet
from ..data.zero_shot_sets import ZERO_SHOT, ZeroShotSet
from ..errors import Errors
from ..measuring.scores import doc_spans, span_scores

FORMATS = ("Pointer", "PaDeLLM")  # of adapters
# Builds a pipeline that finds the labels of a set.
NewPipeline = Callable[[ZeroShotSet], Language]


@dataclass(frozen=True, slots=True)
class ZeroShotScore:
    """Scores on one set.

    docs: the number of sentences.
    scores: precision, recall and F of exact spans, from 0 to 1.
    """

    docs: int
    scores: dict[str, float]
    per_label: dict[str, dict[str, float]]


def ours(
    adapter: str,
    device: str,
    *,
    base: str = DEFAULT_BASE,
    format: str = "Pointer",
    descriptions: Mapping[str, str] | None = None,
    **output: Any,
) -> NewPipeline:
    """A blank English pipeline with padellm_ner.

    adapter: the name of one that comes with the base, or a folder.
    format: of the adapter, one of FORMATS.
    descriptions: what labels cover, if the model shall read that beside their names.
    output: settings of the component, such as `threshold`.
    """
    described = descriptions or {}

    def new(zero_shot: ZeroShotSet) -> Language:
        nlp = spacy.blank("en")
        labels = {
            label: {"name": name, "description": described[label]}
            if label in described
            else name
            for label, name in zero_shot.labels.items()
        }
        config = {
            "labels": labels,
            "format": {"@misc": f"spacy_padellm.{format}.v1"},
            "model": {"base": base, "adapter": adapter, "device": device},
            **output,
        }
        nlp.add_pipe("padellm_ner", config=config)
        return nlp

    return new


def gliner(model: str) -> NewPipeline:
    """A blank English pipeline with gliner-spacy, and a model of the Hugging Face hub.

    ValueError (E615): the package is not installed.
    """

    def new(zero_shot: ZeroShotSet) -> Language:
        nlp = spacy.blank("en")
        if not nlp.has_factory("gliner_spacy"):
            raise ValueError(Errors.E615)
        names = list(zero_shot.labels.values())
        config = {"gliner_model": model, "labels": names, "style": "ent"}
        nlp.add_pipe("gliner_spacy", config=config)
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

    name: a key of `ZERO_SHOT`. data: a folder with a folder of that name.
    limit: the number of sentences, from the first; 0 is all.
    progress: shows progress, as tqdm does.

    ValueError: there is no folder of that name (E613), or no test split in it (E612).
    """
    zero_shot = ZERO_SHOT[name]
    if not (data / name).is_dir():
        raise ValueError(Errors.E613.format(name=name, folder=data))
    file = split_file(data / name, "test", DataSet(name, "en"))
    if file is None:
        raise ValueError(Errors.E612.format(name=name, folder=data, split="test"))
    nlp = new(zero_shot)
    choices = Choices(renames=dict.fromkeys(zero_shot.left_out), limit=limit)
    gold = gold_docs(nlp, [read(file)], choices)
    # gliner_spacy knows only names, and sets them as labels
    label_of = {name: label for label, name in zero_shot.labels.items()}
    bare = (without_annotation(doc, nlp.vocab) for doc in progress(gold))
    predicted = [
        [
            (start, end, label_of.get(label, label))
            for start, end, label in doc_spans(doc)
        ]
        for doc in nlp.pipe(bare)
    ]
    found = span_scores(map(doc_spans, gold), predicted)
    return ZeroShotScore(len(gold), found["spans"], found["spans_per_label"])
