"""The code blocks of the documentation, and which of them are run when."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ..conftest import REPOSITORY

# what a test may be kept out of the default run for; setup.cfg says what each means
MARKS = ("slow", "external", "gpu")
FENCE = re.compile(r"```(\w*)$")
MARK = re.compile(rf"<!-- ({'|'.join(MARKS)}): (\S.*) -->$")


@dataclass(frozen=True, slots=True)
class Block:
    """A block of code in a page.

    line: of the page, from 1, on which the code begins.
    mark: one of MARKS, from a comment `<!-- slow: why -->` on the line before the
        block; "" for a block that is run by default.
    """

    language: str
    code: str
    line: int
    mark: str = ""

    @property
    def kind(self) -> str:
        """Its mark, or "text" for what is shown and not to be run here."""
        return self.mark or ("text" if self.language == "text" else "")


@dataclass(frozen=True, slots=True)
class Page:
    """name: its path in the repository."""

    name: str
    text: str

    @property
    def blocks(self) -> list[Block]:
        return list(read_blocks(self.text))

    def session(self, mark: str) -> list[Block]:
        """The blocks of a mark, and those run by default, which they may build on."""
        return [block for block in self.blocks if block.kind in ("", mark)]


def pages(repository: Path = REPOSITORY) -> list[Page]:
    """README.md and all of docs/."""
    files = [repository / "README.md", *sorted((repository / "docs").rglob("*.md"))]
    return [
        Page(file.relative_to(repository).as_posix(), file.read_text(encoding="utf8"))
        for file in files
    ]


def read_blocks(text: str) -> Iterator[Block]:
    """The fenced blocks of a page. ValueError: a fence that is not at a line's start,
    or a block without an end."""
    language, code, start, mark = None, [], 0, ""
    for number, line in enumerate(text.splitlines(), start=1):
        fence = FENCE.match(line)
        if language is None and fence:
            language, code, start = fence[1], [], number + 1
        elif language is not None and line == "```":
            yield Block(language, "\n".join(code) + "\n", start, mark)
            language, mark = None, ""
        elif language is not None:
            code.append(line)
        elif re.match(r"\s*(```|~~~)", line):
            raise ValueError(f"line {number}: write a block as ```LANGUAGE")
        else:
            marked = MARK.match(line)
            mark = marked[1] if marked else ""
    if language is not None:
        raise ValueError(f"line {start}: the block has no end")
