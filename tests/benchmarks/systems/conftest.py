"""The packed engine and plain decoding, from the tests of engines."""

from ...engines.conftest import engine, plain  # noqa: F401
