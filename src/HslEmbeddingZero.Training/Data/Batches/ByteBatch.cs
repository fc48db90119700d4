using static TorchSharp.torch;

namespace HslEmbeddingZero.Training;

/// <summary>A micro-batch of B samples of one source, as int16 ids.</summary>
/// <param name="Source">The source of all samples: its index in <see cref="BatchSampler.Sources"/>.</param>
/// <param name="Context">What is given, [B, context length].</param>
/// <param name="Targets">What is scored, [B, target length].</param>
public readonly record struct ByteBatch(int Source, Tensor Context, Tensor Targets);
