"""The safetensors format in a few lines of Python: a reader and a writer without code of the library or the safetensors package.

Needs numpy only.
"""
import json
import struct

import numpy as np

TYPES = {"F64": np.float64, "F32": np.float32, "F16": np.float16, "I64": np.int64, "I32": np.int32, "U8": np.uint8}


def read(path):
    """Metadata and arrays by name. numpy has no bfloat16, so BF16 becomes float32 with the same values."""
    with open(path, "rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(length))
        data = file.read()

    def array(entry):
        values = data[slice(*entry["data_offsets"])]
        if entry["dtype"] == "BF16":
            flat = (np.frombuffer(values, np.uint16).astype(np.uint32) << 16).view(np.float32)
        else:
            flat = np.frombuffer(values, TYPES[entry["dtype"]])
        return flat.reshape(entry["shape"]).copy()

    metadata = header.pop("__metadata__", {})
    return metadata, {name: array(entry) for name, entry in header.items()}


def write(path, arrays, metadata):
    """Arrays by name, in their own types, one after another."""
    names = {np.dtype(dtype): name for name, dtype in TYPES.items()}
    header, position = {"__metadata__": metadata}, 0
    for name, values in arrays.items():
        end = position + values.nbytes
        header[name] = {"dtype": names[values.dtype], "shape": list(values.shape), "data_offsets": [position, end]}
        position = end
    text = json.dumps(header).encode()
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for values in arrays.values():
            file.write(np.ascontiguousarray(values).tobytes())
