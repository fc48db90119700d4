using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace HslEmbeddingZero;

/// <summary>
/// The address of a tensor's first number, for native libraries that read and write tensors on any device. TorchSharp gives no address of
/// memory on a GPU.
/// </summary>
internal static unsafe class TensorPointer
{
    /// <summary>THSTensor_data of TorchSharp's own library, which is found by the name and the rules of TorchSharp itself.</summary>
    private static readonly Lazy<nint> Reader = new(() =>
    {
        TorchRuntime.EnsureLoaded();
        return NativeLibrary.GetExport(NativeLibrary.Load("LibTorchSharp", typeof(Tensor).Assembly, null), "THSTensor_data");
    });

    /// <summary>
    /// The address of the first number of a tensor or of a view; a GPU's address if it is there. The caller keeps the tensor alive while
    /// the address is in use.
    /// </summary>
    /// <exception cref="ArgumentException">The tensor has no memory: it is sparse, or on the meta device.</exception>
    public static nint Of(Tensor tensor)
    {
        // libtorch refuses the address of a sparse tensor, and TorchSharp would report that at a later, innocent call.
        nint address = tensor.is_sparse ? 0 : ((delegate* unmanaged<nint, nint>)Reader.Value)(tensor.Handle);
        GC.KeepAlive(tensor);
        if (address != 0 || (tensor.numel() == 0 && !tensor.is_sparse)) return address;
        throw new ArgumentException(
            $"tensor is {(tensor.is_sparse ? "sparse" : $"on {tensor.device}")}; it has no memory that a native library can use.",
            nameof(tensor));
    }
}
