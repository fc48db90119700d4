using static TorchSharp.torch;

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

    /// <summary>
    /// float32 whose matrix products round their inputs to TensorFloat32 (10 bits of mantissa); on CUDA only. The setting is one of the
    /// whole process: trainers at work side by side must agree on it.
    /// </summary>
    TensorFloat32,
}

internal static class Precisions
{
    /// <summary>Sets what matrix products of float32 on CUDA may round. Changes nothing on other devices.</summary>
    public static void Use(Precision precision) => backends.cuda.matmul.allow_tf32 = precision == Precision.TensorFloat32;
}
