"""PaDeLLM-NER for spaCy: named entity recognition with parallel decoding.

Importing the package loads nothing heavy: spaCy finds the component by its entry
point, and torch, transformers and peft are imported when a model is first needed.
"""

from .about import __version__ as __version__
