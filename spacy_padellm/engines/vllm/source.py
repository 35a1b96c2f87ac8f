"""The engine `spacy_padellm.VLLM.v1`, as a setting of the component."""

import os
from numbers import Real
from typing import Any
from urllib.parse import urlsplit

from ...errors import Errors
from ...settings import check_positive
from ..base import LocalModel
from .engine import VLLMEngine
from .server import Address, Server
from .start import check_served


def build_vllm_v1(
    *,
    url: str,
    model: str,
    api_key_env: str | None = None,
    timeout: float = 60.0,
    max_retries: int = 3,
    max_requests: int = 16,
) -> "VLLM":
    """A model that a vLLM server runs, by its interface like OpenAI's. This process
    loads the base's tokenizer, and not its weights.

    url: of the server, such as http://localhost:8000.
    model: the name by which it serves the base with the component's own adapter: that
        of a merged checkpoint, or of a LoRA. A named adapter of the component is the
        server's LoRA of the same name.
    api_key_env: the environment variable that holds the server's key; null sends none.
    timeout: seconds that a request may take.
    max_retries: how often a request is sent again, each time after a longer pause, if
        it takes too long, if the server cannot be reached, or if it answers with one of
        the statuses 408, 409, 429 and 500 to 599.
    max_requests: that are in flight at once. The prompts of a text share a request if
        they ask for the same.

    Nothing is sent before it is needed. The server must be this machine, or you must
    name it in the environment, see `Address.check_consent`.

    Raises ValueError (E354) for a wrong setting.
    """
    check_positive(max_requests=max_requests)
    return VLLM(
        Address(
            _root(url),
            api_key_env,
            _number("timeout", timeout, least=0.001),
            int(_number("max_retries", max_retries, least=0)),
        ),
        model,
        max_requests,
    )


def _root(url: str) -> str:
    """The server's URL, without the `/v1` of its interface."""
    parts = urlsplit(str(url).strip())
    if parts.scheme not in ("http", "https") or not parts.hostname:
        allowed = "the URL of a server, such as http://localhost:8000"
        raise ValueError(Errors.E354.format(setting="url", value=url, allowed=allowed))
    return parts.geturl().rstrip("/").removesuffix("/v1").rstrip("/")


def _number(setting: str, value: float, *, least: float) -> float:
    is_number = isinstance(value, Real) and not isinstance(value, bool)
    if not is_number or not least <= value < float("inf"):
        allowed = f"a number of at least {least}"
        raise ValueError(
            Errors.E354.format(setting=setting, value=value, allowed=allowed)
        )
    return value


class VLLM:
    """See `build_vllm_v1` and `EngineSource`.

    Engines are kept, for each model that is served. A forked process opens its own:
    connections cannot be shared.
    """

    def __init__(self, address: Address, model: str, max_requests: int) -> None:
        self.address = address
        self.model = model
        self.max_requests = max_requests
        self._engines: dict[tuple[int, str], VLLMEngine] = {}

    @property
    def url(self) -> str:
        return self.address.url

    def open(self, model: LocalModel, adapter: str | None) -> VLLMEngine:
        """Raises ValueError or Unavailable if the server is not one that can be asked
        for the model, see `check_served`."""
        tokenizer = model.tokenizer_alone
        name = self.model if adapter is None else adapter
        key = (os.getpid(), name)
        if key not in self._engines:
            server = Server(self.address)
            context = check_served(server, name, tokenizer)
            engine = VLLMEngine(server, name, tokenizer, context, self.max_requests)
            self._engines.setdefault(key, engine)  # another thread may have been faster
        return self._engines[key]

    def __getstate__(self) -> dict[str, Any]:
        return {**vars(self), "_engines": {}}
