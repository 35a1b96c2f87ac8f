import pytest


@pytest.fixture(params=["tiny_tokenizer", "metaspace", "split_by_regex"])
def any_tokenizer(request):
    """Each kind of tokenizer in turn."""
    return request.getfixturevalue(request.param)
