"""How many workers a cluster has room for, and what does not fit."""

import socket

import pytest

from spacy_padellm.ray.cluster import (
    Places,
    check_listens,
    compare_versions,
    places,
)

CORES, GPUS = {"CPU": 8.0}, {"CPU": 16.0, "GPU": 2.0}


@pytest.mark.parametrize(
    ("nodes", "device", "per_node", "gpus", "found"),
    [
        ([CORES, CORES], "auto", 2, None, Places(4, 4.0, 0.0)),
        ([CORES, GPUS], "auto", 2, None, Places(2, 1.0, 1.0)),
        ([CORES, GPUS], "auto", 1, 0.2, Places(10, 1.0, 0.2)),
        ([GPUS, GPUS], "cpu", 4, None, Places(8, 4.0, 0.0)),
        ([GPUS], "auto", 4, 0.0, Places(4, 4.0, 0.0)),
        ([CORES, {"CPU": 4.0, "GPU": 1.0}, {}], "auto", 1, 0.5, Places(2, 1.0, 0.5)),
        # no actor reaches over two GPUs
        ([GPUS], "auto", 1, 0.6, Places(2, 1.0, 0.6)),
        ([GPUS], "auto", 1, 2.0, Places(1, 1.0, 2.0)),
        # each needs a core as well
        ([{"CPU": 3.0, "GPU": 4.0}], "auto", 1, 0.5, Places(3, 1.0, 0.5)),
        ([GPUS], "auto", 1, 0.1, Places(16, 1.0, 0.1)),
        ([GPUS, {"GPU": 4.0}], "auto", 1, None, Places(2, 1.0, 1.0)),
    ],
)
def test_one_worker_a_gpu_or_so_many_a_node(nodes, device, per_node, gpus, found):
    assert places(nodes, device, per_node, gpus) == found


def test_a_worker_has_a_part_of_a_gpu_or_whole_ones():
    with pytest.raises(ValueError, match=r"E432.*1\.5"):
        places([GPUS], "auto", 1, 1.5)


@pytest.mark.parametrize(("per_node", "gpus"), [(9, None), (1, 0.5)])
def test_no_room_for_a_single_worker_is_an_error(per_node, gpus):
    with pytest.raises(ValueError, match="E428"):
        places([CORES], "auto", per_node, gpus)


@pytest.mark.parametrize("address", ["127.0.0.1:{}", "ray://127.0.0.1:{}"])
def test_a_cluster_that_listens_is_asked(address):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        check_listens(address.format(port))
    with pytest.raises(OSError, match="refused"):
        check_listens(address.format(port))


@pytest.mark.parametrize("address", ["local", "auto", "ray://head"])
def test_ray_finds_addresses_without_a_port(address):
    check_listens(address)


def test_other_versions_are_named_with_their_node():
    here = {"spacy": "3.8.1", "torch": "2.6"}
    compare_versions(here, {"10.0.0.1": dict(here)})
    nodes = {"10.0.0.1": here, "10.0.0.2": {"spacy": "3.8.1", "torch": "missing"}}
    with pytest.raises(ValueError, match=r"E421.*10\.0\.0\.2 has torch missing, not 2"):
        compare_versions(here, nodes)
