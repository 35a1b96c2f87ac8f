"""What was computed is kept, up to a number of bytes."""

import pytest

from spacy_padellm.execution.kept import Kept


@pytest.fixture(autouse=True)
def few_bytes(monkeypatch):
    monkeypatch.setattr("spacy_padellm.execution.kept.KEPT_BYTES", 100)


def test_a_result_is_computed_once():
    kept, computed = Kept(), []

    def compute():
        computed.append(1)
        return "result", 10

    assert [kept.get("a", compute) for _ in range(3)] == ["result"] * 3
    assert computed == [1] and len(kept) == 1


def test_the_least_recently_used_goes_first():
    kept = Kept()
    for key in "abc":
        kept.get(key, lambda key=key: (key, 40))
    assert len(kept) == 2
    kept.get("b", lambda: pytest.fail("it is there"))
    kept.get("d", lambda: ("d", 40))
    assert kept.get("b", lambda: ("again", 40)) == "b"
    assert kept.get("c", lambda: ("again", 40)) == "again"


def test_one_that_is_too_large_is_kept_until_the_next():
    kept = Kept()
    kept.get("small", lambda: (1, 10))
    kept.get("large", lambda: (2, 1000))
    assert len(kept) == 1
    assert kept.get("large", lambda: pytest.fail("it is there")) == 2
    kept.get("small", lambda: (1, 10))
    kept.get("other", lambda: (1, 10))
    assert len(kept) == 2


def test_a_failure_leaves_nothing():
    kept = Kept()
    with pytest.raises(ZeroDivisionError):
        kept.get("a", lambda: (1 // 0, 1))
    assert len(kept) == 0 and kept.get("a", lambda: (1, 1)) == 1
