"""Checks that the peer computes the same as the library: logits, loss and gradients of the golden body.

    python3 benchmarks/peer/check.py tests/HslEmbeddingZero.Tests/Golden/body-dim64.safetensors
"""
import sys

import torch
from torch.nn import functional as F

from body import Body
from safetensors_numpy import read


def outputs(metadata, arrays, slots, stream):
    """Runs the body of a golden file on slots and stream: the body, its logits and its loss, after a backward pass."""
    body = Body(int(metadata["dim"]), int(metadata["layers"]), int(metadata["heads"]), dropout=0.0)
    body.load_state_dict({name[6:]: torch.from_numpy(values) for name, values in arrays.items() if name.startswith("model.")})
    logits = body(slots, stream)
    loss = F.cross_entropy(logits.reshape(-1, logits.shape[-1]), torch.from_numpy(arrays["input.target_ids"]).reshape(-1))
    loss.backward()
    return body, logits, loss


def main():
    metadata, arrays = read(sys.argv[1])
    expected = {name: torch.from_numpy(values) for name, values in arrays.items()}
    body, logits, loss = outputs(metadata, arrays, expected["expected.slots"], expected["expected.stream"])
    worst = (logits - expected["expected.logits"]).abs().max().item()
    print("largest difference of logits", worst)
    print("loss", loss.item(), "expected", metadata["loss_nats_per_byte"])
    for name, parameter in body.named_parameters():
        gradient = expected.get("expected.grad." + name)
        if gradient is not None:
            difference = (parameter.grad - gradient).abs().max().item()
            worst = max(worst, difference)
            print("largest difference of the gradient of", name, difference)
    sys.exit(0 if worst < 1e-4 else 1)


if __name__ == "__main__":
    main()
