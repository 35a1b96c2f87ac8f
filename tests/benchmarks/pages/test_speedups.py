"""Measurements are compared as in the paper."""

from benchmarks.measuring.measurement import Measurement
from benchmarks.pages.speedups import share_of_length, speedups, where_others_win


def measurement(title, latencies, *, rate=1.0, f=0.5, length=4.0):
    scores = {"strings": {"f": f}, "length": length}
    return Measurement(title, latencies, {512: rate}, scores)


def test_a_speedup_is_given_of_means_and_as_the_median_of_ratios():
    measured = {
        "padellm_batch": measurement("PaDeLLM-Batch", [100, 100, 100]),
        "struct_generate": measurement("generate", [200, 300, 1000]),
    }
    (speedup,) = speedups("CoNLL03", measured)
    assert (speedup.slow, speedup.fast) == ("struct_generate", "padellm_batch")
    assert (speedup.of_means, speedup.median) == (5.0, 3.0)
    assert speedup.published == 2.26
    assert speedups("no such set", measured)[0].published is None


def test_pointer_is_compared_with_rivals_and_with_padellm():
    measured = {
        "padellm_batch": measurement("PaDeLLM-Batch", [100]),
        "pointer": measurement("Pointer", [50], length=0.0),
        "struct": measurement("AutoReg struct", [400]),
    }
    found = {(one.slow, one.fast): one for one in speedups("CoNLL03", measured)}
    assert {pair: one.median for pair, one in found.items()} == {
        ("struct", "padellm_batch"): 4.0,
        ("struct", "pointer"): 8.0,
        ("padellm_batch", "pointer"): 2.0,
    }
    assert found["struct", "pointer"].published is None, "the paper has none"


def test_it_is_said_where_others_win():
    measured = {
        "padellm_batch": measurement("PaDeLLM-Batch", [100], rate=2.0, f=0.8),
        "struct": measurement("AutoReg struct", [90], rate=3.0, f=0.9),
        "aug": measurement("AutoReg aug", [110], rate=1.0, f=0.7),
    }
    said = where_others_win(measured, "padellm_batch")
    assert len(said) == 3 and all("AutoReg struct" in sentence for sentence in said)
    assert "90 ms against 100 ms" in said[0]
    assert "3.00 documents per second against 2.00" in said[1]
    assert "F 90.0 against 80.0" in said[2]


def test_pointer_and_padellm_may_win_over_each_other():
    measured = {
        "padellm_batch": measurement("PaDeLLM-Batch", [100], f=0.8),
        "padellm_multi": measurement("PaDeLLM-Multi", [10], f=0.8),
        "pointer": measurement("Pointer", [50], f=0.7),
    }
    (said,) = where_others_win(measured, "padellm_batch")
    assert said.startswith("One document at a time, Pointer is faster")
    (said,) = where_others_win(measured, "pointer")
    assert said == "PaDeLLM-Batch is right more often: F 80.0 against 70.0."


def test_lengths_are_shares_of_the_autoregressive():
    measured = {
        "padellm_batch": measurement("PaDeLLM-Batch", [1], length=4.0),
        "aug": measurement("AutoReg aug", [1], length=32.0),
    }
    assert share_of_length(measured) == {"AutoReg aug": 0.125}
