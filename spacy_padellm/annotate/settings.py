"""The pipeline that annotates: how it is loaded, and what identifies it."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from importlib import metadata
from os.path import abspath
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..pipeline.find import find_component
from ..pipeline.language import FACTORY, check_spans_key, component_names

if TYPE_CHECKING:
    from spacy.language import Language

DEFAULT = "default"
# Other versions of these may find other entities.
PACKAGES = ("spacy-padellm", "spacy", "torch", "transformers")


@dataclass(frozen=True, slots=True)
class PipelineSettings:
    """A pipeline, with settings of its padellm_ner. None leaves a setting as it is.

    pipeline: a folder or a package, or "default" for English and the shipped adapter.
    adapter: the name of one of the component's adapters.
    pipe: the component's name, if the pipeline has several.
    """

    pipeline: str = DEFAULT
    labels: dict[str, str] | list[str] | None = None
    threshold: float | None = None
    adapter: str | None = None
    spans_key: str | None = None
    pipe: str | None = None
    device: str = "auto"

    def load(self) -> "Language":
        """Load the pipeline. The base is loaded when it is first needed.

        Raises ValueError or OSError for a pipeline or a setting that cannot be used.
        """
        import spacy

        if self.pipeline == DEFAULT:
            nlp = spacy.blank("en")
            nlp.add_pipe(FACTORY, config={"model": {"device": self.device}})
        else:
            nlp = spacy.load(self.pipeline, config=self._devices())
        changed = (self.labels, self.threshold, self.adapter, self.spans_key, self.pipe)
        if any(setting is not None for setting in changed):
            self._change(nlp)
        return nlp

    def placed(self) -> "PipelineSettings":
        """Return the settings with a folder in full: a worker on Ray may have another
        working directory."""
        is_folder = self.pipeline != DEFAULT and Path(self.pipeline).exists()
        return replace(self, pipeline=abspath(self.pipeline)) if is_folder else self

    def _change(self, nlp: "Language") -> None:
        ner = find_component(nlp, self.pipe)
        if self.adapter is not None:
            ner.active_adapter = self.adapter
        if self.labels is not None:
            ner.labels = self.labels
        if self.threshold is not None:
            ner.threshold = self.threshold
        if self.spans_key is not None:
            check_spans_key(nlp, ner.name, self.spans_key)
            ner.spans_key = self.spans_key

    def _devices(self) -> dict[str, str]:
        """The device of each padellm_ner, for spacy.load."""
        from spacy.util import load_config

        config = pipeline_folder(self.pipeline) / "config.cfg"
        if self.device == "auto" or not config.is_file():
            return {}
        components = load_config(config).get("components", {})
        return {
            f"components.{name}.model.device": self.device
            for name, component in components.items()
            if component.get("factory") == FACTORY
        }


def pipeline_folder(pipeline: str) -> Path:
    """Return the folder of a saved pipeline, or of one that is a package."""
    from spacy.util import get_model_meta, get_package_path, is_package

    if Path(pipeline).exists() or not is_package(pipeline):
        return Path(pipeline)
    package = get_package_path(pipeline)
    meta = get_model_meta(package)
    return package / f"{meta['lang']}_{meta['name']}-{meta['version']}"


def pipeline_digest(settings: PipelineSettings, nlp: "Language") -> str:
    """Return a hash of a pipeline's files and the weights of its bases.

    Raises ValueError if a base is not there.
    """
    from ..bases.fingerprint import base_fingerprint
    from ..bases.weights import resolve_base
    from ..model.shim import causal_lm_shim

    digest = hashlib.sha256()
    if settings.pipeline != DEFAULT:
        folder = pipeline_folder(settings.pipeline)
        for file in sorted(path for path in folder.rglob("*") if path.is_file()):
            digest.update(file.relative_to(folder).as_posix().encode())
            digest.update(hashlib.sha256(file.read_bytes()).digest())
    for name in component_names(nlp):
        component = nlp.get_pipe(name)
        lm = causal_lm_shim(component.model).settings
        if component.engine.url is not None:  # the server has the weights
            base = resolve_base(lm.base, lm.revision, only_tokenizer=True)
            digest.update((base / "tokenizer.json").read_bytes())
            continue
        base = resolve_base(lm.base, lm.revision)
        digest.update(base_fingerprint(base).encode())
    return digest.hexdigest()


def versions() -> dict[str, str]:
    """Return the installed versions of what decides the result."""
    return {name: version_of(name) for name in PACKAGES}


def version_of(package: str) -> str:
    """Return a package's version, or "missing"."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "missing"


def differences(
    then: Mapping[str, Any],
    now: Mapping[str, Any],
    say: Callable[[str, Any, Any], str],
) -> list[str]:
    """Describe each entry of two mappings that differs."""
    names = sorted(then.keys() | now.keys())
    return [
        say(name, then.get(name), now.get(name))
        for name in names
        if then.get(name) != now.get(name)
    ]
