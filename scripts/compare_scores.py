"""Put the results of `spacy evaluate` side by side, as a Markdown table.

python scripts/compare_scores.py metrics/untuned.json metrics/tuned.json
"""

import argparse
import json
from pathlib import Path


def table(results: dict[str, dict]) -> str:
    """Precision, recall and F of all entities, then F of each label, in percent."""
    rows = [
        [measure, *(result[f"ents_{measure.lower()}"] for result in results.values())]
        for measure in ("P", "R", "F")
    ]
    labels = {label for r in results.values() for label in r["ents_per_type"] or {}}
    for label in sorted(labels):
        scores = [r["ents_per_type"].get(label, {"f": None}) for r in results.values()]
        rows.append([f"F, {label}", *(score["f"] for score in scores)])
    lines = [["", *results], ["---"] + ["---:"] * len(results)]
    lines += [
        [name, *("–" if v is None else f"{100 * v:.2f}" for v in values)]
        for name, *values in rows
    ]
    return "".join("| " + " | ".join(cells) + " |\n" for cells in lines)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("metrics", type=Path, nargs="+")
    parser.add_argument("--output", type=Path)
    args = parser.parse_args()
    text = table({file.stem: json.loads(file.read_text()) for file in args.metrics})
    print(text)
    if args.output:
        args.output.write_text(text)
