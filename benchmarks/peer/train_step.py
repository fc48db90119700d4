"""Seconds of one training step of the peer: forward, backward, clipping and AdamW, on text batches.

    python3 benchmarks/peer/train_step.py --dim 256 --layers 2 --heads 4 --batch 4 [--steps 20] [--device cuda] [--tf32] [--bf16] [--compile]
"""
import argparse
import statistics
import time

import torch
from torch.nn import functional as F

from body import Body


def main():
    parser = argparse.ArgumentParser()
    for name, default in (("dim", 512), ("layers", 6), ("heads", 8), ("batch", 12), ("steps", 20)):
        parser.add_argument("--" + name, type=int, default=default)
    parser.add_argument("--dropout", type=float, default=0.0)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--bf16", action="store_true", help="autocast to bfloat16")
    parser.add_argument("--tf32", action="store_true", help="TensorFloat32 matrix products on CUDA")
    parser.add_argument("--compile", action="store_true", help="torch.compile")
    a = parser.parse_args()

    torch.manual_seed(0)
    torch.backends.cuda.matmul.allow_tf32 = a.tf32
    body = Body(a.dim, a.layers, a.heads, a.dropout).to(a.device)
    step = torch.compile(body) if a.compile else body
    optimizer = torch.optim.AdamW(body.parameters(), lr=3e-4, betas=(0.9, 0.95), weight_decay=0.1)
    slots = torch.randn(a.batch, 64, a.dim, device=a.device)
    stream = torch.randn(a.batch, 256, a.dim, device=a.device)
    targets = torch.randint(0, 256, (a.batch * 256,), device=a.device)
    seconds = []
    for i in range(a.steps + 3):
        start = time.perf_counter()
        optimizer.zero_grad(set_to_none=True)
        with torch.autocast(a.device, torch.bfloat16, enabled=a.bf16):
            logits = step(slots, stream)
        loss = F.cross_entropy(logits.float().reshape(-1, 258), targets)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(body.parameters(), 1.0)
        optimizer.step()
        if a.device == "cuda":
            torch.cuda.synchronize()
        if i >= 3:
            seconds.append(time.perf_counter() - start)
    print(f"torch {torch.__version__} {a.device} dim {a.dim} layers {a.layers} batch {a.batch}"
          f"{' bf16' if a.bf16 else ''}{' tf32' if a.tf32 else ''}{' compiled' if a.compile else ''}: median {1000 * statistics.median(seconds):.1f} ms,"
          f" {min(seconds) * 1000:.1f} to {max(seconds) * 1000:.1f} ms over {len(seconds)} steps")


if __name__ == "__main__":
    main()
