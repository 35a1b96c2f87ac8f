"""Merge an adapter into its base."""

import torch
from peft import PeftModel
from transformers import PreTrainedModel

from .targets import plain


def merge(peft: PeftModel, name: str) -> PreTrainedModel:
    """The base with the adapter `name` merged into its weights. It is changed in
    place, and its adapters go."""
    tied = _untie(peft.get_base_model())
    model = peft.merge_and_unload(adapter_names=[name])
    if tied:
        _tie_if_equal(model)
    return model


def _untie(model: PreTrainedModel) -> bool:
    """Give the output layer its own copy of the embedding's weights, if it shares them:
    an adapter on one of the two is merged into both otherwise. Returns whether it
    shared them."""
    embedding = plain(model.get_input_embeddings())
    output = plain(model.get_output_embeddings())
    tied = output.weight is embedding.weight
    if tied:
        weight = output.weight.detach().clone()
        output.weight = torch.nn.Parameter(weight, requires_grad=False)
        _say_tied(model, False)
    return tied


def _tie_if_equal(model: PreTrainedModel) -> None:
    """Share the weights again if they are still the same."""
    embedding, output = model.get_input_embeddings(), model.get_output_embeddings()
    if torch.equal(embedding.weight, output.weight):
        output.weight = embedding.weight
        _say_tied(model, True)


def _say_tied(model: PreTrainedModel, tied: bool) -> None:
    for config in (model.config, model.config.get_text_config()):
        config.tie_word_embeddings = tied
