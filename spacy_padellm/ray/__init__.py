"""Annotate on Ray. `Annotator` is for your own `Dataset.map_batches`."""

from .annotator import Annotator as Annotator
