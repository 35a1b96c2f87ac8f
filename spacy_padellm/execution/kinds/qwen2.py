"""Qwen2, whose linears for queries, keys and values have biases."""

from .kind import Kind

KIND = Kind()
