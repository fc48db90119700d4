using static TorchSharp.torch;

namespace HslEmbeddingZero.Training;

/// <summary>A micro-batch of B samples of one source, as int16 ids.</summary>
/// <param name="Source">The source of all samples: its index in <see cref="BatchSampler.Sources"/>.</param>
/// <param name="Context">The ids given as context, [B, context length].</param>
/// <param name="Targets">The ids to score, [B, target length].</param>
public readonly record struct ByteBatch(int Source, Tensor Context, Tensor Targets);
