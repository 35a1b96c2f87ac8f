"""Imports run one way: from the subpackages on top to those below, and in no circle of
files."""

import ast
from pathlib import Path

import pytest

from .conftest import REPOSITORY

PACKAGE = REPOSITORY / "spacy_padellm"
# From the bottom to the top. A file imports from its own
# subpackage and from those before it.
SUBPACKAGES = (
    *("about", "errors", "locks", "settings", "types", "labels", "writing"),
    *("spans", "trees", "corpora", "bases"),
    *("adapters", "execution", "scoring"),
    *("engines", "formats", "training", "model"),
    *("pipeline", "llm", "report", "annotate", "ray", "cli"),
)


def imports(file: Path, package: Path = PACKAGE) -> set[Path]:
    """The files of the package that a file imports, also inside of functions and for
    type checkers alone."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf8"))):
        if isinstance(node, ast.Import):
            targets = [alias.name.split(".") for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level:
            parents = file.relative_to(package.parent).parts[: -node.level]
            base = [*parents, *(node.module or "").split(".")]
            base = [part for part in base if part]
            targets = [base, *([*base, alias.name] for alias in node.names)]
        elif isinstance(node, ast.ImportFrom):
            base = (node.module or "").split(".")
            targets = [base, *([*base, alias.name] for alias in node.names)]
        else:
            continue
        for target in targets:
            module = package.parent.joinpath(*target).with_suffix(".py")
            if target[0] == package.name and module.is_file():
                found.add(module)
    return found


def files(package: Path = PACKAGE) -> list[Path]:
    return sorted(package.rglob("*.py"))


def subpackage(file: Path) -> str:
    return file.relative_to(PACKAGE).parts[0].removesuffix(".py")


def test_every_subpackage_has_its_place():
    there = {subpackage(file) for file in files()} - {"__init__", "__main__"}
    assert there == set(SUBPACKAGES)


def test_no_file_imports_upwards():
    upwards = [
        f"{file.relative_to(PACKAGE)} imports {other.relative_to(PACKAGE)}"
        for file in files()
        for other in imports(file)
        if subpackage(file) in SUBPACKAGES
        and SUBPACKAGES.index(subpackage(other)) > SUBPACKAGES.index(subpackage(file))
    ]
    assert upwards == []


@pytest.mark.parametrize("package", [PACKAGE, REPOSITORY / "benchmarks"], ids=str)
def test_no_files_import_each_other_in_a_circle(package):
    graph = {file: imports(file, package) for file in files(package)}
    done: set[Path] = set()

    def walk(file: Path, path: tuple[Path, ...]) -> None:
        if file in path:
            names = [str(one.relative_to(package)) for one in path[path.index(file) :]]
            pytest.fail(f"a circle: {' -> '.join(names)}")
        if file not in done:
            for other in sorted(graph[file]):
                walk(other, (*path, file))
            done.add(file)

    for file in graph:
        walk(file, ())


def test_the_package_does_not_need_the_benchmarks():
    words = [line for file in files() for line in file.read_text("utf8").splitlines()]
    assert not [line for line in words if "import benchmarks" in line]
    assert not [line for line in words if "from benchmarks" in line]


def test_an_upward_import_and_a_circle_would_be_found(tmp_path):
    """The reader of imports sees all their kinds."""
    package = tmp_path / "pack"
    (package / "a").mkdir(parents=True)
    (package / "b").mkdir()
    (package / "b" / "two.py").write_text("from ..a.one import x\n")
    (package / "a" / "one.py").write_text(
        "from typing import TYPE_CHECKING\n"
        "if TYPE_CHECKING:\n    from ..b import two\n"
        "def f():\n    import pack.b.three\n"
    )
    (package / "b" / "three.py").write_text("")
    one, two = package / "a" / "one.py", package / "b" / "two.py"
    assert imports(one, package) == {two, package / "b" / "three.py"}
    assert imports(two, package) == {one}


def test_every_module_of_tests_has_some():
    files = (REPOSITORY / "tests").rglob("test_*.py")
    empty = [f.name for f in files if "def test_" not in f.read_text(encoding="utf8")]
    assert empty == []
