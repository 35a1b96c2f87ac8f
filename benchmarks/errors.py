"""Errors that tell the user of a benchmark what to do."""

from collections.abc import Collection


class Errors:
    E610 = (
        "[E610] A ReplicaEngine was created without engines. Pass one engine for each "
        "device, see benchmarks.systems.replicas.replicate."
    )
    E611 = "[E611] There is no {kind} {name!r}. Choose from: {known}."
    E612 = (
        "[E612] {folder}/{name} has no file {split}.*. Pass --data a folder in which "
        "each set is a folder with train.*, test.* and optionally dev.*"
    )
    E613 = (
        "[E613] There is no folder {folder}/{name}. Pass --data a folder that has one "
        "folder for each set in --sets."
    )
    E614 = (
        "[E614] `generate` of transformers reads from left to right, so it does not "
        "support `prefix_lm`. Compare systems without `prefix_lm`."
    )
    E615 = (
        "[E615] gliner-spacy is missing, or too old to register its component. Install "
        "it in this environment: pip install gliner-spacy"
    )
    E616 = (
        "[E616] There is no {path}. Train it: python -m benchmarks benchmark --data "
        "../shared/data --sets {name} --work {work}{options}"
    )
    E617 = (
        "[E617] There is no vLLM in {folder}. Install it: scripts/install_vllm.sh "
        "{folder}"
    )
    E618 = "[E618] There is no CUDA device. Rehearse on the CPU: --device cpu --tiny"
    E619 = (
        "[E619] {docs} documents are too few for {processes} processes: each needs two "
        "shards. Pass more --texts or a smaller --shard-size."
    )


def check_names(kind: str, names: Collection[str], known: Collection[str]) -> None:
    """ValueError (E611): one of the names is not known."""
    for name in names:
        if name not in known:
            raise ValueError(
                Errors.E611.format(kind=kind, name=name, known=", ".join(known))
            )
