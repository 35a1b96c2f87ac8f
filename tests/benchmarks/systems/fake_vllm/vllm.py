"""What the driver needs of vLLM, on transformers: greedy, one prompt at a time.

Its prefix cache holds nothing; it only counts what vLLM would find in whole blocks.
"""

import sys
from dataclasses import dataclass, field
from types import SimpleNamespace

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

__version__ = "0.0"
print("vLLM prints what it likes")  # on stdout, which must not reach the answers


@dataclass
class SamplingParams:
    temperature: float
    max_tokens: int
    stop_token_ids: list[int]
    stop: list[str]
    ignore_eos: bool
    detokenize: bool


@dataclass
class LLM:
    checkpoint: str
    dtype: str
    max_model_len: int
    max_num_seqs: int
    block_size: int
    enable_prefix_caching: bool
    enforce_eager: bool
    disable_log_stats: bool
    generation_config: str
    seen: list = field(default_factory=list)

    def __post_init__(self):
        torch.set_num_threads(1)
        dtype = getattr(torch, self.dtype)
        self.model = AutoModelForCausalLM.from_pretrained(self.checkpoint, dtype=dtype)
        self.tokenizer = AutoTokenizer.from_pretrained(self.checkpoint)

    def reset_prefix_cache(self):
        self.seen.clear()
        return True

    def generate(self, prompts, params, use_tqdm):
        print("Processed prompts: 100%", file=sys.stdout)
        return [
            self._one(prompt["prompt_token_ids"], param)
            for prompt, param in zip(prompts, params, strict=True)
        ]

    @torch.inference_mode()
    def _one(self, prompt, params):
        assert params.temperature == 0.0 and params.ignore_eos
        cached = max((self._shared(prompt, other) for other in self.seen), default=0)
        self.seen.append(prompt)
        ids, reason = [], "length"
        while len(ids) < params.max_tokens and reason == "length":
            logits = self.model(torch.tensor([prompt + ids])).logits[0, -1]
            ids.append(int(logits.argmax()))
            text = self.tokenizer.decode(ids)
            if ids[-1] in params.stop_token_ids or any(s in text for s in params.stop):
                reason = "stop"
        output = SimpleNamespace(token_ids=ids, finish_reason=reason)
        return SimpleNamespace(outputs=[output], num_cached_tokens=cached)

    def _shared(self, one, other):
        n = 0
        while n < min(len(one), len(other)) and one[n] == other[n]:
            n += 1
        return n // self.block_size * self.block_size
