"""`python -m benchmarks` lists its commands, and loads nothing heavy for that."""

import subprocess
import sys

import pytest
from typer.testing import CliRunner

from benchmarks.__main__ import Benchmarks, app

from ...conftest import REPOSITORY


@pytest.mark.parametrize("command", Benchmarks.names)
def test_every_command_explains_itself(command):
    result = CliRunner().invoke(app, [command, "--help"])
    assert result.exit_code == 0
    assert f"{command} [OPTIONS]" in result.output


def test_help_lists_the_commands_and_loads_nothing_heavy():
    script = """
import runpy, sys
sys.argv = ["benchmarks", "--help"]
try:
    runpy.run_module("benchmarks", run_name="__main__")
except SystemExit as end:
    heavy = {"torch", "transformers", "peft", "spacy"} & set(sys.modules)
    sys.exit(str(heavy) if heavy else end.code)
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, cwd=REPOSITORY
    )
    assert done.returncode == 0, done.stderr
    assert all(command in done.stdout for command in Benchmarks.names)
