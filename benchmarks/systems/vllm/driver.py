"""Answer requests with vLLM, in an environment that has vLLM and not this project.

    training/vllm/bin/python driver.py CHECKPOINT

The driver reads one JSON object per line from stdin and writes one per line to stdout.
vLLM's own output goes to stderr. The first line says that the model is loaded:

    {"ready": "vLLM 0.32.0"}
    → {"reset": true}                        empty the prefix cache
    ← {"reset": true}
    → {"prompts": [[1, 2]], "max_tokens": [8], "stop_ids": [[2]], "stop": [[]]}
    ← {"ids": [[5, 6]], "stopped": [true], "seconds": 0.1, "prompt_tokens": 2,
       "cached_tokens": 0, "peak_mb": 1500}

Decoding is greedy. `ids` do not include the stop token. `stopped` says whether a stop
token or stop string ended the answer.
"""

import argparse
import json
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from typing import IO, Any

Answer = dict[str, Any]


class VLLM:
    """A model in vLLM."""

    def __init__(self, checkpoint: str, dtype: str, max_tokens: int, eager: bool):
        import vllm

        self.vllm = vllm
        self.name = f"vLLM {vllm.__version__}"
        self.llm = vllm.LLM(
            checkpoint,
            dtype=dtype,
            max_model_len=max_tokens,
            max_num_seqs=256,
            # only whole blocks are shared, so the smallest block size shares most
            block_size=32,
            enable_prefix_caching=True,
            enforce_eager=eager,
            disable_log_stats=True,
            generation_config="vllm",
        )

    def complete(self, request: dict[str, list]) -> Answer:
        start = time.perf_counter()
        given = zip(
            request["max_tokens"], request["stop_ids"], request["stop"], strict=True
        )
        params = [
            self.vllm.SamplingParams(
                temperature=0.0,
                max_tokens=max_tokens,
                stop_token_ids=stop_ids,
                stop=stop,
                ignore_eos=True,  # only the stop ids end an answer
                detokenize=bool(stop),
            )
            for max_tokens, stop_ids, stop in given
        ]
        prompts = [{"prompt_token_ids": ids} for ids in request["prompts"]]
        outputs = self.llm.generate(prompts, params, use_tqdm=False)
        seconds = time.perf_counter() - start
        written = [output.outputs[0] for output in outputs]
        return {
            "ids": [
                _without_stop(one.token_ids, stop_ids)
                for one, stop_ids in zip(written, request["stop_ids"], strict=True)
            ],
            "stopped": [one.finish_reason == "stop" for one in written],
            "seconds": seconds,
            "prompt_tokens": sum(map(len, request["prompts"])),
            "cached_tokens": sum(output.num_cached_tokens or 0 for output in outputs),
        }

    def forget(self) -> None:
        """Empty the prefix cache."""
        if not self.llm.reset_prefix_cache():
            raise RuntimeError("vLLM did not reset its prefix cache")


def _without_stop(ids: list[int], stop_ids: list[int]) -> list[int]:
    ids = list(ids)
    return ids[:-1] if ids and ids[-1] in stop_ids else ids


def serve(load: Callable[[], Any], requests: IO[str], answers: IO[str]) -> None:
    """Answer until the requests end. `load` returns the model, such as a `VLLM`."""

    def say(answer: Answer) -> None:
        answers.write(json.dumps(answer) + "\n")
        answers.flush()

    model = load()
    say({"ready": model.name})
    for line in requests:
        request = json.loads(line)
        if request.get("reset"):
            model.forget()
            say({"reset": True})
        else:
            say({**model.complete(request), "peak_mb": peak_mb()})


def peak_mb() -> int:
    """The peak memory of this process and its children, added up, in MB (Linux)."""
    return sum(map(_peak_kb, _family(os.getpid()))) // 1024


def _family(process: int) -> Iterator[int]:
    yield process
    for thread in os.listdir(f"/proc/{process}/task"):
        with open(f"/proc/{process}/task/{thread}/children") as file:
            children = file.read().split()
        for child in children:
            yield from _family(int(child))


def _peak_kb(process: int) -> int:
    with open(f"/proc/{process}/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmHWM"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("checkpoint")
    parser.add_argument("--dtype", default="float32")
    parser.add_argument("--max-tokens", type=int, default=2048)
    parser.add_argument("--eager", action="store_true", help="compile nothing")
    args = parser.parse_args()
    # exit on SIGTERM, so that vLLM ends its workers
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    # keep stdout for answers; vLLM and its children print to stderr
    answers = os.fdopen(os.dup(1), "w", encoding="utf8")
    os.dup2(2, 1)
    serve(
        lambda: VLLM(args.checkpoint, args.dtype, args.max_tokens, args.eager),
        sys.stdin,
        answers,
    )


if __name__ == "__main__":
    main()
