"""vLLM's server with what a benchmark needs of it, on transformers.

Its prefix cache holds nothing; it only counts what vLLM would find in whole blocks.
"""

import argparse
import json
import signal
from dataclasses import dataclass, field

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from tests.served import FakeServer, Reply, running

BLOCK = 32


@dataclass
class FakeVLLM(FakeServer):
    seen: list[list[int]] = field(default_factory=list)
    prompt: int = 0
    cached: int = 0
    written: int = 0

    def reply(self, path, request, key):
        if path == "/health":
            return Reply(body=b"")
        if path == "/version":
            return Reply(body=json.dumps({"version": "0.0"}).encode())
        if path == "/reset_prefix_cache":
            self.seen.clear()
            return Reply(body=json.dumps({"success": True}).encode())
        if path == "/metrics":
            counts = {
                "prompt_tokens": self.prompt,
                "prefix_cache_hits": self.cached,
                "generation_tokens": self.written,
            }
            lines = [
                f'vllm:{name}_total{{engine="0"}} {n}.0' for name, n in counts.items()
            ]
            return Reply(body="\n".join(["# HELP what they count", *lines]).encode())
        return super().reply(path, request, key)

    def choice(self, request, prompt):
        choice = super().choice(request, prompt)
        self.prompt += len(prompt)
        self.cached += max((shared(prompt, other) for other in self.seen), default=0)
        self.written += len(choice["token_ids"])
        self.seen.append(prompt)
        return choice


def shared(one, other):
    n = 0
    while n < min(len(one), len(other)) and one[n] == other[n]:
        n += 1
    return n // BLOCK * BLOCK


def main():
    parser = argparse.ArgumentParser()
    for option in ("--model", "--served-model-name", "--dtype"):
        parser.add_argument(option, required=True)
    parser.add_argument("--port", type=int, required=True)
    args, _ = parser.parse_known_args()
    print("vLLM prints what it likes")
    torch.set_num_threads(1)
    dtype = getattr(torch, args.dtype)
    model = AutoModelForCausalLM.from_pretrained(args.model, dtype=dtype)
    tokenizer = AutoTokenizer.from_pretrained(args.model)
    # blocked in all threads: another thread's handler would not wake this one
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    with running(FakeVLLM({args.served_model_name: model}, tokenizer), args.port):
        signal.sigwait({signal.SIGTERM})


if __name__ == "__main__":
    main()
