using static TorchSharp.torch;

namespace HslEmbeddingZero.Training;

/// <summary>A micro-batch of B samples of one modality, as ids: int16 for text, which has ids above 255, and uint8 for windows.</summary>
/// <param name="Modality">The modality of all samples.</param>
/// <param name="Context">What is given, [B, context length].</param>
/// <param name="Targets">What is scored, [B, target length].</param>
public readonly record struct ByteBatch(Modality Modality, Tensor Context, Tensor Targets);
