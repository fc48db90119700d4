namespace HslEmbeddingZero.Training;

/// <summary>Arithmetic of the model's forward and backward pass.</summary>
#pragma warning disable CA1720 // These are the names of the number formats.
public enum Precision
{
    /// <summary>float32 throughout.</summary>
    Float32,

    /// <summary>
    /// bfloat16 weights and activations in the model; master weights, gradients' sums, moments, softmax statistics and loss in float32.
    /// </summary>
    BFloat16,
}
