"""The spacy-llm model for the task `spacy_padellm.NER.v1`."""

import hashlib
import json
from collections.abc import Sequence

# spacy-llm compares type hints and only knows those from `typing`
from typing import Any, Iterable  # noqa: UP035

from ..adapters.files import Adapter
from ..adapters.shipped import AUTO
from ..bases.fingerprint import base_fingerprint
from ..bases.weights import DEFAULT_BASE, resolve_base
from ..errors import Errors
from ..formats.base import Extraction, Format, Query
from ..formats.extraction import extract
from ..formats.pointer import build_pointer_v1
from ..locks import cached_property
from ..model.architectures import build_causal_lm_v1
from ..model.shim import CausalLMShim, causal_lm_shim
from ..pipeline.adapter_format import check_predicts, format_of
from ..settings import check_positive
from .measuring import longest_sequence
from .messages import read_prompt, write_answer


def build_parallel_decoder_v1(
    *,
    base: str = DEFAULT_BASE,
    revision: str | None = None,
    adapter: str | None = AUTO,
    device: str = "auto",
    dtype: str = "auto",
    merge_adapter: str = "auto",
    cuda_graphs: bool = False,
    trust_remote_code: bool = False,
    layers: int | None = None,
    format: Any = None,
    context_length: int = 192,
    batch_tokens: int = 4096,
) -> "ParallelDecoder":
    """A causal language model that answers the prompts of a batch in parallel.

    base, revision, adapter, device, dtype, merge_adapter, cuda_graphs,
        trust_remote_code, layers: as in `spacy_padellm.CausalLM.v1`. If a `padellm_ner`
        in this process uses the same base, both share it.
    format: the `Format` of the prompts. Null is `spacy_padellm.Pointer.v1`.
    context_length: the maximum number of model tokens in a prompt with its longest
        answer. Longer docs are cut. Adapters are trained on short texts and find less
        in long ones: see `docs/spacy-llm.md`.
    batch_tokens: the maximum number of tokens in a batch, including padding.

    The model is loaded when it gets the first prompt.
    """
    check_positive(context_length=context_length, batch_tokens=batch_tokens)
    model = build_causal_lm_v1(
        base=base,
        revision=revision,
        adapter=adapter,
        device=device,
        dtype=dtype,
        merge_adapter=merge_adapter,
        cuda_graphs=cuda_graphs,
        trust_remote_code=trust_remote_code,
        layers=layers,
    )
    return ParallelDecoder(
        causal_lm_shim(model),
        format=build_pointer_v1() if format is None else format,
        context_length=context_length,
        batch_tokens=batch_tokens,
    )


class ParallelDecoder:
    """See `build_parallel_decoder_v1`."""

    def __init__(
        self,
        lm: CausalLMShim,
        *,
        format: Format,
        context_length: int,
        batch_tokens: int,
    ) -> None:
        self.lm = lm
        self.format = format
        self.context_length = context_length
        self.batch_tokens = batch_tokens

    def __call__(self, prompts: Iterable[Iterable[str]]) -> Iterable[Iterable[str]]:
        """Return an answer for each prompt, see `messages`.

        prompts: for each doc, one prompt per shard.
        Raises ValueError for prompts of other tasks.
        """
        queries = [[read_prompt(prompt) for prompt in doc] for doc in prompts]
        filled = [query for doc in queries for query in doc if not _is_empty(query)]
        found = iter(self._extract(filled))
        empty = Extraction((), {})
        return [
            [write_answer(empty if _is_empty(query) else next(found)) for query in doc]
            for doc in queries
        ]

    def n_tokens(self, prompt: str) -> int:
        """Return the maximum number of tokens of a prompt with its answer."""
        self._check()
        return longest_sequence(read_prompt(prompt), self._format, self.lm.tokenizer)

    @cached_property
    def identity(self) -> dict[str, Any]:
        """Everything that the answers depend on, as JSON. Requires the base's files."""
        settings = self.lm.settings
        adapter = self.lm.adapter(self._format.name, {})
        return {
            "base": settings.base,
            "revision": settings.revision,
            "weights": base_fingerprint(resolve_base(settings.base, settings.revision)),
            "adapter": None if adapter is None else _fingerprint(adapter),
            "dtype": settings.dtype,
            "layers": settings.layers,
            "format": repr(self._format),
            "context_length": self.context_length,
        }

    @property
    def _format(self) -> Format:
        return format_of(self.lm, self.format)

    def _extract(self, queries: Sequence[Query]) -> list[Extraction]:
        if not queries:
            return []
        self._check()
        return extract(
            queries,
            engine=self.lm.engine,
            format=self._format,
            batch_tokens=self.batch_tokens,
        )

    def _check(self) -> None:
        """Raise ValueError unless the format and the context length fit the model."""
        check_predicts(self.lm, self.format, "spacy_padellm.ParallelDecoder.v1")
        most = self.lm.lm.context_length
        if self.context_length > most:
            raise ValueError(Errors.E845.format(value=self.context_length, most=most))


def _is_empty(query: Query) -> bool:
    """Return whether the query has no labels or no text."""
    return not query.labels or not query.text.strip()


def _fingerprint(adapter: Adapter) -> str:
    """Return a sha256, in hex, of the adapter's settings and weights."""
    config = json.dumps(adapter.config, sort_keys=True).encode("utf8")
    weights = adapter.weights + (adapter.head or b"")
    return hashlib.sha256(config + weights).hexdigest()
