"""`download` gets the embedded base, or a hub id at a revision."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from spacy_padellm.bases.weights import DEFAULT_BASE
from spacy_padellm.cli import download
from spacy_padellm.cli.app import app


@pytest.fixture
def calls(monkeypatch, tmp_path):
    """Record the requests instead of downloading."""
    monkeypatch.setenv("SPACY_PADELLM_HOME", str(tmp_path))
    asked = []

    def download_base(name, *, force, verify, accept_license, say):
        assert verify
        say("Fetching")
        asked.append((name, force, accept_license))
        return Path(name)

    def resolve_base(name, revision, *, download, refresh):
        assert download
        asked.append((name, revision, refresh))
        return Path("hub")

    monkeypatch.setattr(download, "download_base", download_base)
    monkeypatch.setattr(download, "resolve_base", resolve_base)
    return asked


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], (DEFAULT_BASE, False, False)),
        (["--force"], (DEFAULT_BASE, True, False)),
        (["gemma-3-270m", "--accept-license"], ("gemma-3-270m", False, True)),
        (["org/tiny"], ("org/tiny", None, False)),
        (["org/tiny", "--revision", "v1", "--force"], ("org/tiny", "v1", True)),
    ],
)
def test_it_fetches_what_is_asked_and_says_where_it_is(calls, arguments, expected):
    result = CliRunner().invoke(app, ["download", *arguments])
    assert result.exit_code == 0, result.output
    assert calls == [expected]
    folder = "hub" if "/" in expected[0] else expected[0]
    assert f"is in {folder}" in result.output


def test_the_embedded_base_has_no_revision(calls, monkeypatch):
    from spacy_padellm.bases.weights import resolve_base

    monkeypatch.setattr(download, "resolve_base", resolve_base)
    result = CliRunner().invoke(app, ["download", "--revision", "v1"])
    assert result.exit_code == 1
    assert "[E314]" in result.stderr


def run_gemma(monkeypatch, *arguments, terminal=False, answer=None):
    if terminal:
        monkeypatch.setattr(download, "on_a_terminal", lambda: True)
    arguments = ["download", "gemma-3-270m", *arguments]
    return CliRunner().invoke(app, arguments, input=answer)


def told_terms(output):
    """The two lines about the terms are the first ones."""
    first, second, *_ = output.splitlines()
    return (
        "Gemma Terms of Use" in first and "https://ai.google.dev/gemma/terms" in second
    )


@pytest.mark.parametrize(
    ("answer", "accepted"), [("y\n", True), ("n\n", False), ("\n", False)]
)
def test_terms_are_asked_on_a_terminal(calls, monkeypatch, answer, accepted):
    result = run_gemma(monkeypatch, terminal=True, answer=answer)
    assert told_terms(result.output) and "Do you accept" in result.output
    assert calls == [("gemma-3-270m", False, accepted)]


def test_an_accepted_license_is_not_asked_for(calls, monkeypatch):
    result = run_gemma(monkeypatch, "--accept-license", terminal=True)
    assert told_terms(result.output) and "Do you accept" not in result.output
    assert calls == [("gemma-3-270m", False, True)]


@pytest.mark.parametrize("terminal", [True, False])
def test_without_a_yes_nothing_is_fetched(monkeypatch, tmp_path, terminal):
    monkeypatch.setenv("SPACY_PADELLM_HOME", str(tmp_path / "home"))
    result = run_gemma(monkeypatch, terminal=terminal, answer="n\n")
    assert result.exit_code == 1
    assert told_terms(result.stdout)
    assert "[E332]" in result.stderr and "--accept-license" in result.stderr
    assert not (tmp_path / "home").exists()


def test_a_base_that_is_there_needs_no_second_yes(calls, monkeypatch):
    monkeypatch.setattr(download, "is_complete", lambda folder, **_: True)
    result = run_gemma(monkeypatch)
    assert "Gemma Terms" not in result.output
    assert calls == [("gemma-3-270m", False, False)]
    run_gemma(monkeypatch, "--force", terminal=True, answer="y\n")
    assert calls[1:] == [("gemma-3-270m", True, True)]
