"""Which run of the table comes next, and which fit into the time that is left. Called by run.sh.

    python3 benchmarks/gpu/plan.py next    results seconds steps arms other-k skip more       prints "arm k seed", or nothing where none fits
    python3 benchmarks/gpu/plan.py show    results seconds steps arms other-k skip more       prints the whole plan
    python3 benchmarks/gpu/plan.py done    results k seed ...                          prints the arms that are finished with all of these seeds
    python3 benchmarks/gpu/plan.py pace    results arms                                prints the measured milliseconds a step

arms and skip are lists with commas, in the order of the table; more is the seconds that a later call has for a run that was begun in this one.
JOBS is the number of runs at a time. A run costs its steps at the measured pace, and what the process needs beside them: its start, the corpus,
the evaluation. Both come from finished runs, else from the probe. Runs at a time share the device: each is as fast as alone until the device
is busy, and then its step takes its share times as long.
"""
import glob
import json
import os
import statistics
import sys

K = 8
MARGIN = 1.03  # a pace measured over some steps is not exact
WORTH_STARTING = 3.0  # seconds of training
DEFAULT_OVERHEAD = 15.0  # seconds, before any was measured


def stem(arm, k, seed):
    return f"{arm}-k{k}-seed{seed}"


def read_result(path):
    """A result, or nothing where the file is missing or broken."""
    try:
        with open(path, encoding="utf-8") as file:
            return json.load(file)
    except (OSError, ValueError):
        return None


def seconds_by_step(path):
    """(step, seconds trained) of a metrics file, without a line that was cut off."""
    points = []
    try:
        with open(path, encoding="utf-8") as file:
            for line in file:
                try:
                    values = json.loads(line)
                    points.append((values["step"], values["seconds"]))
                except (ValueError, KeyError, TypeError):
                    continue
    except OSError:
        pass
    return points


def pace_of(path):
    """Seconds a step: the median between two lines, which leaves out the first steps and one that waited for something."""
    points = seconds_by_step(path)
    paces = [(b[1] - a[1]) / (b[0] - a[0]) for a, b in zip(points, points[1:]) if b[0] > a[0]]
    return statistics.median(paces) if paces else None


def shared_by(path):
    """How many runs there were at a time, where a run was measured."""
    return (read_result(path[: -len(".metrics.jsonl")] + ".run.json") or {}).get("jobs", 1)


def pace(results, arm, jobs=1):
    """Seconds a step of an arm where so many runs share the device: from its own runs, else the slowest of the other arms."""
    everything = [(path, pace_of(path), shared_by(path)) for path in glob.glob(os.path.join(results, "*", "*.metrics.jsonl"))]
    everything = [(path, step, shared) for path, step, shared in everything if step]
    alone = [(path, step) for path, step, shared in everything if shared == 1]
    own = [step for path, step in alone if os.path.basename(path).startswith(f"{arm}-k")]
    device = [step / shared for _, step, shared in everything if shared > 1]
    steps = [max(own or [step for _, step in alone], default=None)]
    if device and (jobs > 1 or steps == [None]):
        steps.append(jobs * max(device))
    return max((step for step in steps if step), default=None)


def wall(path):
    """Seconds of a whole process, as run.sh wrote them down."""
    try:
        with open(path, encoding="utf-8") as file:
            return float(file.read())
    except (OSError, ValueError):
        return None


def overhead(results):
    """Seconds of a process beside its training."""
    measured = []
    for path in glob.glob(os.path.join(results, "table", "*.run.json")):
        points, seconds = seconds_by_step(path[: -len(".run.json")] + ".metrics.jsonl"), (read_result(path) or {}).get("wallSeconds")
        if points and seconds:
            measured.append(seconds - points[-1][1])
    if measured:
        return max(0.0, max(measured))

    # The probe's processes train five arms, so each arm's evaluation is told from what a process costs once.
    runs = [(path, read_result(path)) for path in glob.glob(os.path.join(results, "probe", "*.result.json"))]
    walls = [seconds for seconds in map(wall, glob.glob(os.path.join(results, "probe", "*.wall.txt"))) if seconds]
    runs = [(path, result) for path, result in runs if result]
    if not runs or not walls:
        return DEFAULT_OVERHEAD
    evaluations = []
    for path, result in runs:
        points = seconds_by_step(path[: -len(".result.json")] + ".metrics.jsonl")
        if points:
            evaluations.append(result["wallSeconds"] - points[-1][1])
    once = (sum(walls) - sum(result["wallSeconds"] for _, result in runs)) / len(walls)
    return max(0.0, once) + max(evaluations, default=0.0)


