// From bytes to slots to your own TorchSharp transformer, without a learned input layer.
using HslEmbeddingZero;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

using var door = new ZeroDoor(bytesPerSlot: 8, dim: 512);
using DisposeScope scope = NewDisposeScope(); // frees every tensor made below
Tensor ids = tensor("No learned input layer, 안녕!"u8.ToArray()).unsqueeze(0); // [1, 31] uint8
Tensor slots = door.forward(ids); // [1, 4, 512]
using TransformerEncoder encoder = nn.TransformerEncoder(nn.TransformerEncoderLayer(512, 8, dropout: 0), 2);
Tensor thoughts = encoder.forward(slots.transpose(0, 1), null, null); // [4, 1, 512]

Console.WriteLine($"bytes    [{string.Join(", ", ids.shape)}] {ids.dtype}");
Console.WriteLine($"slots    [{string.Join(", ", slots.shape)}] {slots.dtype}");
Console.WriteLine($"thoughts [{string.Join(", ", thoughts.shape)}] {thoughts.dtype}");
Console.WriteLine($"learned parameters at the door: {door.LearnedParameters}");
