"""Computes the golden files with the original Python packages, and compares or writes them.

    python3 -m venv .venv && .venv/bin/pip install -r requirements.txt
    .venv/bin/python make.py            # compares; the exit code is 1 where a value differs by more than 1e-5
    .venv/bin/python make.py --write    # writes the files

The byte strings, and the weights and inputs of the body, are those of the files. Everything else is computed. The originals have no body
of this form that can be imported: benchmarks/peer/body.py stands for it.
"""
import argparse
import base64
import importlib.metadata
import json
import pathlib
import sys

import numpy as np
import torch
from torch.nn import functional as F

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[2] / "benchmarks" / "peer"))

import hsl_embedding as hsl
from check import outputs
from hsl_embedding.ablation import ControlEmbedding, value_lut
from hsl_embedding_zero import ZeroInput
from safetensors_numpy import read, write

TOLERANCE = 1e-5


def floats(values):
    """Row-major Python floats of float32 or float64 values."""
    return np.asarray(values).reshape(-1).tolist()


def matrix(values):
    return {"shape": list(values.shape), "row_major": floats(values)}


def features(golden):
    """hsl-features.json: what encode and embed give for each byte string."""
    cases = []
    for case in golden["cases"]:
        data = base64.b64decode(case["bytes_base64"])
        frame = hsl.encode(data)
        plain, phase = hsl.embed(data)
        cases.append({
            "name": case["name"],
            "bytes_base64": case["bytes_base64"],
            "length": len(data),
            "delta": frame.delta.tolist(),
            "delta2": frame.delta2.tolist(),
            "boundary": floats(frame.byte_boundary_score),
            "features27": matrix(plain),
            "features35": matrix(hsl.embed(data, include_bits=True)[0]),
            "features27_momentum": matrix(hsl.embed(data, momentum_phase=True)[0]),
            "phase": floats(phase),
        })
    return {
        "note": golden["note"],
        "feature_names_27": list(hsl.FEAT_NAMES),
        "feature_names_35": list(hsl.FEAT_NAMES_FULL),
        "cases": cases,
    }


def control_tables(golden):
    """control-tables.json: the value tables of ControlEmbedding, and the numbers that they are drawn from."""
    return {
        "note": golden["note"],
        "value_lut": floats(value_lut()),
        "arms": [
            {
                "seed": seed,
                "permutation": np.random.RandomState(seed).permutation(256).tolist(),
                "random": floats(ControlEmbedding("random", seed)._value_lut),
                "randn_first16": floats(np.random.RandomState(seed).randn(256, 18).reshape(-1)[:16]),
                "learned_init_first36": floats(ControlEmbedding("learned", seed).value.weight.detach().reshape(-1)[:36]),
            }
            for seed in (arm["seed"] for arm in golden["arms"])
        ],
    }


def body(metadata, arrays):
    """body-dim64.safetensors: slots and stream of ZeroInput, then logits, loss and gradients of the body."""
    door = ZeroInput(K=int(metadata["bytes_per_slot"]), dim=int(metadata["dim"]))
    context, targets = (torch.from_numpy(arrays["input." + name]) for name in ("context_ids", "target_ids"))
    slots, stream = door(context), door.stream(F.pad(targets[:, :-1], (1, 0)))
    model, logits, loss = outputs(metadata, arrays, slots, stream)
    expected = {"expected.logits": logits, "expected.slots": slots, "expected.stream": stream}
    expected |= {"expected.grad." + name: weight.grad for name, weight in model.named_parameters()}
    computed = {name: expected[name].detach().numpy() if name in expected else values for name, values in arrays.items()}
    return metadata | {
        "loss_nats_per_byte": f"{loss.item():.8g}",
        "parameters": str(sum(weight.numel() for weight in model.parameters())),
    }, computed


def difference(one, other):
    """The largest difference of two trees of numbers; infinite where anything else differs."""
    if isinstance(one, dict) and isinstance(other, dict):
        if one.keys() != other.keys():
            return float("inf")
        return max((difference(one[key], other[key]) for key in one), default=0.0)
    if isinstance(one, list) and isinstance(other, list):
        if len(one) != len(other):
            return float("inf")
        return max((difference(a, b) for a, b in zip(one, other)), default=0.0)
    if isinstance(one, np.ndarray):
        return float(np.abs(one - other).max()) if one.shape == other.shape and one.dtype == other.dtype else float("inf")
    if isinstance(one, float) and isinstance(other, float):
        return abs(one - other)
    return 0.0 if one == other else float("inf")


def main():
    parser = argparse.ArgumentParser(description="Computes the golden files with the original Python packages.")
    parser.add_argument("--write", action="store_true", help="write the files instead of comparing them")
    write_files = parser.parse_args().write
    for package in ("hsl-embedding", "hsl-embedding-zero", "numpy", "torch"):
        try:
            print(package, importlib.metadata.version(package))
        except importlib.metadata.PackageNotFoundError:
            print(package, "is not installed as a package; taken from", sys.modules[package.replace("-", "_")].__file__)

    worst = 0.0

    def report(name, found):
        nonlocal worst
        worst = max(worst, found)
        print(f"{name}: {'the same in every digit' if found == 0 else f'largest difference {found:.3g}'}")

    for name, compute in (("hsl-features.json", features), ("control-tables.json", control_tables)):
        golden = json.loads((HERE / name).read_text())
        computed = compute(golden)
        if write_files:
            (HERE / name).write_text(json.dumps(computed, separators=(",", ":")))
        report(name, difference(golden, computed))

    name = "body-dim64.safetensors"
    metadata, arrays = read(HERE / name)
    computed_metadata, computed = body(metadata, arrays)
    if write_files:
        write(HERE / name, computed, computed_metadata)
    loss = "loss_nats_per_byte"
    report(name, max(
        difference(arrays, computed),
        abs(float(metadata[loss]) - float(computed_metadata[loss])),
        difference({k: v for k, v in metadata.items() if k != loss}, {k: v for k, v in computed_metadata.items() if k != loss})))
    sys.exit(0 if write_files or worst <= TOLERANCE else 1)


if __name__ == "__main__":
    main()
