"""Checks that the peer computes the same as the library: logits, loss and gradients of the golden body.

    python3 benchmarks/peer/check.py tests/HslEmbeddingZero.Tests/Golden/body-dim64.safetensors
"""
import sys

import torch
from torch.nn import functional as F

from body import Body
from safetensors_numpy import read


def main():
    metadata, arrays = read(sys.argv[1])
    tensors = {name: torch.from_numpy(values) for name, values in arrays.items()}
    body = Body(int(metadata["dim"]), int(metadata["layers"]), int(metadata["heads"]), dropout=0.0)
    body.load_state_dict({name[6:]: t for name, t in tensors.items() if name.startswith("model.")})
    logits = body(tensors["expected.slots"], tensors["expected.stream"])
    loss = F.cross_entropy(logits.reshape(-1, logits.shape[-1]), tensors["input.target_ids"].reshape(-1))
    loss.backward()
    print("largest difference of logits", (logits - tensors["expected.logits"]).abs().max().item())
    print("loss", loss.item(), "expected", metadata["loss_nats_per_byte"])
    worst = (logits - tensors["expected.logits"]).abs().max().item()
    for name, parameter in body.named_parameters():
        expected = tensors.get("expected.grad." + name)
        if expected is not None:
            difference = (parameter.grad - expected).abs().max().item()
            worst = max(worst, difference)
            print("largest difference of the gradient of", name, difference)
    sys.exit(0 if worst < 1e-4 else 1)


if __name__ == "__main__":
    main()
