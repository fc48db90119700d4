using static TorchSharp.torch;

namespace HslEmbeddingZero;

/// <summary>
/// Rotary position embedding, rotate-half convention (Su et al. 2021): column j of the first half of a head and column j of the second
/// half turn together by position / base^(2j/d). The tables are kept for the device and dtype in use.
/// </summary>
internal sealed class RotaryEmbedding(int headDim, double wavelengthBase) : IDisposable
{
    private readonly Lock _lock = new();
    private Tensor? _cosine;
    private Tensor? _sine;

    /// <summary>[B, L, N, heads, headDim] queries and keys, turned by their positions from <paramref name="start"/> on.</summary>
    public Tensor Rotate(Tensor x, long start)
    {
        long length = x.shape[1];
        using var scope = NewDisposeScope();
        Tensor cosine, sine;
        lock (_lock) // Another thread may be remaking the tables; a piece of them, once taken, keeps its memory.
        {
            Prepare(start + length, x.dtype, x.device);
            cosine = _cosine!.narrow(0, start, length);
            sine = _sine!.narrow(0, start, length);
        }

        Tensor first = x.narrow(-1, 0, headDim / 2);
        Tensor second = x.narrow(-1, headDim / 2, headDim / 2);
        return cat([first * cosine - second * sine, (second * cosine).Plus(first * sine)], -1).MoveToOuterDisposeScope();
    }

    public void Dispose()
    {
        _cosine?.Dispose();
        _sine?.Dispose();
    }

    private void Prepare(long length, ScalarType dtype, Device device)
    {
        // Device has no equality of its own: two objects for one device differ.
        if (_cosine is not null && _cosine.shape[0] >= length && _cosine.dtype == dtype
            && _cosine.device_type == device.type && _cosine.device_index == device.index) return;

        long rows = Math.Max(length, 1024);
        int half = headDim / 2;
        double[] cosines = new double[rows * half];
        double[] sines = new double[rows * half];
        for (int j = 0; j < half; j++)
        {
            double frequency = Math.Pow(wavelengthBase, -2.0 * j / headDim);
            for (long position = 0; position < rows; position++)
                (sines[position * half + j], cosines[position * half + j]) = Math.SinCos(position * frequency);
        }

        Dispose();
        _cosine = Table(cosines, rows, half, dtype, device);
        _sine = Table(sines, rows, half, dtype, device);
    }

    private static Tensor Table(double[] values, long rows, int half, ScalarType dtype, Device device)
    {
        using Tensor table = tensor(values, [rows, 1, 1, half]);
        return table.to(dtype, device, copy: true).DetachFromDisposeScope();
    }
}
