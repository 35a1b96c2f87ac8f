"""What an engine has done so far."""

from dataclasses import dataclass, fields


@dataclass(slots=True)
class Usage:
    """What an engine has done so far.

    sessions: batches of texts. passes: forward passes. tokens: that went through the
        model. padded: the same with the padding that matrix products compute; fused
        ones leave it out. attended: with all padding, as in attention.
    """

    sessions: int = 0
    passes: int = 0
    tokens: int = 0
    padded: int = 0
    attended: int = 0

    def add(self, other: "Usage") -> None:
        for field in fields(self):
            done = getattr(self, field.name) + getattr(other, field.name)
            setattr(self, field.name, done)
