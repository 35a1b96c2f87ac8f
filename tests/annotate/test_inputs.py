"""Which files of a folder or a pattern are read, and in which order."""

import pytest

from spacy_padellm.annotate.inputs import find_files, hash_of, hidden_files


def names(source, folder):
    return [file.path.removeprefix(f"{folder}/") for file in find_files(str(source))]


@pytest.fixture
def folder(tmp_path):
    for name in ("b.txt", "a/c.jsonl.gz", "a/b.csv", "_SUCCESS", ".hidden/a.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name)
    return tmp_path


def test_a_folder_is_read_with_its_folders_in_order(folder):
    assert names(folder, folder) == ["a/b.csv", "a/c.jsonl.gz", "b.txt"]
    kinds = [(file.kind, file.compression) for file in find_files(str(folder))]
    assert kinds == [("csv", ""), ("jsonl", "gzip"), ("text", "")]


def test_a_pattern_chooses(folder):
    assert names(folder / "**/*.txt", folder) == ["b.txt"]
    assert names(folder / "a/*", folder) == ["a/b.csv", "a/c.jsonl.gz"]


@pytest.mark.parametrize("name", ["notes.md", "NOTES", "notes.log.gz"])
def test_a_text_of_another_name_is_refused_in_a_folder_and_read_if_named(folder, name):
    (folder / "a" / name).write_text("x")
    with pytest.raises(ValueError, match=rf"E412.*{name}.*\.jsonl"):
        find_files(str(folder))
    [file] = find_files(str(folder / "a" / name))
    assert file.kind == "text"


@pytest.mark.parametrize("name", ["k.jl", "x.jsonl.bak", "notes.docx", "k.jl.gz"])
def test_a_file_of_another_kind_is_no_text(folder, name):
    (folder / "a" / name).write_text("x")
    with pytest.raises(ValueError, match=r"E412"):
        find_files(str(folder))
    for source in (name, f"{name[:3]}*"):
        with pytest.raises(ValueError, match=rf"E435.*{name}.*\.jsonl.*\.md"):
            find_files(str(folder / "a" / source))


def test_files_that_are_left_out_are_named_if_they_could_be_read(folder):
    (folder / "a" / "_x.jsonl").write_text("{}")
    left_out = [str(folder / name) for name in (".hidden/a.txt", "a/_x.jsonl")]
    assert hidden_files(str(folder)) == left_out
    assert hidden_files(str(folder / "**" / "*.jsonl")) == left_out[1:]
    assert hidden_files(str(folder / "a" / "_*")) == []
    assert names(folder / "a" / "_*", folder) == ["a/_x.jsonl"]


def test_a_link_to_a_folder_is_named(folder, tmp_path_factory):
    (folder / "more").symlink_to(tmp_path_factory.mktemp("elsewhere"))
    with pytest.raises(ValueError, match=f"E439.*{folder}/more"):
        find_files(str(folder))


@pytest.mark.parametrize("parent", ["_work", ".local"])
def test_where_a_pattern_begins_may_be_hidden(tmp_path, parent, monkeypatch):
    folder = tmp_path / parent / "texts"
    folder.mkdir(parents=True)
    for name in ("a.txt", "_a.txt", "._b.txt"):
        (folder / name).write_text(name)
    assert names(folder / "*.txt", folder) == ["a.txt"]
    left_out = [str(folder / "._b.txt"), str(folder / "_a.txt")]
    assert hidden_files(str(folder / "*.txt")) == left_out
    assert names(folder / "[_a]*.txt", folder) == ["a.txt"]
    monkeypatch.chdir(folder)
    assert names("*.txt", folder) == ["a.txt"]


def test_folders_that_a_pattern_finds_are_read(folder, tmp_path_factory):
    """Such as those that Spark writes for a data set."""
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    for place in (folder / "x.csv", elsewhere):
        place.mkdir(exist_ok=True)
        (place / "part.csv").write_text("text\n")
        (place / "_SUCCESS").write_text("")
    (folder / "a" / "more").symlink_to(elsewhere)
    assert names(folder / "*.csv", folder) == ["x.csv/part.csv"]
    found = ["a/b.csv", "a/c.jsonl.gz", "a/more/part.csv"]
    assert names(folder / "a" / "*", folder) == found
    assert names(folder / "**" / "*.csv", folder) == ["a/b.csv", "x.csv/part.csv"]
    (folder / "x.csv" / "README").write_text("nobody asked for it")
    with pytest.raises(ValueError, match=r"E412.*README.*/x.csv/\*\*/\*.txt"):
        find_files(str(folder / "*.csv"))


@pytest.mark.parametrize("source", ["nonesuch", "nonesuch/*.txt", "empty"])
def test_nothing_to_read_is_an_error(tmp_path, source):
    (tmp_path / "empty").mkdir()
    with pytest.raises(ValueError, match="E411"):
        find_files(str(tmp_path / source))


def test_a_change_is_seen(tmp_path):
    file = tmp_path / "a.txt"
    file.write_text("one")
    [before], hashed = find_files(str(file)), hash_of(str(file))
    file.write_text("two")
    assert hash_of(str(file)) != hashed
    file.write_text("four")
    with pytest.raises(ValueError, match="E424"):
        with before.open():
            pass
