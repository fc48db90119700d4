"""The time of a gradient's exchange on paper, for the networks of benchmarks/README.md, section "Several processes".

    python3 benchmarks/exchange_model.py

A ring of n members sums S bytes in 2 (n - 1) / n S / B + 2 (n - 1) a: each member sends that many bytes with the bandwidth B, in 2 (n - 1)
messages of latency a. On machines with several GPUs there are two rings: the GPUs of a machine (all S bytes), and the machines. The
second ring sums the rest of a machine's bytes with all the bandwidth of the machine, so it does not matter how many GPUs share it.
"""
GRADIENT = 4 * 25_357_576  # bytes: float32, the paper body
STEPS = 0.015, 0.030  # seconds of one micro-batch's forward and backward pass and the update
PAYS = 0.10  # share of a step that a change must save


def ring(members, bandwidth, latency):
    return 2 * (members - 1) / members * GRADIENT / bandwidth + 2 * (members - 1) * latency


def exchange(gpus, inside, machines=1, outside=None):
    """Seconds. inside and outside are (bandwidth in bytes a second, latency in seconds)."""
    return ring(gpus, *inside) + (ring(machines, *outside) if machines > 1 else 0)


NVLINK = 360e9, 3e-6  # 450 GB/s in each direction, of which 0.8 arrive
PCIE = 20e9, 5e-6  # generation 4, 16 lanes: 32 GB/s, shared with other traffic
INFINIBAND = 8 * 0.9 * 50e9, 5e-6  # 8 adapters of 400 Gb/s
ETHERNET_100 = 0.9 * 12.5e9, 20e-6
ETHERNET_25 = 0.9 * 3.125e9, 20e-6

NETWORKS = [
    ("8 GPUs, NVLink", 8, exchange(8, NVLINK)),
    ("8 GPUs, PCIe 4", 8, exchange(8, PCIE)),
    ("64 × 8 GPUs, 8 × 400 Gb/s a machine", 512, exchange(8, NVLINK, 64, INFINIBAND)),
    ("64 × 8 GPUs, 100 Gb/s a machine", 512, exchange(8, NVLINK, 64, ETHERNET_100)),
    ("64 × 8 GPUs, 25 Gb/s a machine", 512, exchange(8, NVLINK, 64, ETHERNET_25)),
]


def main():
    print("| ranks | exchange |" + "".join(f" efficiency, speedup at {1e3 * step:.0f} ms |" for step in STEPS) + " 3 × 30 ms |")
    print("| --- | ---: |" + " ---: |" * (len(STEPS) + 1))
    for name, ranks, seconds in NETWORKS:
        cells = [f"{step / (step + seconds):.2f}, {ranks * step / (step + seconds):.3g}" for step in (*STEPS, 3 * STEPS[-1])]
        print(f"| {name} | {1e3 * seconds:.1f} ms | {' | '.join(cells)} |")
    print()
    print("| step | overlap pays above | a machine below | bfloat16 pays above | a machine below |")
    print("| ---: | ---: | ---: | ---: | ---: |")
    for step in (*STEPS, 3 * STEPS[-1]):
        overlap, half = step * PAYS / (1 - PAYS), step * 2 * PAYS / (1 - 2 * PAYS)
        cells = [f"{1e3 * seconds:.1f} ms | {8 * 2 * GRADIENT / seconds / 1e9:.0f} Gb/s" for seconds in (overlap, half)]
        print(f"| {1e3 * step:.0f} ms | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
