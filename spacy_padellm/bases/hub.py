"""Load base models from the Hugging Face hub or its local cache, safetensors only."""

import re
from pathlib import Path

from ..errors import Errors
from .fingerprint import weight_files
from .manifest import file_sha256

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
# The cache keeps a large file under its sha256, and the model's folder links there.
SHA256 = re.compile("[0-9a-f]{64}")
# An adapter beside the weights would be put on the base, see `check_folder`.
UNWANTED = ["*/*", "*.bin", "*.pt", "*.pth", "*.gguf", "consolidated*", "adapter_*"]


def hub_snapshot(
    name: str, revision: str | None, *, download: bool, refresh: bool = False
) -> Path:
    """Return the local folder of a hub model. revision: a branch, a tag or a commit.

    A complete copy in the Hugging Face cache is used without a request to the hub. A
    pipeline that worked once therefore works offline and never changes by itself.
    Without `download`, there is never a request. Set both it and `refresh` to update
    the copy. A download reads all of the model, and replaces files that are damaged.
    Raises ValueError if the model is not in the cache and cannot be downloaded.
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
            is_complete = (folder / "config.json").is_file() and weight_files(folder)
            if is_complete and not (download and _damaged(folder)):
                return folder
        except HFValidationError as error:
            raise ValueError(Errors.E308.format(name=name)) from error
        except (LocalEntryNotFoundError, ValueError):
            pass  # not in the cache, or incomplete
    if not download:
        raise ValueError(
            Errors.E309.format(name=name, command=_command(name, revision))
        )
    for _ in range(2):  # the first request keeps files that were damaged before it
        folder = _fetch(name, revision, wanted)
        damaged = _damaged(folder)
        if not damaged:
            return folder
        for file in damaged:
            file.resolve().unlink(missing_ok=True)
            file.unlink()
    raise ValueError(Errors.E343.format(path=damaged[0]))


def _damaged(folder: Path) -> list[Path]:
    """The links to files that are gone, and to large files that are not what their
    names say. A cache without links has no checksums. Files that this package does not
    fetch belong to other programs."""
    from huggingface_hub.utils import filter_repo_objects

    names = sorted(file.name for file in folder.iterdir() if file.is_symlink())
    wanted = filter_repo_objects(names, allow_patterns=WANTED, ignore_patterns=UNWANTED)
    return [folder / name for name in wanted if _is_damaged(folder / name)]


def _is_damaged(link: Path) -> bool:
    if not link.exists():
        return True
    blob = link.readlink().name
    return bool(SHA256.fullmatch(blob)) and file_sha256(link) != blob


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
