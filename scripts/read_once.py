"""Have an adapter read the names of labels once, as the start of a training.

    python scripts/read_once.py assets/smollm2-135m-english training/read_once

Only the card changes. The adapter finds a little less before it is trained again.
"""

import argparse
from dataclasses import replace
from pathlib import Path

from spacy_padellm.adapters.files import Adapter, read_adapter, write_adapter
from spacy_padellm.formats.label_reading import NamesOnce


def reads_once(adapter: Adapter) -> Adapter:
    """The adapter with the format Pointer, labels once, and without breadths."""
    card = replace(adapter.card, format=NamesOnce.format_name, breadths={})
    return replace(adapter, card=card)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("source", type=Path, help="folder of an adapter")
    parser.add_argument("out", type=Path)
    args = parser.parse_args()
    write_adapter(args.out, reads_once(read_adapter(args.source)))
