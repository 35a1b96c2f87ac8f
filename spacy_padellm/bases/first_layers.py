"""The first layers of a base, without those above them.

The upper layers of a language model mostly prepare the choice of the next token. A
format that generates nothing may do without them.
"""

from typing import TYPE_CHECKING

from torch import nn

from ..errors import Errors

if TYPE_CHECKING:
    from transformers import PreTrainedModel


def keep_first_layers(model: "PreTrainedModel", number: int) -> None:
    """Drop all layers above the first `number`, and let the config say so.

    Raises ValueError (E716) if there are no more than `number` layers, or if the model
    has no list of them.
    """
    config, body = model.config.get_text_config(), model.get_decoder()
    has = config.num_hidden_layers
    lists = [
        module
        for module in body.children()
        if isinstance(module, nn.ModuleList) and len(module) == has
    ]
    if len(lists) != 1 or number >= has:
        raise ValueError(Errors.E716.format(number=number, has=has))
    del lists[0][number:]
    of_each_layer = {
        name: value[:number]
        for name, value in config.to_dict().items()
        if isinstance(value, list) and len(value) == has
    }
    for name, value in {**of_each_layer, "num_hidden_layers": number}.items():
        setattr(config, name, value)
