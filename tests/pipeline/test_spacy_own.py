"""spaCy's own tests of its `ner`, run on padellm_ner in its place.

Left out, as they test what this component does not have:
- spacy.tests.parser.test_ner: the transition system (issues 1967, 2179, 3209 and 4313,
  oracle moves, negative samples and annotations, blocked and overwritten moves, beams),
  EntityRecognizer's constructor, its lexeme_norm warning, and a loss below 1e-5: the
  index of a mention is a fork in the tree, whose loss cannot become zero. What
  test_overfitting_IO claims otherwise is in test_update.py.
- spacy.tests.parser.test_add_label: labels that predict or update add by themselves.
  Here an unknown gold label is left out, with a warning (test_learning.py).
- spacy.tests.serialize: issue 4725 and the config tests of other components set options
  of those; pickling is in test_serialize.py, overrides in test_config.py.
- spacy.tests.pipeline.test_tok2vec and entity_linker: listeners, and a linker's scores.
- spacy.tests.training.test_rehearse: there is no rehearsal.
"""

import shutil

import pytest
from safetensors.torch import load_file, save_file
from spacy.language import Language
from spacy.tests.parser import test_ner as parser_tests
from spacy.tests.parser.test_ner import (  # noqa: F401
    test_block_ner,
    test_empty_ner,
    test_issue4267,
    test_ner_before_ruler,
    test_ruler_before_ner,
    test_train_empty,
)
from spacy.tests.pipeline.test_pipe_factories import (  # noqa: F401
    test_pipe_factory_meta_config_cleanup,
)
from spacy.tests.pipeline.test_pipe_methods import (  # noqa: F401
    nlp,
    test_add_pipe_before_after,
    test_issue3880,
    test_pipe_base_class_add_label,
    test_pipe_label_data_exports_labels,
    test_pipe_labels,
    test_pipe_methods_frozen,
    test_pipe_methods_initialize,
    test_replace_last_pipe,
)
from spacy.tests.serialize.test_serialize_config import (  # noqa: F401
    test_config_nlp_roundtrip,
)
from spacy.tests.serialize.test_serialize_language import test_issue2482  # noqa: F401
from spacy.tests.serialize.test_serialize_pipeline import (  # noqa: F401
    test_issue4042,
    test_issue4042_bug2,
)
from spacy.tests.training import test_training as training_tests
from spacy.tests.training.test_training import (  # noqa: F401
    test_tuple_format_implicit,
    test_tuple_format_implicit_invalid,
)

# a thousand labels
test_issue2800 = pytest.mark.slow(parser_tests.test_issue2800)
# two hundred updates
test_issue999 = pytest.mark.slow(training_tests.test_issue999)


@pytest.fixture(scope="session")
def silent_base(tiny_base, tmp_path_factory):
    """The tiny base, unable to write a digit: untrained, it finds nothing."""
    from transformers import AutoTokenizer

    folder = tmp_path_factory.mktemp("silent") / "base"
    shutil.copytree(tiny_base, folder)
    tensors = load_file(folder / "model.safetensors")
    digits = AutoTokenizer.from_pretrained(folder).convert_tokens_to_ids(
        [*"0123456789"]
    )
    # The output layer has the same rows: a digit's logit is 0, and others' are above.
    tensors["model.embed_tokens.weight"][digits] = 0.0
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    return folder


@pytest.fixture(autouse=True)
def ner_is_padellm_ner(monkeypatch, silent_base):
    """Wherever a pipe is made by the factory `ner`, make one by `padellm_ner`."""
    add_pipe, create_pipe = Language.add_pipe, Language.create_pipe
    model = {"base": str(silent_base)}

    def add(language, factory_name, name=None, **options):
        if factory_name == "ner" and not options.get("source"):
            factory_name, name = "padellm_ner", name or "ner"
        return add_pipe(language, factory_name, name, **options)

    def create(language, factory_name, name=None, **options):
        if factory_name == "ner":
            factory_name, name = "padellm_ner", name or "ner"
        if factory_name == "padellm_ner":
            config = options.get("config", {})
            options["config"] = {
                **config,
                "model": {**config.get("model", {}), **model},
            }
        return create_pipe(language, factory_name, name, **options)

    monkeypatch.setattr(Language, "add_pipe", add)
    monkeypatch.setattr(Language, "create_pipe", create)


def test_the_factory_is_replaced():
    assert type(Language().add_pipe("ner")).__name__ == "PaDeLLMNER"
