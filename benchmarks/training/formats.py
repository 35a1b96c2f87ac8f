"""The formats that the benchmarks train adapters in."""

from typing import Any

# The component's format block. In Pointer, the tokens of a text always see each other.
# All formats that generate read from left to right, as the systems of the paper,
# `generate` and vLLM do. Counts and losses are the paper's too.
_AS_IN_PAPER = {"count_threshold": None, "among_allowed": False}
FORMATS: dict[str, dict[str, Any]] = {
    "pointer": {"@misc": "spacy_padellm.Pointer.v1"},
    "padellm": {
        "@misc": "spacy_padellm.PaDeLLM.v1",
        "template": "compact",
        "prefix_lm": False,
        **_AS_IN_PAPER,
    },
    # the paper's own prompts
    "official_template": {
        "@misc": "spacy_padellm.PaDeLLM.v1",
        "template": "padellm.en",
        **_AS_IN_PAPER,
    },
    "one_step": {"@misc": "spacy_padellm.OneStep.v1"},
    "struct": {"@misc": "spacy_padellm.AutoRegStruct.v1"},
    "aug": {"@misc": "spacy_padellm.AutoRegAug.v1"},
}
GENERATING = tuple(name for name in FORMATS if name != "pointer")


def generates(format: dict[str, Any]) -> bool:
    """Whether a format block is of a format that generates text, which takes all layers
    of a base."""
    return format["@misc"] != FORMATS["pointer"]["@misc"]
