"""Kill `annotate` with -9 again and again, and check that each document is written once
and as by a run that nothing disturbs.

    python scripts/kill_annotate.py default training/killed --docs 3000 --kills 5
    python scripts/kill_annotate.py default training/killed_ray --docs 3000 --ray
"""

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

TEXTS = Path(__file__).parent.parent / "assets" / "workshop" / "train.jsonl"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pipeline")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--docs", type=int, default=3000)
    parser.add_argument("--shard-size", type=int, default=50)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--kills", type=int, default=5)
    parser.add_argument(
        "--pause", type=float, default=1.0, help="longest wait before a kill, seconds"
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--ray", action="store_true")
    asked = parser.parse_args()
    asked.folder.mkdir(parents=True)
    source = asked.folder / "in.jsonl"
    write_docs(source, asked.docs)
    command = [sys.executable, "-m", "spacy_padellm", "annotate", asked.pipeline]
    command += [str(source), "--shard-size", str(asked.shard_size)]
    command += ["--processes", str(asked.processes)]
    calm, killed = asked.folder / "undisturbed", asked.folder / "killed"
    subprocess.run([*command, str(calm)], check=True)
    command += [str(killed), *(["--ray", "local"] if asked.ray else [])]
    dice = random.Random(asked.seed)
    kill_often(command, killed, asked.kills, asked.pause, dice)
    subprocess.run(command, check=True)
    compare(read(calm), read(killed), asked.docs)


def write_docs(file: Path, n: int) -> None:
    lines = TEXTS.read_text(encoding="utf8").splitlines()
    texts = [json.loads(line)["text"] for line in lines]
    rows = [{"id": i, "text": f"{i}: {texts[i % len(texts)]}"} for i in range(n)]
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf8")


def kill_often(
    command: list[str], out: Path, kills: int, pause: float, dice: random.Random
) -> None:
    """Kill the command or one of its workers, some shards after the last time.

    pause: the longest wait before a kill, in seconds.
    """
    running = None
    for number in range(kills):
        if running is None:
            running = subprocess.Popen(command)
        enough = n_done(out) + dice.choice((0, 1, 1, 2))
        kill_worker = number % 2 == 1
        while n_done(out) < enough or kill_worker and not workers(running.pid):
            if running.poll() is not None:
                sys.exit(f"the command ended after {number} kills: pass more --docs")
            time.sleep(0.005)
        time.sleep(pause * dice.random())
        if kill_worker and (pids := workers(running.pid)):
            pid = dice.choice(pids)
            kill(pid)
            print(f"killed the worker {pid} after {n_done(out)} shards", flush=True)
            continue
        kill(running.pid)
        running.wait()
        print(f"killed the command after {n_done(out)} shards", flush=True)
        running = None
    if running is not None:
        running.wait()


def kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass  # it had come to its end


def n_done(out: Path) -> int:
    return len(list((out / "_annotate" / "done").glob("0*.json")))


def workers(parent: int) -> list[int]:
    """The processes under the command that annotate."""
    parents, lines = {}, {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            stat = (folder / "stat").read_text().rpartition(")")[2].split()
            parents[int(folder.name)] = int(stat[1])
            lines[int(folder.name)] = (folder / "cmdline").read_bytes()
        except OSError:
            continue
    below = [pid for pid in parents if is_below(pid, parent, parents)]
    actors = [pid for pid in below if b"ShardActor" in lines[pid]]
    servers = [pid for pid in below if b"forkserver" in lines[pid]]
    return actors + [pid for pid in servers if parents[pid] in servers]


def is_below(pid: int, ancestor: int, parents: dict[int, int]) -> bool:
    while pid := parents.get(pid, 0):
        if pid == ancestor:
            return True
    return False


def read(folder: Path) -> list[dict]:
    files = sorted(folder.glob("part-*.jsonl"))
    return [json.loads(line) for file in files for line in file.open(encoding="utf8")]


def compare(calm: list[dict], killed: list[dict], n: int) -> None:
    """Exit with an error unless both have all documents once, and the same entities."""
    times = Counter(record["id"] for record in killed)
    twice = [one for one, count in times.items() if count > 1]
    lost = sorted(set(range(n)) - times.keys())
    in_order = [record["id"] for record in killed] == sorted(times.elements())
    same = calm == killed
    found = sum(len(record["entities"]) for record in killed)
    print(f"{len(killed):,} documents, {found:,} entities; lost {lost}, twice {twice}")
    print(f"in order: {in_order}; equal to the undisturbed run: {same}")
    if lost or twice or not in_order or not same:
        sys.exit("not exactly once")


if __name__ == "__main__":
    main()
