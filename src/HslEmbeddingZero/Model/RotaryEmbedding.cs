using TorchSharp;
using static TorchSharp.torch;

namespace HslEmbeddingZero;

/// <summary>
/// Rotary position embedding, rotate-half convention (Su et al. 2021): column j of the first half of a head and column j of the second half
/// are rotated together by position / base^(2j/d). The tables are kept for the device and dtype in use.
/// </summary>
internal sealed class RotaryEmbedding(int headDim, double wavelengthBase) : IDisposable
{
    private readonly Lock _lock = new();
    private Tensor? _cosine;
    private Tensor? _sine;

    /// <summary>Rotates [B, L, N, heads, headDim] queries and keys by their positions, which begin at <paramref name="start"/>.</summary>
    public Tensor Rotate(Tensor x, long start)
    {
        long length = x.size(1);
        using DisposeScope scope = NewDisposeScope();
        Tensor cosine, sine;
        lock (_lock) // Another thread may replace the tables. A view that was taken before keeps its memory.
        {
            Prepare(start + length, x.dtype, x.device);
            cosine = _cosine!.narrow(0, start, length);
            sine = _sine!.narrow(0, start, length);
        }

        // Rolling a head by half its width puts each column's partner into the column's place. The sine table contains the sign.
        return (x * cosine).addcmul_(x.roll(headDim / 2, -1), sine, GcSafeScalar.One).MoveToOuterDisposeScope();
    }

    public void Dispose()
    {
        _cosine?.Dispose();
        _sine?.Dispose();
    }

    private void Prepare(long length, ScalarType dtype, Device device)
    {
        // Device does not define equality: two objects for one device differ.
        if (_cosine is not null && _cosine.size(0) >= length && _cosine.dtype == dtype
            && _cosine.device_type == device.type && _cosine.device_index == device.index) return;

        long rows = Math.Max(2 * length, 1024); // Doubled, because generation needs one more row at a time.
        int half = headDim / 2;
        double[] cosines = new double[rows * headDim];
        double[] sines = new double[rows * headDim];
        for (int j = 0; j < half; j++)
        {
            double frequency = Math.Pow(wavelengthBase, -2.0 * j / headDim);
            for (long position = 0; position < rows; position++)
            {
                (double sine, double cosine) = Math.SinCos(position * frequency);
                long column = position * headDim + j;
                cosines[column] = cosines[column + half] = cosine;
                sines[column] = -sine;
                sines[column + half] = sine;
            }
        }

        Dispose();
        _cosine = Table(cosines, rows, dtype, device);
        _sine = Table(sines, rows, dtype, device);
    }

    private Tensor Table(double[] values, long rows, ScalarType dtype, Device device)
    {
        // A tensor made in inference mode can never take part in a backward pass.
        using IDisposable ordinary = inference_mode(false);
        using Tensor table = tensor(values, [rows, 1, 1, headDim], device: CPU);
        return table.to(dtype, device, copy: true).DetachFromDisposeScope();
    }
}
