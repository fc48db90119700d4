using static TorchSharp.torch;

namespace HslEmbeddingZero;

/// <summary>Constant rows that follow a door to its device and dtype without being part of its state.</summary>
internal sealed class FixedTable(Tensor rows) : IDisposable
{
    public Tensor Rows { get; private set; } = rows.DetachFromDisposeScope();

    /// <summary>
    /// Moves the rows; a null leaves that side as it is. A narrower dtype rounds them for good, so rows that it cannot hold are to be made
    /// anew.
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
