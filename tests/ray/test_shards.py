"""On Ray, the same shards are written as in processes, and what kills is isolated."""

import json

import pytest

from spacy_padellm.annotate.job import open_run
from spacy_padellm.ray.shards import ShardActor, run_on_ray

from ..annotate.conftest import (  # noqa: F401
    check_once,
    faulty,
    records,
    request,
    ruler,
    run_here,
    run_with,
    write_jsonl,
)


def run(asked):
    counted = []

    def shards(run):
        return run_on_ray(run.job, run.todo, "local", 1, None, counted.append)

    return run_with(asked, shards), counted


def test_an_actor_returns_receipts_and_what_a_user_can_mend(faulty, tmp_path):  # noqa: F811
    corpus = write_jsonl(tmp_path / "in.jsonl", 8, d6="FAILS")
    run = open_run(request(faulty, corpus, tmp_path / "out"))
    actor = ShardActor(run.job)
    found = actor({"shard": [0, 1]})
    assert json.loads(found["receipt"][0])["docs"] == 5 and found["error"][0] == ""
    assert "[E417] Document 7" in found["error"][1]
    (tmp_path / "out" / "_annotate" / "plan.json").unlink()
    assert "[E425]" in ShardActor(run.job)({"shard": [0]})["error"][0]


@pytest.mark.external
def test_ray_writes_what_a_process_writes(ruler, tmp_path):  # noqa: F811
    corpus = write_jsonl(tmp_path / "in.jsonl", 23)
    _, counted = run(request(ruler, corpus, tmp_path / "out"))
    run_here(request(ruler, corpus, tmp_path / "alone"))
    check_once(tmp_path / "out", 23)
    assert records(tmp_path / "out") == records(tmp_path / "alone")
    assert sum(counted) == 23


@pytest.mark.external
def test_a_document_that_kills_is_isolated_on_ray(faulty, tmp_path):  # noqa: F811
    corpus = write_jsonl(
        tmp_path / "in.jsonl", d1="ONCE on Ray", d3="DEADLY", d8="FAILS"
    )
    errors = tmp_path / "errors.jsonl"
    run(request(faulty, corpus, tmp_path / "out", errors=str(errors)))
    failed = [json.loads(line)["input"]["id"] for line in errors.open()]
    assert failed == [3, 8]
    ids = [record["id"] for record in records(tmp_path / "out")]
    assert ids == [i for i in range(12) if i not in failed]


@pytest.fixture
def one_gpu():
    """The address of a cluster with a GPU that Ray is told of and nobody uses."""
    from ray.cluster_utils import Cluster

    node = {"num_cpus": 2, "num_gpus": 1, "include_dashboard": False}
    cluster = Cluster(initialize_head=True, head_node_args=node)
    yield cluster.address
    cluster.shutdown()


@pytest.mark.external
@pytest.mark.parametrize(("gpus", "left"), [(0.5, 0.0), (0.6, 0.4)])
def test_workers_share_a_gpu(ruler, tmp_path, one_gpu, gpus, left):  # noqa: F811
    import ray

    seen = []

    def shards(run):
        def advance(_):
            seen.append(ray.available_resources().get("GPU", 0.0))

        return run_on_ray(run.job, run.todo, one_gpu, 1, gpus, advance)

    corpus = write_jsonl(tmp_path / "in.jsonl", 23)
    run_with(request(ruler, corpus, tmp_path / "out"), shards)
    check_once(tmp_path / "out", 23)
    assert min(seen) == pytest.approx(left)


@pytest.mark.external
def test_a_cluster_that_is_not_there_is_named(ruler, tmp_path):  # noqa: F811
    run = open_run(request(ruler, write_jsonl(tmp_path / "in.jsonl"), tmp_path / "out"))
    with pytest.raises(ValueError, match="E427.*127.0.0.1:1"):
        list(run_on_ray(run.job, run.todo, "127.0.0.1:1", 1, None, print))
