"""The formats that the benchmarks train adapters in."""

from typing import Any

# The component's format block. All formats read from left to right, as the systems of
# the paper, `generate` and vLLM do.
FORMATS: dict[str, dict[str, Any]] = {
    "padellm": {
        "@misc": "spacy_padellm.PaDeLLM.v1",
        "template": "compact",
        "prefix_lm": False,
    },
    # the paper's own prompts
    "official_template": {
        "@misc": "spacy_padellm.PaDeLLM.v1",
        "template": "padellm.en",
    },
    "one_step": {"@misc": "spacy_padellm.OneStep.v1"},
    "struct": {"@misc": "spacy_padellm.AutoRegStruct.v1"},
    "aug": {"@misc": "spacy_padellm.AutoRegAug.v1"},
}
