using TorchSharp;
using static TorchSharp.torch;

namespace HslEmbeddingZero.Training;

/// <summary>Arithmetic of the model's forward and backward pass.</summary>
#pragma warning disable CA1720 // These are the names of the number formats.
public enum Precision
{
    /// <summary>float32 throughout.</summary>
    Float32,

    /// <summary>
    /// bfloat16 weights and activations in the model. Master weights, gradient sums, moments, softmax statistics and loss are float32.
    /// </summary>
    BFloat16,

    /// <summary>
    /// float32, but matrix products round their inputs to TensorFloat32 (10 bits of mantissa); on CUDA only. The setting applies to the
    /// whole process: trainers that run at the same time must agree on it.
    /// </summary>
    TensorFloat32,
}

internal static class Precisions
{
    /// <summary>
    /// Sets whether float32 matrix products on CUDA may round to TensorFloat32, until the result is disposed. Changes nothing on other
    /// devices.
    /// </summary>
    public static IDisposable? Use(Precision precision, Device device) =>
        device.type == DeviceType.CUDA ? new MatrixProducts(precision == Precision.TensorFloat32) : null;

    private sealed class MatrixProducts : IDisposable
    {
        private readonly bool _before = backends.cuda.matmul.allow_tf32;

        public MatrixProducts(bool allowTf32) => backends.cuda.matmul.allow_tf32 = allowTf32;

        public void Dispose() => backends.cuda.matmul.allow_tf32 = _before;
    }
}
