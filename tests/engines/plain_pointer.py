"""Labels compared with a text's tokens as by hand: a text and a label at a time."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch

from spacy_padellm.trees.pointers import (
    PointerTree,
    pack_labels,
    pack_names,
    pack_pointers,
    pack_with_names,
)
from spacy_padellm.types import TokenIds


@dataclass(frozen=True, slots=True)
class Asked:
    """A text, and what follows for each label.

    keys: which tokens of the prompt are the text's. stem: labels that do not see the
    text continue this many tokens of the prompt; None: they continue all of it.
    before: what precedes the names that are read once; None if they are not.
    """

    prompt: TokenIds
    keys: range
    branches: list[TokenIds]
    stem: int | None = None
    before: TokenIds | None = None

    def tree(self, gold=None) -> PointerTree:
        """The same in one tree. Names that are read once are in another."""
        if self.before is not None:
            names = pack_names(self.before, self.branches)
            return pack_with_names(self.prompt, self.keys, names, gold)
        stem = len(self.prompt) if self.stem is None else self.stem
        return pack_pointers(
            self.prompt, self.keys, self.branches, stem=stem, gold=gold
        )

    def tree_apart(self) -> PointerTree:
        """The same with a tree for the text and another for the labels."""
        if self.before is not None:
            return self.tree()
        labels = pack_labels(self.prompt[: self.stem], self.branches)
        return pack_pointers(self.prompt, self.keys, labels, stem=self.stem)


def plain_log_odds(
    model, head: Mapping[str, torch.Tensor], asked: Asked
) -> torch.Tensor:
    """Log-odds [labels, tokens, 3]. model: of transformers. head: its tensors."""
    rows = []
    prompt, keys = asked.prompt, asked.keys
    for branch in asked.branches:
        if asked.before is not None:
            states = states_of_name(model, prompt, asked.before, branch)
            text, query = states[keys.start : keys.stop], states[-1]
        elif asked.stem is None:
            states = hidden_states(model, prompt + branch, range(len(prompt)))
            text, query = states[keys.start : keys.stop], states[-1]
        else:
            states = hidden_states(model, prompt, range(asked.stem, len(prompt)))
            text = states[keys.start : keys.stop]
            query = hidden_states(model, prompt[: asked.stem] + branch, range(0))[-1]
        rows.append(torch.stack([compare(head, query, token) for token in text]))
    return torch.stack(rows)


def hidden_states(model, ids: TokenIds, each_other: range) -> torch.Tensor:
    """Hidden states [tokens, width]. Tokens see what is before them, and those in
    `each_other` see each other."""
    seen = torch.ones(len(ids), len(ids)).tril()
    both = slice(each_other.start, each_other.stop)
    seen[both, both] = 1
    return seeing(model, ids, seen, torch.arange(len(ids)))


def states_of_name(
    model, prompt: TokenIds, before: TokenIds, branch: TokenIds
) -> torch.Tensor:
    """Hidden states of a prompt and of a label behind it. The label's last token sees
    the prompt and the label, and the others see the label and what precedes it."""
    n_prompt, n_before = len(prompt), len(before)
    ids = prompt + before + branch
    label = slice(n_prompt, len(ids))
    seen = torch.zeros(len(ids), len(ids))
    seen[:n_prompt, :n_prompt] = 1
    seen[label, label] = torch.ones(len(ids) - n_prompt, len(ids) - n_prompt).tril()
    seen[-1, :n_prompt] = 1
    seen[-1, n_prompt : n_prompt + n_before] = 0
    of_label = torch.arange(n_prompt - n_before, n_prompt + len(branch))
    positions = torch.cat([torch.arange(n_prompt), of_label])
    return seeing(model, ids, seen, positions)


def seeing(model, ids: TokenIds, seen, positions) -> torch.Tensor:
    """Hidden states of tokens, of which each sees those that are 1 in its row."""
    mask = (1 - seen) * torch.finfo(torch.float32).min
    out = model(
        input_ids=torch.tensor([ids]),
        position_ids=positions[None],
        attention_mask=mask[None, None],
        output_hidden_states=True,
    )
    return out.hidden_states[-1][0]


def compare(head: Mapping[str, torch.Tensor], label, token) -> torch.Tensor:
    """The log-odds [3] that a mention of the label starts, ends, or goes on at the
    token. label, token: hidden states [width]."""
    one, other = (
        head[f"{name}.weight"] @ (x / x.pow(2).mean().sqrt()) + head[f"{name}.bias"]
        for name, x in (("query", label), ("key", token))
    )
    size = len(one) // 3
    roles = [slice(role * size, (role + 1) * size) for role in range(3)]
    products = torch.stack([one[role] @ other[role] for role in roles])
    return 4 / size**0.5 * products + head["bias"]
