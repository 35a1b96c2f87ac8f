"""From a config of `spacy train` and its corpora to a folder that needs no spaCy."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from spacy.training import Example
from spacy.util import registry
from thinc.api import Config, fix_random_seed

from ..errors import Errors
from ..models.fingerprint import base_fingerprint
from ..models.tokenizer import PlainTokenizer
from ..models.weights import resolve_base
from ..trees.packing import GoldTree
from .batches import check_training, training_batches
from .configured import Configured, Training, configure
from .data_checks import SplitCounts, check_splits
from .dev_texts import Placing
from .gold_docs import GoldReader
from .gold_file import GoldSet
from .prepared import Prepared
from .settings import FormatSettings, TrainingSettings
from .steps import Steps
from .tokenizing import load_tokenizer, tokenizer_digest


@dataclass(frozen=True, slots=True)
class Summary:
    """train, dev: what is in the splits. warnings: what the user should know."""

    train: SplitCounts
    dev: SplitCounts
    warnings: Sequence[str]


def prepare(
    config: Config,
    *,
    skip_unknown_labels: bool = False,
    progress: Callable[[Iterable], Iterable] = iter,
) -> tuple[Prepared, Summary]:
    """Do beforehand all of `spacy train` that needs spaCy.

    config: as `load_config(..., interpolate=False)` gives it.
    skip_unknown_labels: leave out entities of labels that the config does not name.
    progress: wraps the batches as they are made, as tqdm does.

    The base's tokenizer is needed, the base is not.

    ValueError: the config or the data cannot be trained with (E871 to E878).
    """
    configured = configure(config)
    nlp, ner, model = configured.nlp, configured.ner, configured.shim.settings
    labels = ner.label_data
    dev_docs = [example.reference for example in Training.of(nlp).dev(nlp)]
    # as spaCy does before it trains: the order of the batches depends on it
    fix_random_seed(configured.seed)
    training = Training.of(nlp)
    check_training(training.block)
    examples = list(training.train(nlp))
    train = SplitCounts.of("train", (one.reference for one in examples), labels)
    dev = SplitCounts.of("dev", dev_docs, labels)
    warnings = check_splits(train, dev, labels, skip_unknown_labels=skip_unknown_labels)

    tokenizer = load_tokenizer(
        model.base, model.revision, trust_remote_code=model.trust_remote_code
    )
    reader = GoldReader(labels, ner.format, ner.windows, PlainTokenizer(tokenizer))
    gold = ExampleTrees(examples, reader)
    batches, rates = [], []
    steps = training_batches(nlp, examples, training.block)
    for batch, rate in progress(steps):
        batches.append([tree for example in batch for tree in gold.of(example)])
        rates.append(rate)
    texts = [
        pair
        for number, doc in enumerate(dev_docs)
        for pair in reader.texts(doc, number)
    ]
    for split, trees in (("train", gold.trees), ("dev", texts)):
        if not trees:
            raise ValueError(Errors.E877.format(split=split))
    digest = tokenizer_digest(tokenizer, [text.text for _, text in texts])
    prepared = Prepared(
        settings=_settings(configured, training, digest),
        train=GoldSet(gold.trees, np.array(gold.docs)),
        dev=GoldSet([tree for tree, _ in texts], np.array([t.doc for _, t in texts])),
        dev_texts=[text for _, text in texts],
        steps=Steps.of(batches, rates),
        adapter=configured.adapter,
    )
    return prepared, Summary(train, dev, warnings + reader.warnings())


class ExampleTrees:
    """The gold trees of training examples, made when first needed.

    trees, docs: all so far, and the number of the example that each is from.
    """

    def __init__(self, examples: Sequence[Example], reader: GoldReader) -> None:
        self.trees: list[GoldTree] = []
        self.docs: list[int] = []
        self._number = {id(example): n for n, example in enumerate(examples)}
        self._made: dict[int, range] = {}
        self._reader = reader

    def of(self, example: Example) -> range:
        """The numbers of an example's trees."""
        doc = self._number[id(example)]
        if doc not in self._made:
            start = len(self.trees)
            self.trees += self._reader.trees(example.reference)
            self._made[doc] = range(start, len(self.trees))
            self.docs += [doc] * len(self._made[doc])
        return self._made[doc]


def _settings(
    configured: Configured, training: Training, digest: str
) -> TrainingSettings:
    ner, model = configured.ner, configured.shim.settings
    format = dict(configured.block["format"])
    function = registry.misc.get(format.pop("@misc"))
    optimizer = training.block["optimizer"]
    return TrainingSettings(
        base=model.base,
        revision=model.revision,
        base_fingerprint=_fingerprint(model.base, model.revision),
        tokenizer_digest=digest,
        trust_remote_code=model.trust_remote_code,
        dtype=model.dtype,
        merge_adapter=model.merge_adapter,
        lora=model.lora,
        has_adapter=configured.adapter is not None,
        labels=ner.label_data,
        format=FormatSettings.of(ner.format.name, function, format),
        batch_tokens=ner.batch_tokens,
        placing=Placing(ner.alignment_mode, ner.deduplicate, ner.threshold),
        train_batch_tokens=model.train_batch_tokens,
        label_smoothing=model.label_smoothing,
        use_averages=optimizer.averages is not None,
        l2_is_weight_decay=optimizer.L2_is_weight_decay,
        seed=configured.seed,
        eval_frequency=training.block["eval_frequency"],
        patience=training.block["patience"],
    )


def _fingerprint(base: str, revision: str | None) -> str:
    """Of the base's weights; empty where they are not on this machine."""
    try:
        return base_fingerprint(resolve_base(base, revision, local_files_only=True))
    except ValueError:
        return ""
