"""`download` gets the embedded base, or a hub id at a revision."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from spacy_padellm.cli import download
from spacy_padellm.cli.app import app


@pytest.fixture
def calls(monkeypatch):
    """Record the requests instead of downloading."""
    asked = []

    def download_base(*, force, say):
        say("Fetching")
        asked.append(("default", force))
        return Path("default")

    def resolve_base(name, revision, *, refresh):
        asked.append((name, revision, refresh))
        return Path("hub")

    monkeypatch.setattr(download, "download_base", download_base)
    monkeypatch.setattr(download, "resolve_base", resolve_base)
    return asked


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], ("default", False)),
        (["--force"], ("default", True)),
        (["org/tiny"], ("org/tiny", None, False)),
        (["org/tiny", "--revision", "v1", "--force"], ("org/tiny", "v1", True)),
    ],
)
def test_it_fetches_what_is_asked_and_says_where_it_is(calls, arguments, expected):
    result = CliRunner().invoke(app, ["download", *arguments])
    assert result.exit_code == 0, result.output
    assert calls == [expected]
    assert f"is in {'default' if expected[0] == 'default' else 'hub'}" in result.output


def test_the_embedded_base_has_no_revision(calls, monkeypatch):
    from spacy_padellm.bases.weights import resolve_base

    monkeypatch.setattr(download, "resolve_base", resolve_base)
    result = CliRunner().invoke(app, ["download", "--revision", "v1"])
    assert result.exit_code == 1
    assert "[E314]" in result.stderr
