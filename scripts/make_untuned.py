"""Build the pipeline that a tuned one started from: its labels, an untuned adapter.

python scripts/make_untuned.py training/tuned/model-best training/untuned
"""

import argparse
from pathlib import Path

import spacy


def main(tuned: Path, out: Path, adapter: str | None) -> None:
    nlp = spacy.load(tuned)
    config = nlp.get_pipe_config("padellm_ner")
    config.pop("factory")
    untuned = spacy.blank(nlp.lang)
    untuned.add_pipe(
        "padellm_ner",
        config={
            **config,
            "labels": nlp.get_pipe("padellm_ner").label_data,
            "model": {**config["model"], "adapter": adapter},
        },
    )
    untuned.to_disk(out)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("tuned", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--adapter", default="default", help="null: none at all")
    args = parser.parse_args()
    main(args.tuned, args.out, None if args.adapter == "null" else args.adapter)
