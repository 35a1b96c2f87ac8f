import json

import pytest

TRAIN = [
    ("The bell rings.", [(4, 8, "PART")]),
    ("Grease the chain with a pin tool.", [(11, 16, "PART"), (24, 32, "TOOL")]),
    ("Nothing to see.", []),
    ("A pin tool.", [(2, 10, "TOOL")]),
]


@pytest.fixture
def data(tmp_path):
    """A folder of data with one set, `shop`: train and test, no dev."""
    folder = tmp_path / "data" / "shop"
    folder.mkdir(parents=True)
    for split in ("train", "test"):
        rows = [{"text": text, "entities": spans} for text, spans in TRAIN]
        lines = "".join(json.dumps(row) + "\n" for row in rows)
        (folder / f"{split}.jsonl").write_text(lines, encoding="utf8")
    return tmp_path / "data"
