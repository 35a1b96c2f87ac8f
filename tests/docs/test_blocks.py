"""No block of the documentation is overlooked, nor kept from the default run unsaid."""

import re

import pytest

from ..conftest import REPOSITORY
from .blocks import MARKS, Block, pages, read_blocks

PAGES = pages()
INDEX = (REPOSITORY / "docs" / "README.md").read_text(encoding="utf8")

MARKED = """\
<!-- slow: takes an hour -->
```bash
sleep 3600
```

```python
print("```")

print(1)
```
<!-- a comment of another kind -->
```text
```
"""


def test_blocks_are_read_with_their_marks_and_lines():
    assert list(read_blocks(MARKED)) == [
        Block("bash", "sleep 3600\n", 3, "slow"),
        Block("python", 'print("```")\n\nprint(1)\n', 7),
        Block("text", "\n", 13),
    ]


@pytest.mark.parametrize(
    "text",
    ["```bash\nls\n", "  ```bash\n  ls\n  ```\n", "~~~\nls\n~~~\n", "```a b\n```\n"],
)
def test_a_block_that_would_be_overlooked_is_an_error(text):
    with pytest.raises(ValueError, match="line"):
        list(read_blocks(text))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_block_is_of_a_kind_that_is_run(page):
    for block in page.blocks:
        known = ("bash", "cfg", "ini", "json", "python", "text")
        assert block.language in known, block.line


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_mark_is_before_a_block_and_says_why(page):
    marks = re.findall(rf"^<!-- *(?:{'|'.join(MARKS)})\b.*$", page.text, flags=re.M)
    assert len(marks) == sum(bool(block.mark) for block in page.blocks)


def test_the_index_says_how_many_blocks_are_run_when():
    rows = []
    for page in PAGES:
        if page.blocks:
            kinds = [block.kind for block in page.blocks]
            counts = [kinds.count(kind) for kind in ("", *MARKS, "text")]
            rows.append(f"| `{page.name}` | {' | '.join(map(str, counts))} |")
    table = "\n".join(rows)
    assert table in INDEX, f"docs/README.md should say:\n{table}"


def test_the_index_names_every_page():
    for file in (REPOSITORY / "docs").glob("*.md"):
        assert file.name == "README.md" or f"]({file.name})" in INDEX


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_to_what_is_there(page):
    folder = (REPOSITORY / page.name).parent
    for target in re.findall(r"\]\(([^)\s]+)\)", page.text):
        path, _, anchor = target.partition("#")
        if "://" in target:
            continue
        linked = folder / path if path else REPOSITORY / page.name
        assert linked.exists(), target
        if anchor:
            assert anchor in anchors(linked.read_text(encoding="utf8")), target


def anchors(text: str) -> set[str]:
    """What links to the headings of a page are called, on GitHub."""
    titles = re.findall(r"^#+ (.*)$", text, flags=re.M)
    return {
        re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles
    }
