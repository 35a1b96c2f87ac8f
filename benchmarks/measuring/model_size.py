"""What a pass costs at the least: operations a token, bytes of weights."""

from dataclasses import dataclass

from transformers import PreTrainedModel


@dataclass(frozen=True, slots=True)
class ModelSize:
    """Weights that a token is multiplied with, counted without adapters.

    layers: of all layers. output: of the output layer, which only tokens meet behind
        which something is asked for. bytes: of both in memory, as a pass reads them.
    """

    layers: int
    output: int
    bytes: int

    def operations(self, tokens: int, answers: int) -> int:
        """Floating point operations of products with weights; attention's own are left
        out (some 2% of the 135M base's at 60 tokens)."""
        return 2 * (self.layers * tokens + self.output * answers)


def model_size(model: PreTrainedModel) -> ModelSize:
    output = model.get_output_embeddings().weight
    embeddings = {id(output), id(model.get_input_embeddings().weight)}
    matrices = [
        weight
        for name, weight in model.named_parameters()
        if weight.ndim == 2 and "lora_" not in name and id(weight) not in embeddings
    ]
    layers = sum(weight.numel() for weight in matrices)
    return ModelSize(
        layers, output.numel(), (layers + output.numel()) * output.element_size()
    )
