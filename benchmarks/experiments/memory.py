"""Peak memory of a system that reads a stream of documents."""

import resource
import sys
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import cycle, islice
from multiprocessing import get_context

import spacy
import torch
from spacy.util import minibatch

from ..machine.environment import use_cores
from ..systems.registry import SYSTEMS, LoadOptions, packed
from ..workspace import SetFolder

BATCH = 64  # documents that a system other than the component gets at once


@dataclass(frozen=True, slots=True)
class MemorySettings:
    """What all points have in common.

    cores: the number of cores to compute on; 0 is all.
    batch_tokens: padded tokens in a batch of texts.
    """

    folder: SetFolder
    device: str
    cores: int
    batch_tokens: int


def in_new_process(
    settings: MemorySettings, system: str, n_docs: int
) -> dict[str, float]:
    """Measure one point in a process of its own, see `peak_memory`."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as processes:
        return processes.submit(peak_memory, settings, system, n_docs).result()


def peak_memory(settings: MemorySettings, name: str, n_docs: int) -> dict[str, float]:
    """Read a stream of documents without keeping them.

    Returns the peak memory of this process in MB, before ("loaded_mb") and after
    ("peak_mb") the stream.
    """
    use_cores(settings.cores)
    system = SYSTEMS[name]
    config = {
        "components.padellm_ner.model.device": settings.device,
        "components.padellm_ner.batch_tokens": settings.batch_tokens,
    }
    nlp = spacy.load(settings.folder.pipeline(system.format), config=config)
    texts = [doc.text for doc in settings.folder.test_docs(nlp.vocab)]
    ner = nlp.get_pipe("padellm_ner")
    options = LoadOptions((settings.device,), checkpoints=settings.folder.merged)
    with system.load(ner, options) as loaded:
        loaded.predict([nlp.make_doc(texts[0])], 1)  # loads the model
        loaded_mb = peak_mb(settings.device)
        stream = islice(cycle(texts), n_docs)
        if system.load is packed:
            for _ in nlp.pipe(stream):
                pass
        else:
            for batch in minibatch(map(nlp.make_doc, stream), BATCH):
                loaded.predict(batch, settings.batch_tokens)
    return {"loaded_mb": loaded_mb, "peak_mb": peak_mb(settings.device)}


def peak_mb(device: str) -> float:
    """The peak memory so far: of the process, or of torch on a GPU."""
    if device.startswith("cuda"):
        return torch.cuda.max_memory_allocated(device) / 2**20
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (2**20 if sys.platform == "darwin" else 2**10)
