"""Mistral, whose layers all have a sliding window, if any has."""

from .kind import Kind

KIND = Kind()
