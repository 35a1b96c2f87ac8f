"""Run a benchmark from the root of a checkout: `python -m benchmarks COMMAND`."""

import typer

from spacy_padellm.cli.app import Commands


class Benchmarks(Commands):
    """The commands in `benchmarks/commands`."""

    package = "benchmarks.commands"
    names = (
        "accuracy",
        "annotate",
        "benchmark",
        "cost",
        "gpu",
        "identical",
        "linears",
        "memory",
        "one_pass",
        "peers",
        "train_batch_tokens",
        "zeroshot",
    )


app = typer.Typer(
    cls=Benchmarks,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.callback()
def about() -> None:
    """Compare PaDeLLM with other systems, and measure what it costs."""


if __name__ == "__main__":
    app(prog_name="python -m benchmarks")
