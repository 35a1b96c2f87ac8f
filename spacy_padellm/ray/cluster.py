"""A Ray cluster: whether it can be used, and how many workers it has room for."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from ..annotate.settings import PACKAGES, differences, versions
from ..errors import Errors

LOCAL = "local"
# Seconds.
CONNECT_S = 10


@dataclass(frozen=True, slots=True)
class Places:
    """Room for `workers` actors, each with so many cores and GPUs."""

    workers: int
    cpus: float
    gpus: float


@contextmanager
def connected(address: str) -> Iterator[Any]:
    """Give the module `ray`, connected to a cluster or to one started here.

    Raises ImportError (E420) if ray is not there, and ValueError if the cluster cannot
    be used (E427) or has other versions (E421).
    """
    try:
        import ray
        import ray.data
    except ImportError:
        need = {"what": "--ray", "package": "ray[data]", "extra": "ray"}
        raise ImportError(Errors.E420.format(**need)) from None
    options: dict[str, Any] = {"log_to_driver": False, "logging_level": "error"}
    if address == LOCAL:
        options["include_dashboard"] = False
    try:
        check_listens(address)
        ray.init(address=address, **options)
    except Exception as error:  # ray raises many types, also for its own version
        message = Errors.E427.format(address=address, reason=error)
        raise ValueError(message) from error
    try:
        check_versions(ray)
        yield ray
    finally:
        ray.shutdown()


def check_listens(address: str) -> None:
    """Raise OSError if nobody listens at the address of a host and port. Ray would wait
    for minutes."""
    place = urlsplit(address if "//" in address else f"//{address}")
    if place.hostname and place.port:
        socket.create_connection((place.hostname, place.port), CONNECT_S).close()


def check_versions(ray: Any) -> None:
    """Raise ValueError (E421) if a node has other versions than this machine."""
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    @ray.remote(num_cpus=0)
    def installed(packages):  # nested, so that a node without the package can run it
        from importlib import metadata

        found = {}
        for package in packages:
            try:
                found[package] = metadata.version(package)
            except metadata.PackageNotFoundError:
                found[package] = "missing"
        return found

    asked = {}
    for node in ray.nodes():
        if node["Alive"]:
            place = NodeAffinitySchedulingStrategy(node["NodeID"], soft=False)
            answer = installed.options(scheduling_strategy=place).remote(PACKAGES)
            asked[node["NodeManagerAddress"]] = answer
    compare_versions(versions(), {name: ray.get(one) for name, one in asked.items()})


def compare_versions(here: dict[str, str], nodes: dict[str, dict[str, str]]) -> None:
    """Raise ValueError (E421) if a node's versions are not those of this machine."""
    for name, there in nodes.items():
        found = differences(
            there, here, lambda package, is_, was: f"{package} {is_}, not {was}"
        )
        if found:
            what = f"{name} has {'; '.join(found)}"
            raise ValueError(Errors.E421.format(what=what))


def places(
    nodes: list[dict[str, float]], device: str, per_node: int, gpus: float | None
) -> Places:
    """Return how many workers the nodes have room for.

    nodes: the resources of each node. per_node: workers on each node without GPUs.
    gpus: of each worker; None is 1 if there are any and the device does not forbid it.
        Ray gives a worker a part of one GPU, or whole ones.

    Raises ValueError if there is no room for a single one (E428), or if `gpus` is more
    than one and not whole (E432).
    """
    n_gpus = [node.get("GPU", 0.0) for node in nodes]
    if gpus is None:
        gpus = 1.0 if any(n_gpus) and device in ("auto", "cuda") else 0.0
    if gpus:
        if gpus > 1 and gpus != int(gpus):
            raise ValueError(Errors.E432.format(gpus=f"{gpus:g}"))
        workers = sum(_on_gpus(node, gpus) for node in nodes)
        if not workers:
            found, wanted = f"{sum(n_gpus):g}", f"a core and {gpus:g} GPUs"
            message = Errors.E428.format(found=found, kind="GPUs", wanted=wanted)
            raise ValueError(message)
        return Places(workers, 1.0, gpus)
    cores = [node["CPU"] for node in nodes if node.get("CPU")]
    cpus = min(cores, default=0) // per_node
    if not cpus:
        wanted = f"one core, {per_node} of them on each node"
        found = f"{min(cores, default=0):g}"
        message = Errors.E428.format(found=found, kind="cores a node", wanted=wanted)
        raise ValueError(message)
    return Places(per_node * len(cores), float(cpus), 0.0)


def _on_gpus(node: dict[str, float], gpus: float) -> int:
    """How many workers a node has room for, with a core and `gpus` each."""
    n_gpus, cores = node.get("GPU", 0.0), node.get("CPU", 0.0)
    # a GPU has room for ten tenths, and for one of six tenths
    slots = int(n_gpus) * int(1 / gpus + 1e-6) if gpus < 1 else n_gpus // gpus
    return int(min(slots, cores))
