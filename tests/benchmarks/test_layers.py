"""The subpackages of the benchmarks import each other one way."""

from ..conftest import REPOSITORY
from ..test_layers import files, imports

BENCHMARKS = REPOSITORY / "benchmarks"
# From the bottom to the top. A file imports from its own
# subpackage and from those before it.
SUBPACKAGES = (
    *("__init__", "errors", "results_cache", "workspace"),
    *("data", "machine", "training", "systems", "measuring"),
    *("experiments", "pages", "commands", "__main__"),
)


def place(file):
    return SUBPACKAGES.index(file.relative_to(BENCHMARKS).parts[0].removesuffix(".py"))


def test_no_file_imports_upwards():
    upwards = [
        f"{file.relative_to(BENCHMARKS)} imports {other.relative_to(BENCHMARKS)}"
        for file in files(BENCHMARKS)
        for other in imports(file, BENCHMARKS)
        if place(other) > place(file)
    ]
    assert upwards == []
