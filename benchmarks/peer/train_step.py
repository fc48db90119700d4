"""Milliseconds of one training step of the peer: forward, backward, clipping and AdamW, on text batches.

    python3 benchmarks/peer/train_step.py --dim 256 --layers 2 --heads 4 --batch 4 [--steps 20] [--device cuda] [--tf32] [--bf16] [--compile]
    python3 benchmarks/peer/train_step.py --batch 12,36 --device cuda --precisions float32,tf32,bf16

Several precisions and batches are measured one after another in one process, which loads torch once.
"""
import argparse
import statistics
import time

import torch
from torch.nn import functional as F

from body import Body

PRECISIONS = ("float32", "tf32", "bf16")


def measure(a, precision, batch):
    torch.manual_seed(0)
    torch.backends.cuda.matmul.allow_tf32 = precision == "tf32"
    body = Body(a.dim, a.layers, a.heads, a.dropout).to(a.device)
    step = torch.compile(body) if a.compile else body
    optimizer = torch.optim.AdamW(body.parameters(), lr=3e-4, betas=(0.9, 0.95), weight_decay=0.1)
    slots = torch.randn(batch, 64, a.dim, device=a.device)
    stream = torch.randn(batch, 256, a.dim, device=a.device)
    targets = torch.randint(0, 256, (batch * 256,), device=a.device)
    seconds = []
    for i in range(a.steps + 3):
        start = time.perf_counter()
        optimizer.zero_grad(set_to_none=True)
        with torch.autocast(a.device, torch.bfloat16, enabled=precision == "bf16"):
            logits = step(slots, stream)
        loss = F.cross_entropy(logits.float().reshape(-1, 258), targets)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(body.parameters(), 1.0)
        optimizer.step()
        if a.device == "cuda":
            torch.cuda.synchronize()
        if i >= 3:
            seconds.append(time.perf_counter() - start)
    device = torch.cuda.get_device_name() if a.device == "cuda" else a.device
    print(f"torch {torch.__version__} {device} dim {a.dim} layers {a.layers} batch {batch}"
          f"{'' if precision == 'float32' else ' ' + precision}{' compiled' if a.compile else ''}: median {1000 * statistics.median(seconds):.1f} ms,"
          f" {min(seconds) * 1000:.1f} to {max(seconds) * 1000:.1f} ms over {len(seconds)} steps", flush=True)


def main():
    parser = argparse.ArgumentParser()
    for name, default in (("dim", 512), ("layers", 6), ("heads", 8), ("steps", 20)):
        parser.add_argument("--" + name, type=int, default=default)
    parser.add_argument("--batch", default="12", help="samples in a batch; several, separated by commas")
    parser.add_argument("--dropout", type=float, default=0.0)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--precisions", help="any of " + ", ".join(PRECISIONS) + ", separated by commas; bf16 is autocast, tf32 changes nothing on a CPU")
    parser.add_argument("--bf16", action="store_true", help="the same as --precisions bf16")
    parser.add_argument("--tf32", action="store_true", help="the same as --precisions tf32")
    parser.add_argument("--compile", action="store_true", help="torch.compile")
    a = parser.parse_args()

    precisions = a.precisions.split(",") if a.precisions else ["bf16" if a.bf16 else "tf32" if a.tf32 else "float32"]
    for precision in precisions:
        if precision not in PRECISIONS:
            parser.error(f"--precisions: '{precision}' is unknown; known are {', '.join(PRECISIONS)}")
    for precision in precisions:
        for batch in a.batch.split(","):
            measure(a, precision, int(batch))


if __name__ == "__main__":
    main()
