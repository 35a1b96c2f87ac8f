"""Threads may share an `llm` that has not been used yet."""

import shutil

from ..pipeline.conftest import GOLD, found
from ..threads import at_once
from .conftest import LABELS


def test_a_cold_model_answers_threads_as_one(
    make_llm, adapter_folder, tiny_base, tmp_path
):
    shutil.copytree(tiny_base, tmp_path / "base")
    model = {"base": str(tmp_path / "base"), "adapter": str(adapter_folder)}
    nlp = make_llm(labels=LABELS, model=model)
    docs = at_once(lambda i: nlp(GOLD[i % 4][0]))
    assert [found(doc) for doc in docs] == [entities for _, entities in GOLD] * 2
