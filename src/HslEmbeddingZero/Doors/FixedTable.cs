using static TorchSharp.torch;

namespace HslEmbeddingZero;

/// <summary>Constant rows that move with a door to its device and dtype but are not part of its state.</summary>
internal sealed class FixedTable(Tensor rows) : IDisposable
{
    public Tensor Rows { get; private set; } = rows.DetachFromDisposeScope();

    /// <summary>
    /// Moves the rows; null keeps the current dtype or device. A narrower dtype rounds the rows permanently, so make a new table if the
    /// exact values are needed again.
    /// </summary>
    public void Move(ScalarType? dtype, Device? device)
    {
        Tensor moved = Rows.to(dtype ?? Rows.dtype, device ?? Rows.device);
        if (ReferenceEquals(moved, Rows)) return;
        Rows.Dispose();
        Rows = moved.DetachFromDisposeScope();
    }

    public void Dispose() => Rows.Dispose();
}
