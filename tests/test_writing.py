"""Files are replaced as wholes: an error or an interruption leaves what was there."""

import errno
import os
from pathlib import Path

import pytest

from spacy_padellm import writing
from spacy_padellm.writing import new_folder, replace_files


def fill_disk(monkeypatch, free: int) -> None:
    """Let `free` more files be written."""
    sync, left = os.fsync, [free]

    def sync_or_fail(number: int) -> None:
        if not left[0]:
            raise OSError(errno.ENOSPC, "No space left on device")
        left[0] -= 1
        sync(number)

    monkeypatch.setattr(writing.os, "fsync", sync_or_fail)


def contents(folder: Path) -> dict[str, str]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {str(path.relative_to(folder)): path.read_text() for path in files}


def test_files_are_written_into_new_folders(tmp_path):
    replace_files({tmp_path / "a" / "b": "東", tmp_path / "c": b"bytes"})
    assert contents(tmp_path) == {"a/b": "東", "c": "bytes"}


@pytest.mark.parametrize("free", [0, 1])
def test_a_full_disk_changes_no_file_and_is_named(tmp_path, monkeypatch, free):
    old = {tmp_path / "one": "1", tmp_path / "two": "2"}
    replace_files(old)
    fill_disk(monkeypatch, free)
    with pytest.raises(ValueError) as error:
        replace_files(dict.fromkeys(old, "new"))
    for told in ("E333", str(list(old)[free]), "No space left on device"):
        assert told in str(error.value)
    assert contents(tmp_path) == {"one": "1", "two": "2"}


def test_an_interruption_leaves_no_part(tmp_path, monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(writing.os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        replace_files({tmp_path / "one": "1"})
    assert list(tmp_path.iterdir()) == []


def test_a_link_and_the_mode_of_a_file_stay(tmp_path):
    file, link = tmp_path / "file", tmp_path / "link"
    file.write_text("old")
    file.chmod(0o640)
    link.symlink_to(file)
    replace_files({link: "new"})
    assert link.is_symlink() and file.read_text() == "new"
    assert file.stat().st_mode & 0o777 == 0o640


def test_what_is_no_file_is_not_replaced():
    replace_files({Path(os.devnull): "text"})
    assert not Path(os.devnull).is_file()


def test_a_folder_appears_when_it_is_complete(tmp_path):
    with new_folder(tmp_path / "x" / "y") as part:
        (part / "file").write_text("1")
        assert not (tmp_path / "x" / "y").exists()
    assert contents(tmp_path) == {"x/y/file": "1"}


def test_after_an_error_there_is_no_folder(tmp_path):
    with pytest.raises(ValueError, match=f"E333.*{tmp_path / 'y'}.*No space"):
        with new_folder(tmp_path / "y") as part:
            (part / "file").write_text("1")
            raise OSError(errno.ENOSPC, "No space left on device")
    assert list(tmp_path.iterdir()) == []
