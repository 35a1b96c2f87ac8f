"""The command line: `python -m spacy_padellm COMMAND`, one file a command."""

import os
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup

# Each is a function of the same name in the module of that name, imported when asked.
COMMANDS = (
    "calibrate",
    "convert",
    "demo",
    "download",
    "merge",
    "report",
)


class Commands(TyperGroup):
    """Finds a command by its module; prints a user's error as a line, exit code 1.

    package: where the modules are. names: of the commands.
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
            raise  # `| head`: not the user's error
        except (ValueError, OSError, ImportError) as error:
            if os.environ.get("SPACY_PADELLM_DEBUG") == "1":
                raise
            typer.secho(f"✘ {_message(error)}", fg="red", err=True)
            raise typer.Exit(1) from None


def _message(error: Exception) -> str:
    text = str(error).strip()
    if text.startswith("[E"):
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
    app()
