"""Milliseconds in which processes of this machine add their float32 numbers with Gloo, PyTorch's own exchange between CPUs.

    python3 benchmarks/peer/all_reduce.py [--floats 25357576,2173700,1000,2] [--rounds 9] [--ranks 2]

It measures as the command exchange of HslEmbeddingZero.DeviceBenchmarks does, and prints the same table: in every round all ranks begin
together, and the round takes as long as its slowest rank. It starts the ranks itself, each with one thread.
"""
import argparse
import math
import os
import statistics
import tempfile
import time

import torch
from torch import distributed
from torch import multiprocessing

EXCHANGE = "all_reduce"
LEAST_GIGABYTES = 1e-3  # size from which bytes per second mean something
MOST_CALLS = 1000
TIMING_SECONDS = 0.01


def floor(ranks):
    """The least time of an exchange, in copies of the same size: S (3 - 1/N) bytes moved, where a copy moves 2 S."""
    return (3 - 1 / ranks) / 2


def timed(call, calls):
    """Seconds of one call on this rank. All ranks begin together."""
    distributed.barrier()
    start = time.perf_counter()
    for _ in range(calls):
        call()
    return (time.perf_counter() - start) / calls


def calls_of(call):
    """Warms up, and finds how many calls one timing needs to be long enough. All ranks make as many."""
    call()
    calls = torch.tensor([min(MOST_CALLS, math.ceil(TIMING_SECONDS / max(timed(call, 1), 1e-6)))])
    distributed.broadcast(calls, 0)
    timed(call, int(calls))
    return int(calls)


def require_right_sum(size, rank, ranks):
    values = torch.full((size,), float(rank + 1))
    distributed.all_reduce(values)
    if not bool((values == ranks * (ranks + 1) // 2).all()):
        raise SystemExit(f"error: the sum of 1 to {ranks} over all ranks must be {ranks * (ranks + 1) // 2}; all_reduce gave another.")


def measure(size, rank, ranks, rounds):
    require_right_sum(size, rank, ranks)
    values, other = torch.full((size,), 0.0), torch.full((size,), 0.0)
    calls = {
        EXCHANGE: lambda: distributed.all_reduce(values),
        "copy_ in every rank": lambda: other.copy_(values),
        "add_ in every rank": lambda: other.add_(values),
    }
    counts = {name: calls_of(call) for name, call in calls.items()}
    seconds = {name: torch.zeros(rounds, dtype=torch.float64) for name in calls}
    for i in range(rounds):
        for name, call in calls.items():
            seconds[name][i] = timed(call, counts[name])
    for name in calls:
        distributed.all_reduce(seconds[name], distributed.ReduceOp.MAX)
    if rank:
        return
    gigabytes = size * 4 / 1e9
    least = floor(ranks) * statistics.median(seconds["copy_ in every rank"].tolist())
    for name in calls:
        every = seconds[name].tolist()
        median = statistics.median(every)
        digits = 4 if median < 1e-3 else 2
        large = gigabytes >= LEAST_GIGABYTES
        times = " | ".join(f"{1e3 * value:.{digits}f}" for value in (median, min(every), max(every)))
        speed = f"{gigabytes / median:.2f}" if large else ""
        beside_floor = f"{median / least:.2f}" if large and name == EXCHANGE else ""
        print(f"| {size} | {name} | {times} | {speed} | {beside_floor} |", flush=True)


def run(rank, ranks, meeting, sizes, rounds):
    torch.set_num_threads(1)
    distributed.init_process_group("gloo", init_method="file://" + meeting, rank=rank, world_size=ranks)
    if not rank:
        print(f"torch {torch.__version__}, gloo, {ranks} ranks on the CPU, threads of each: 1; medians of {rounds} rounds, "
              "the calls in turn; a round takes as long as its slowest rank; "
              f"the floor moves {2 * floor(ranks):.2f} times the bytes, a copy 2 times\n")
        print("| floats | call | ms | least | most | GB/s | times the floor |")
        print("| ---: | --- | ---: | ---: | ---: | ---: | ---: |", flush=True)
    for size in sizes:
        measure(size, rank, ranks, rounds)
    distributed.barrier()
    distributed.destroy_process_group()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--floats", default="25357576,2173700,1000,2", help="float32 numbers in an exchange; several, separated by commas")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--ranks", type=int, default=2)
    a = parser.parse_args()
    if not distributed.is_available() or not distributed.is_gloo_available():
        parser.error(f"torch {torch.__version__} was built without Gloo; Debian's python3-torch and the wheels of PyTorch have it")
    with tempfile.TemporaryDirectory() as folder:
        sizes = [int(size) for size in a.floats.split(",")]
        multiprocessing.spawn(run, (a.ranks, os.path.join(folder, "meeting"), sizes, a.rounds), nprocs=a.ranks)


if __name__ == "__main__":
    main()
