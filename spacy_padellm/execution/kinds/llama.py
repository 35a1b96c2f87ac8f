"""Llama."""

from .kind import Kind

KIND = Kind()
