"""Train an adapter on what `python -m spacy_padellm prepare` has written. Needs torch,
transformers and peft, and no spaCy."""

import os
import sys
from argparse import ArgumentParser
from collections.abc import Sequence
from pathlib import Path

import torch
from tqdm import tqdm

from ..errors import Errors
from .checkpoint import FILE
from .run import BEST, LAST, Run, RunOptions


def main(arguments: Sequence[str] | None = None) -> int:
    """Train; 0, or 1 with a user's error printed as a line."""
    options = parse(arguments)
    go_on = ""
    try:
        run = Run(options, say)
        try:
            train(run, options)
        except BaseException:
            if (kept := options.output / FILE).is_file():
                go_on = f"--resume goes on from {kept}"
            raise
    except KeyboardInterrupt:
        return fail(f"Interrupted. {go_on}", 130)
    except (ValueError, OSError, ImportError, torch.OutOfMemoryError) as error:
        if os.environ.get("SPACY_PADELLM_DEBUG") == "1":
            raise
        return fail(f"{message(error)} {go_on}")
    return 0


def parse(arguments: Sequence[str] | None) -> RunOptions:
    def positive(value: str) -> int:
        number = int(value)
        if number < 1:
            raise ValueError
        return number

    parser = ArgumentParser("python -m spacy_padellm.training", description=__doc__)
    parser.add_argument(
        "folder", type=Path, help="what `python -m spacy_padellm prepare` has written"
    )
    parser.add_argument(
        "--output",
        type=Path,
        required=True,
        help=f"the folder for {LAST}, {BEST} and {FILE}",
    )
    parser.add_argument(
        "--base", help="the base's folder or hub id, if not where the config has it"
    )
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda, cuda:1")
    parser.add_argument(
        "--batch-tokens",
        type=positive,
        help="padded tokens in a microbatch: memory and speed, not the result (the "
        "config's train_batch_tokens; on a GPU 16384 or more)",
    )
    parser.add_argument(
        "--save-every",
        type=positive,
        help="steps from one checkpoint to the next, beside those after each look at "
        "the dev set (every eval_frequency steps of the config)",
    )
    parser.add_argument(
        "--resume", action="store_true", help="go on from the checkpoint in --output"
    )
    return RunOptions(**vars(parser.parse_args(arguments)))


def train(run: Run, options: RunOptions) -> None:
    lm, settings = run.opened.lm, run.prepared.settings
    dtype = str(next(lm.base.model.parameters()).dtype).removeprefix("torch.")
    say(
        f"{len(run.prepared.steps):,} steps on {lm.device}: {settings.base} in "
        f"{dtype}, labels {', '.join(settings.labels)}"
    )
    run.train(bar)
    say(f"Wrote {options.output / LAST} after {run.done:,} steps.")
    if run.scores:
        step, _ = max(run.scores, key=lambda one: (one[1].key, one[0]))
        say(f"Wrote {options.output / BEST}, the best on the dev set: step {step:,}.")
    if (peak := run.peak_memory()) is not None:
        say(f"Peak GPU memory: {peak / 2**30:.2f} GiB")


def say(line: str) -> None:
    tqdm.write(line)
    sys.stdout.flush()


def bar(total: int, done: int) -> tqdm:
    """No bar where nobody looks: tqdm's disable=None."""
    return tqdm(
        desc="Training",
        total=total,
        initial=done,
        unit="step",
        disable=None,
        leave=False,
    )


def message(error: Exception) -> str:
    text = str(error).strip()
    if isinstance(error, torch.OutOfMemoryError):
        return Errors.E886.format(reason=text.splitlines()[0])
    if text.startswith("[E"):
        return text
    return f"{type(error).__name__}: {text} (SPACY_PADELLM_DEBUG=1 shows where)"


def fail(message: str, code: int = 1) -> int:
    print(f"✘ {message}".strip(), file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main())
