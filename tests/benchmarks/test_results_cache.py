"""A result is computed again only if something that it depends on has changed."""

import pytest

from benchmarks.results_cache import cached


def test_a_result_is_computed_once_for_the_same(tmp_path):
    computed = []

    def compute():
        computed.append(1)
        return {"n": len(computed)}

    file = tmp_path / "new" / "result.json"
    assert [cached(file, {"a": [n]}, compute)["n"] for n in (1, 1, 2, 1)] == [
        1,
        1,
        2,
        3,
    ]


@pytest.mark.parametrize("text", ["", "{", "[]", '{"depends_on": {"a": 1}}'])
def test_a_result_that_was_cut_off_is_computed_again(tmp_path, text):
    file = tmp_path / "result.json"
    cached(file, {"a": 1}, lambda: {"n": 1})
    file.write_text(text)
    assert cached(file, {"a": 1}, lambda: {"n": 2}) == {"n": 2}


def test_an_interrupted_computation_leaves_no_stale_result(tmp_path):
    file = tmp_path / "result.json"
    cached(file, {"a": 1}, lambda: {"n": 1})

    def interrupted():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        cached(file, {"a": 2}, interrupted)
    # its files may be half of one and half of the other
    assert cached(file, {"a": 1}, lambda: {"n": 2}) == {"n": 2}
