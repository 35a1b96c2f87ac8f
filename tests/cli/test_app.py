"""The command line imports little. Users' errors are one line with exit code 1."""

import os
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from spacy_padellm.cli import demo
from spacy_padellm.cli.app import COMMANDS, app
from spacy_padellm.engines.base import Unavailable


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command):
    result = CliRunner().invoke(app, [command, "--help"])
    assert result.exit_code == 0
    assert f"{command} [OPTIONS]" in result.output


def test_help_lists_the_commands_and_loads_nothing_heavy():
    script = """
import sys
from spacy_padellm.cli.app import main
sys.argv = ["spacy-padellm", "--help"]
try:
    main()
except SystemExit as end:
    heavy = {"torch", "transformers", "peft", "spacy"} & set(sys.modules)
    sys.exit(str(heavy) if heavy else end.code)
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert all(command in done.stdout for command in COMMANDS)


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_output_in_a_code_page_that_lacks_characters_is_no_error(encoding, tmp_path):
    file = tmp_path / "train.conll"
    file.write_text("习近平\tB-人物\n来\tO\n", encoding="utf8")
    command = [sys.executable, "-m", "spacy_padellm"]
    for arguments in (
        ["annotate", "--help"],
        ["convert", file, tmp_path / "out.spacy"],
    ):
        done = subprocess.run(
            [*command, *map(str, arguments)],
            capture_output=True,
            timeout=300,
            env={**os.environ, "PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"},
        )
        assert done.returncode == 0, done.stderr
    assert "人物".encode() in done.stdout, "and nothing of the text is lost"


def test_an_unknown_command_is_refused():
    result = CliRunner().invoke(app, ["nonesuch"])
    assert result.exit_code == 2
    assert "nonesuch" in result.output


def fail(monkeypatch, error):
    def read_text(_):
        raise error

    monkeypatch.setattr(demo, "read_text", read_text)
    return CliRunner().invoke(app, ["demo", "--file", __file__])


def test_our_errors_are_one_line_without_a_traceback(monkeypatch):
    result = fail(monkeypatch, ValueError("[E999] What to do."))
    assert result.exit_code == 1
    assert result.stderr == "✘ [E999] What to do.\n"
    assert result.stdout == ""


def test_a_server_that_is_away_is_one_line_too(monkeypatch):
    result = fail(monkeypatch, Unavailable("[E355] No server."))
    assert (result.exit_code, result.stderr) == (1, "✘ [E355] No server.\n")


def test_other_errors_say_how_to_see_more(monkeypatch):
    result = fail(monkeypatch, OSError("no space"))
    assert result.exit_code == 1
    assert result.stderr == "✘ OSError: no space (SPACY_PADELLM_DEBUG=1 shows where)\n"


def test_the_traceback_can_be_asked_for(monkeypatch):
    monkeypatch.setenv("SPACY_PADELLM_DEBUG", "1")
    error = ValueError("[E999] What to do.")
    assert fail(monkeypatch, error).exception is error


def test_the_module_runs():
    command = [sys.executable, "-m", "spacy_padellm", "download", "./nonesuch"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert done.stderr.startswith("✘ [E304]")
    assert done.stderr.count("\n") == 1
