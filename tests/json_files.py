"""Change JSON files."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any


def change_json(file: Path, change: Callable[[dict[str, Any]], object]) -> None:
    """Read a file, change its value in place, and write it."""
    data = json.loads(file.read_text())
    change(data)
    file.write_text(json.dumps(data))
