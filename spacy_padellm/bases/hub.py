"""Load base models from the Hugging Face hub or its local cache, safetensors only."""

from pathlib import Path

from ..errors import Errors
from .fingerprint import weight_files

# `*.py` files only run if the user trusts them, see `trusts_code`.
WANTED = [
    "*.safetensors",
    "*.json",
    "*.model",
    "*.txt",
    "*.jinja",
    "*.tiktoken",
    "*.py",
]
UNWANTED = ["*/*", "*.bin", "*.pt", "*.pth", "*.gguf", "consolidated*"]


def hub_snapshot(
    name: str, revision: str | None, *, download: bool, refresh: bool = False
) -> Path:
    """Return the local folder of a hub model. revision: a branch, a tag or a commit.

    A complete copy in the Hugging Face cache is used without a request to the hub. A
    pipeline that worked once therefore works offline and never changes by itself.
    Without `download`, there is never a request. Set both it and `refresh` to update
    the copy. Raises ValueError if the model is not in the cache and cannot be
    downloaded.
    """
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError

    wanted = {
        "revision": revision,
        "allow_patterns": WANTED,
        "ignore_patterns": UNWANTED,
    }
    if not (download and refresh):
        try:
            folder = Path(snapshot_download(name, local_files_only=True, **wanted))
            if (folder / "config.json").is_file() and weight_files(folder):
                return folder
        except HFValidationError as error:
            raise ValueError(Errors.E308.format(name=name)) from error
        except (LocalEntryNotFoundError, ValueError):
            pass  # not in the cache, or incomplete
    if not download:
        raise ValueError(
            Errors.E309.format(name=name, command=_command(name, revision))
        )
    return _fetch(name, revision, wanted)


def _fetch(name: str, revision: str | None, wanted: dict) -> Path:
    from huggingface_hub import errors, snapshot_download

    try:
        return Path(snapshot_download(name, **wanted))
    except errors.HFValidationError as error:
        raise ValueError(Errors.E308.format(name=name)) from error
    except errors.GatedRepoError as error:
        raise ValueError(Errors.E310.format(name=name)) from error
    except errors.RevisionNotFoundError as error:
        raise ValueError(Errors.E311.format(name=name, revision=revision)) from error
    except errors.RepositoryNotFoundError as error:
        raise ValueError(Errors.E312.format(name=name)) from error
    except Exception as error:  # network errors of many libraries
        command = _command(name, revision)
        reason = (str(error).strip() or repr(error)).splitlines()[0]
        message = Errors.E313.format(name=name, reason=reason, command=command)
        raise ValueError(message) from error


def _command(name: str, revision: str | None) -> str:
    command = f"python -m spacy_padellm download {name}"
    return f"{command} --revision {revision}" if revision else command
