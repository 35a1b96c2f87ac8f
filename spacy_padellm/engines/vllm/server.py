"""A vLLM server: what is sent to it, and the errors of what comes back."""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from ...errors import Errors
from ..base import Unavailable

# In the environment: the servers beside this machine that texts may be sent to.
SERVERS = "SPACY_PADELLM_SERVERS"
LOOPBACK = ("localhost", "127.0.0.1", "::1")
# The server says that it cannot answer now.
OVERLOADED = (408, 429, 502, 503, 504)
CONNECT_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Address:
    """Where a server is, and how to ask it; see `build_vllm_v1`."""

    url: str
    api_key_env: str | None = None
    timeout: float = 60.0
    max_retries: int = 3

    @property
    def is_local(self) -> bool:
        """Whether the server is on this machine."""
        return urlsplit(self.url).hostname in LOOPBACK

    def check_consent(self) -> None:
        """Raises ValueError (E353) unless texts may be sent to this server.

        A pipeline's config may come from anybody, so it cannot say so by itself. The
        server is on this machine, or the environment names it.
        """
        host = urlsplit(self.url).hostname
        named = [one.strip() for one in os.environ.get(SERVERS, "").split(",")]
        if not self.is_local and host not in named:
            raise ValueError(
                Errors.E353.format(url=self.url, host=host, variable=SERVERS)
            )

    def key(self) -> str:
        """The server's key. Raises ValueError (E352) if the variable is not set."""
        if self.api_key_env is None:
            return "none"  # the client wants one; a server without keys ignores it
        key = os.environ.get(self.api_key_env, "")
        if not key:
            raise ValueError(
                Errors.E352.format(url=self.url, variable=self.api_key_env)
            )
        return key


class Server:
    """A connection to a server. Threads may share it.

    Raises ValueError if it must not be used (E352, E353), and ImportError (E420)
    without the package openai.
    """

    def __init__(self, address: Address) -> None:
        address.check_consent()
        key = address.key()
        try:
            import openai
        except ImportError as error:
            what = "The engine spacy_padellm.VLLM.v1"
            message = Errors.E420.format(what=what, package="openai", extra="vllm")
            raise ImportError(message) from error
        self.address = address
        self.url = address.url
        self._openai = openai
        self._client = openai.OpenAI(
            base_url=f"{address.url}/v1",
            api_key=key,
            timeout=openai.Timeout(address.timeout, connect=CONNECT_SECONDS),
            # Texts go to no other server than the one that was consented to. Those for
            # this machine go through no proxy of the environment.
            http_client=openai.DefaultHttpxClient(
                follow_redirects=False, trust_env=not address.is_local
            ),
            max_retries=address.max_retries,
        )

    def models(self) -> Any:
        """What the server says of the models that it serves, as JSON."""
        with self._errors(model="-"):
            return self._json(self._client.models.with_raw_response.list())

    def complete(
        self, model: str, body: Mapping[str, Any], extra: Mapping[str, Any]
    ) -> Any:
        """The answer to a request for completions, as JSON. body: as OpenAI has it.
        extra: parameters of vLLM."""
        create = self._client.completions.with_raw_response.create
        with self._errors(model=model):
            return self._json(create(model=model, **body, extra_body=dict(extra)))

    def refused(self, reason: str) -> ValueError:
        """The error for an answer that cannot be used."""
        return ValueError(Errors.E360.format(url=self.url, reason=reason))

    def _is_down(self) -> bool:
        """Whether the server says of itself that it cannot go on. vLLM answers 500 for
        one text that it cannot take, and after its engine has died."""
        once = self._client.with_options(max_retries=0)
        try:
            once.get(f"{self.url}/health", cast_to=str)
        except self._openai.APIStatusError as error:
            return error.status_code >= 500  # others are servers without /health
        except self._openai.OpenAIError:
            return True
        return False

    def _json(self, response: Any) -> Any:
        text = response.http_response.text  # the client would fill gaps in silence
        try:
            return json.loads(text)
        except (ValueError, RecursionError) as error:
            raise self.refused(f"it is not JSON: {text[:80]!r}") from error

    @contextmanager
    def _errors(self, *, model: str) -> Iterator[None]:
        """Raises Unavailable or ValueError for what the client raises."""
        openai, url = self._openai, self.url
        try:
            yield
        except openai.APITimeoutError as error:
            raise Unavailable(
                Errors.E356.format(
                    url=url,
                    seconds=self.address.timeout,
                    tries=self.address.max_retries + 1,
                )
            ) from error
        except openai.APIConnectionError as error:
            reason = error.__cause__ or error
            raise Unavailable(Errors.E355.format(url=url, reason=reason)) from error
        except openai.APIStatusError as error:
            raise self._of_status(error, model) from error
        except openai.OpenAIError as error:
            raise self.refused(str(error)) from error

    def _of_status(self, error: Any, model: str) -> Exception:
        status, url = error.status_code, self.url
        reason = _reason(error.response.text).rstrip(".")
        if status in (401, 403):
            variable = self.address.api_key_env
            return Unavailable(
                Errors.E357.format(
                    url=url, status=status, variable=variable, reason=reason
                )
            )
        if status == 404:
            return Unavailable(Errors.E358.format(url=url, model=model, known=reason))
        message = Errors.E359.format(
            url=url, status=status, reason=reason, tries=self.address.max_retries + 1
        )
        if status in OVERLOADED or (status >= 500 and self._is_down()):
            return Unavailable(message)
        if status >= 500:
            return ValueError(message)
        return ValueError(Errors.E361.format(url=url, status=status, reason=reason))


def _reason(text: str) -> str:
    """What an error's body says, in one short line."""
    try:
        body = json.loads(text)
        text = body.get("error", body).get("message", text)
    except (ValueError, AttributeError, RecursionError):
        pass  # a proxy's page, say
    return " ".join(str(text).split())[:300] or "no reason given"
