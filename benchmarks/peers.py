"""Our engine against its peers: the official algorithm, `generate`, and vLLM.

    python benchmarks/peers.py

Needs the pipelines that `python -m spacy_padellm benchmark` trains (--work is that
command's), and for vLLM an environment of its own, which `scripts/install_vllm.sh`
makes.
"""

import sys
from argparse import ArgumentParser, Namespace
from contextlib import ExitStack
from pathlib import Path

import srsly
from measuring.contenders import Contender, Options
from measuring.cores import use_cores
from measuring.in_turn import Timed, read_alone, read_together
from measuring.peers import ITS_TEMPLATE, OURS, PEERS
from measuring.peers_page import results, write_page
from measuring.trained import Trained, add_arguments, load_component, trained
from tqdm import tqdm


def parse() -> tuple[ArgumentParser, Namespace]:
    parser = ArgumentParser(description=__doc__.split("\n\n")[0])
    add_arguments(parser)
    parser.add_argument(
        "--systems",
        nargs="+",
        choices=[name for name in PEERS if name != OURS],
        help="those to compare with; all that can run here unless given",
    )
    parser.add_argument("--alone", type=int, default=100, help="documents read alone")
    parser.add_argument("--docs", type=int, default=200, help="documents of a round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument(
        "--dtype",
        choices=["float32", "bfloat16"],
        default="float32",
        help="that everybody computes in",
    )
    parser.add_argument(
        "--our-dtype",
        choices=["float32", "bfloat16", "int8"],
        help="that our engine computes in, if not in --dtype",
    )
    parser.add_argument(
        "--batch-tokens", type=int, default=4096, help="padded tokens in a batch"
    )
    parser.add_argument(
        "--vllm", type=Path, default=Path("training/vllm"), help="vLLM's environment"
    )
    parser.add_argument("--vllm-eager", action="store_true", help="it compiles nothing")
    parser.add_argument(
        "--official-template-adapter",
        type=Path,
        help='a pipeline trained with format {"@misc": "spacy_padellm.PaDeLLM.v1", '
        '"template": "padellm.en"}, for the official algorithm with its template',
    )
    parser.add_argument("--output", type=Path, default=Path("metrics/peers"))
    return parser, parser.parse_args()


def main(parser: ArgumentParser, args: Namespace) -> None:
    use_cores(args.cores)
    options = Options(
        args.batch_tokens,
        args.vllm,
        args.vllm_eager,
        args.dtype,
        args.work / args.set / "merged",
    )
    pipelines = trained(args)
    our_dtype = args.our_dtype or args.dtype
    with ExitStack() as opened:
        contenders: dict[str, Contender] = {}
        for name in chosen(parser, args):
            print(f"loading {PEERS[name].title}", file=sys.stderr)
            try:
                pipeline = pipeline_of(name, pipelines, args)
                dtype = our_dtype if name == OURS else args.dtype
                ner = load_component(pipeline, args.device, dtype)
            except (FileNotFoundError, ValueError) as error:
                parser.error(str(error))
            if name == "official_template" and ner.format.name != ITS_TEMPLATE:
                parser.error(f"{pipeline} is {ner.format.name}, not {ITS_TEMPLATE}")
            contenders[name] = PEERS[name].make(PEERS[name].title, ner, options)
            if contenders[name].vllm is not None:
                opened.enter_context(contenders[name].vllm)
        ner = load_component(pipelines.pipeline("padellm"), args.device, args.dtype)
        docs = pipelines.docs(ner.vocab, args.docs)
        timed = {name: Timed() for name in contenders}
        alone = docs[: args.alone]
        read_alone(contenders, alone, timed, progress)
        peaks = read_together(contenders, docs, args.rounds, timed, progress)
        run = results(contenders, timed, alone, docs, ner.label_data, peaks)
        run["dtype"], run["our_dtype"] = args.dtype, our_dtype
    args.output.mkdir(parents=True, exist_ok=True)
    srsly.write_json(args.output / "peers.json", run)
    write_page(args.output / "peers.md", run)
    print((args.output / "peers.md").read_text(encoding="utf8"))


def chosen(parser: ArgumentParser, args: Namespace) -> list[str]:
    """Ours, and all systems asked for; without --systems, those that can run here."""
    lacks: dict[str, str] = {}
    if args.official_template_adapter is None:
        lacks["official_template"] = "--official-template-adapter"
    if not (args.vllm / "bin" / "python").is_file():
        for name in PEERS:
            if name.endswith("_vllm"):
                lacks[name] = f"vLLM: run scripts/install_vllm.sh {args.vllm}"
    if args.systems:
        for name in args.systems:
            if name in lacks:
                parser.error(f"{name} needs {lacks[name]}")
        return [OURS, *args.systems]
    for name in lacks:
        print(f"left out: {PEERS[name].title} needs {lacks[name]}", file=sys.stderr)
    return [name for name in PEERS if name not in lacks]


def pipeline_of(name: str, pipelines: Trained, args: Namespace) -> Path:
    format = PEERS[name].format
    return pipelines.pipeline(format) if format else args.official_template_adapter


def progress(items, title):
    return tqdm(items, title, disable=None, leave=False)


if __name__ == "__main__":
    main(*parse())
