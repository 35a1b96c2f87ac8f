"""Qwen3."""

from .kind import Kind

KIND = Kind(head_norms=True)
