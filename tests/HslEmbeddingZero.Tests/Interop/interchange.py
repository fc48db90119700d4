"""The Python side of PythonInterchangeTests. Its neighbours at run time are the peer's files, in the folder that the first argument names.

    interchange.py PEER negate MODEL OUT          writes the model again with every weight negated (numpy)
    interchange.py PEER logits MODEL INPUTS OUT   writes what the model gives in PyTorch
    interchange.py PEER create INPUTS MODEL OUT   makes a model in PyTorch, writes it as the library reads it, and what it gives
"""
import json
import sys

sys.path.insert(0, sys.argv[1])
sys.dont_write_bytecode = True
from safetensors_numpy import read, write  # noqa: E402


def torch_body(options):
    from body import Body
    return Body(options["dim"], options["layers"], options["heads"], dropout=0.0).eval()


def write_logits(body, inputs_path, out_path):
    import torch
    _, inputs = read(inputs_path)
    with torch.no_grad():
        logits = body(torch.from_numpy(inputs["slots"]), torch.from_numpy(inputs["stream"]))
    write(out_path, {"logits": logits.numpy()}, {})


def negate(model_path, out_path):
    metadata, weights = read(model_path)
    write(out_path, {name: -values for name, values in weights.items()}, metadata)


def logits(model_path, inputs_path, out_path):
    import torch
    metadata, weights = read(model_path)
    body = torch_body(json.loads(metadata["body"]))
    body.load_state_dict({name: torch.from_numpy(values) for name, values in weights.items()})
    write_logits(body, inputs_path, out_path)


def create(inputs_path, model_path, out_path):
    import torch
    torch.manual_seed(3)
    options = {"dim": 64, "layers": 2, "heads": 4, "dropout": 0.0, "fastWeightMemory": True, "memoryChunk": 64,
               "rotaryBase": 10000, "vocabulary": 258}
    body = torch_body(options)
    with torch.no_grad():
        for memory in body.mem_blocks:
            memory.gate.fill_(0.5)
    write(model_path, {name: values.numpy() for name, values in body.state_dict().items()}, {
        "format": "HslEmbeddingZero model 1",
        "door": json.dumps({"arm": "zero", "bytesPerSlot": 2}),
        "body": json.dumps(options),
    })
    write_logits(body, inputs_path, out_path)


{"negate": negate, "logits": logits, "create": create}[sys.argv[2]](*sys.argv[3:])
