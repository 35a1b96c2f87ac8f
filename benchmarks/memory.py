"""Peak memory against the number of documents in a stream.

    python benchmarks/memory.py

Needs the pipelines that `python -m spacy_padellm benchmark` trains. Every point is a
process of its own, which reads a stream of texts and keeps none of the docs.
"""

import json
import resource
import subprocess
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterable
from itertools import cycle, islice
from pathlib import Path

import spacy
import srsly
from measuring.cores import use_cores
from measuring.curves import Line, draw
from measuring.trained import add_arguments, trained
from spacy.util import minibatch

from spacy_padellm.benchmarks.systems import SYSTEMS

BATCH = 64  # documents that a system other than ours gets at once


def parse() -> tuple[ArgumentParser, Namespace]:
    parser = ArgumentParser(description=__doc__.split("\n\n")[0])
    add_arguments(parser)
    parser.add_argument(
        "--docs", type=int, nargs="+", default=[250, 500, 1000, 2000, 4000]
    )
    parser.add_argument(
        "--systems", nargs="+", choices=list(SYSTEMS), default=["padellm_batch"]
    )
    parser.add_argument("--batch-tokens", type=int, default=4096)
    parser.add_argument("--output", type=Path, default=Path("metrics/memory"))
    parser.add_argument("--point", action="store_true", help="measure here, one only")
    return parser, parser.parse_args()


def main(parser: ArgumentParser, args: Namespace) -> None:
    try:
        for system in args.systems:
            trained(args).pipeline(SYSTEMS[system].format)
    except FileNotFoundError as error:
        parser.error(str(error))
    if args.point:
        print(json.dumps(point(args)))
        return
    run = {
        system: [in_a_process(system, n_docs) for n_docs in args.docs]
        for system in args.systems
    }
    args.output.mkdir(parents=True, exist_ok=True)
    lines = {
        system: Line.through(args.docs, [one["peak_mb"] for one in done])
        for system, done in run.items()
        if len(done) > 1
    }
    grown = {system: 1000 * line.slope for system, line in lines.items()}
    result = {"systems": run, "mb_more_a_thousand_docs": grown}
    srsly.write_json(args.output / "memory.json", result)
    draw(
        args.output / "memory",
        "Peak memory against documents in the stream",
        "documents",
        {
            "MB": {
                SYSTEMS[name].title: (args.docs, [one["peak_mb"] for one in done])
                for name, done in run.items()
            }
        },
    )
    for name, done in run.items():
        for n_docs, one in zip(args.docs, done, strict=True):
            print(
                f"{SYSTEMS[name].title}, {n_docs:5} documents: {one['peak_mb']:6.0f} "
                f"MB, of which {one['loaded_mb']:6.0f} MB before the first"
            )


def in_a_process(system: str, n_docs: int) -> dict[str, float]:
    """Run this script again for one point."""
    options = ["--systems", system, "--docs", str(n_docs), "--point"]
    # argparse takes the last of an option that comes twice
    command = [sys.executable, __file__, *sys.argv[1:], *options]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(command)}\n{done.stderr}")
    return json.loads(done.stdout.splitlines()[-1])


def point(args: Namespace) -> dict[str, float]:
    """The most memory of this process, before and after a stream of documents."""
    use_cores(args.cores)
    (name,), (n_docs,) = args.systems, args.docs
    pipelines, system = trained(args), SYSTEMS[name]
    settings = {
        "components.padellm_ner.model.device": args.device,
        "components.padellm_ner.batch_tokens": args.batch_tokens,
    }
    nlp = spacy.load(pipelines.pipeline(system.format), config=settings)
    texts = [doc.text for doc in pipelines.docs(nlp.vocab)]
    reader = system.reader(nlp.get_pipe("padellm_ner"), (args.device,))
    reader.read([nlp.make_doc(texts[0])], 1)  # loads the model
    loaded = peak_mb(args.device)
    stream = islice(cycle(texts), n_docs)
    if name == "padellm_batch":
        drain(nlp.pipe(stream))
    else:
        for batch in minibatch(map(nlp.make_doc, stream), BATCH):
            reader.read(batch, args.batch_tokens)
    return {"loaded_mb": loaded, "peak_mb": peak_mb(args.device)}


def drain(docs: Iterable) -> None:
    for _ in docs:
        pass


def peak_mb(device: str) -> float:
    """The most memory so far: of the process, or on a GPU what torch has held there."""
    if device.startswith("cuda"):
        import torch

        return torch.cuda.max_memory_allocated(device) / 2**20
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (2**20 if sys.platform == "darwin" else 2**10)


if __name__ == "__main__":
    main(*parse())