def wanted(arms, other_k):
    """The runs in the order of their worth: all doors once, again with a second seed, and two of them with another number of bytes a slot."""
    runs = [(arm, K, seed) for seed in (0, 1) for arm in arms]
    return runs + [(arm, other_k, 0) for arm in arms if arm in ("zero", "projection")]


def is_done(results, run):
    path = os.path.join(results, "table", stem(*run))
    return read_result(path + ".result.json") is not None and os.path.exists(path + ".metrics.jsonl")


def steps_left(results, run, steps):
    """Steps that a run has before it: fewer where it has a checkpoint."""
    folder = os.path.join(results, "runs", stem(*run), stem(*run))
    if not os.path.exists(folder + ".checkpoint.safetensors"):
        return steps
    points = seconds_by_step(folder + ".metrics.jsonl")
    return steps - min(steps, points[-1][0] if points else 0)


def plan(results, seconds, steps, arms, other_k, skip, more):
    """(run, seconds it takes or None, what becomes of it)."""
    beside, rows, jobs = overhead(results), [], int(os.environ.get("JOBS", "1"))
    for run in wanted(arms, other_k):
        step = pace(results, run[0], jobs)
        cost = None if step is None else steps_left(results, run, steps) * step * MARGIN + beside
        if is_done(results, run):
            rows.append((run, cost, "finished"))
        elif stem(*run) in skip:
            rows.append((run, cost, "taken"))
        elif cost is None:
            rows.append((run, cost, "to run, its time is not known"))
            seconds = 0  # the one after it waits until this one has been measured
        elif cost <= seconds:
            rows.append((run, cost, "to run"))
            seconds -= cost
        elif cost <= seconds + more and seconds > beside + WORTH_STARTING:
            rows.append((run, cost, "to run in part"))
            seconds = 0
        else:
            rows.append((run, cost, "does not fit"))
            seconds = 0  # a later one does not overtake
    return rows


def main():
    command, results, rest = sys.argv[1], sys.argv[2], sys.argv[3:]
    if command == "pace":
        for arm in rest[0].split(","):
            step = pace(results, arm)
            print(f"{arm}: {'not measured' if step is None else f'{1000 * step:.2f} ms a step'}")
        print(f"beside the steps: {overhead(results):.1f} s a run")
    elif command == "done":
        k, seeds = rest[0], rest[1:]
        paths = glob.glob(os.path.join(results, "table", f"*-k{k}-seed{seeds[0]}.result.json"))
        found = {os.path.basename(path)[: -len(f"-k{k}-seed{seeds[0]}.result.json")] for path in paths}
        order = [arm for arm, _, _ in wanted(os.environ.get("ARMS", "").split(","), int(k))]
        arms = sorted((arm for arm in found if all(is_done(results, (arm, k, seed)) for seed in seeds)),
                      key=lambda arm: (order.index(arm) if arm in order else len(order), arm))
        print(",".join(arms))
    else:
        seconds, steps, arms, other_k, skip = float(rest[0]), int(rest[1]), rest[2].split(","), int(rest[3]), rest[4].split(",")
        rows = plan(results, seconds, steps, arms, other_k, skip, more=float(rest[5]))
        if command == "next":
            for run, _, state in rows:
                if state.startswith("to run"):
                    print(*run)
                    break
        else:
            for run, cost, state in rows:
                print(f"{stem(*run):28} {'     ?' if cost is None else f'{cost:6.1f}'} s  {state}")


if __name__ == "__main__":
    main()
