"""The command line: `python -m spacy_padellm COMMAND`. Each command has its file."""

import io
import os
import re
import sys
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup

# Each command is a function in the module of the same name, which is imported lazily.
COMMANDS = (
    "annotate",
    "calibrate",
    "convert",
    "demo",
    "download",
    "merge",
    "report",
)


class Commands(TyperGroup):
    """A group of commands. It prints users' errors as one line and exits with code 1.

    package: the package of the commands' modules. names: the names of the commands.
    """

    package = __package__
    names = COMMANDS

    def list_commands(self, ctx: Any) -> list[str]:
        return list(self.names)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in self.names:
            return None
        module = import_module(f".{cmd_name}", self.package)
        single = typer.Typer(add_completion=False)
        context = getattr(module, "CONTEXT", None)
        single.command(cmd_name, context_settings=context)(getattr(module, cmd_name))
        return typer.main.get_command(single)

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            raise  # e.g. `| head`, which is not an error
        except (ValueError, OSError, ImportError) as error:
            if os.environ.get("SPACY_PADELLM_DEBUG") == "1":
                raise
            typer.secho(f"✘ {_message(error)}", fg="red", err=True)
            raise typer.Exit(1) from None


def _message(error: Exception) -> str:
    text = str(error).strip()
    if re.match(r"\[E\d", text):  # and not [Errno 28]
        return text
    return f"{type(error).__name__}: {text} (SPACY_PADELLM_DEBUG=1 shows where)"


app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.callback()
def about() -> None:
    """Named entity recognition with a causal language model, for spaCy."""


def main() -> None:
    """Run the command that the arguments name."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        # a code page of Windows lacks characters of the texts: a file needs all of them
        if sys.stdout.isatty():
            sys.stdout.reconfigure(errors="backslashreplace")
        else:
            sys.stdout.reconfigure(encoding="utf8")
    app()
