using static TorchSharp.torch;

namespace HslEmbeddingZero.Samples;

/// <summary>
/// A zero door with some of the 27 channels held at a constant, in every slot place and in the stream. This works because a channel has a
/// fixed column: channel c of the j-th byte is column 27·j + c. The caller disposes the inner door.
/// </summary>
internal sealed class SilencedDoor : InputDoor
{
    // Delegates, not the door itself: a module disposes the modules in its fields.
    private readonly Func<Tensor, Tensor> _slots;
    private readonly Func<Tensor, Tensor> _positions;
    private readonly (Tensor Keep, Tensor Fill) _slot;
    private readonly (Tensor Keep, Tensor Fill) _stream;

    /// <param name="inner">The door of the trained model.</param>
    /// <param name="silenced">For each silenced channel, 0 to 26, its constant value. It also holds for special ids.</param>
    /// <param name="device">Device of the inner door.</param>
    public SilencedDoor(ZeroDoor inner, IReadOnlyDictionary<int, float> silenced, Device device)
        : base(nameof(SilencedDoor), inner.BytesPerSlot, inner.Dim, inner.Tail, HslFeatures.Dimension)
    {
        _slots = inner.forward;
        _positions = inner.Stream;
        _slot = Constants(silenced, inner.BytesPerSlot, device);
        _stream = Constants(silenced, 1, device);
    }

    /// <inheritdoc/>
    protected override Device Device => _slot.Keep.device;

    /// <inheritdoc/>
    protected override Tensor FeaturesCore(Tensor ids) => StreamCore(ids).narrow(2, 0, HslFeatures.Dimension);

    /// <inheritdoc/>
    protected override Tensor SlotsCore(Tensor ids, long slots) => (_slots(ids) * _slot.Keep) + _slot.Fill;

    /// <inheritdoc/>
    protected override Tensor StreamCore(Tensor ids) => (_positions(ids) * _stream.Keep) + _stream.Fill;

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            foreach (Tensor constant in new[] { _slot.Keep, _slot.Fill, _stream.Keep, _stream.Fill }) constant.Dispose();
        }

        base.Dispose(disposing);
    }

    /// <summary>Keep and Fill, both [dim]: 1 and 0 where a column is kept, 0 and the constant where it is silenced.</summary>
    private (Tensor Keep, Tensor Fill) Constants(IReadOnlyDictionary<int, float> silenced, int bytes, Device device)
    {
        float[] keep = new float[Dim], fill = new float[Dim];
        Array.Fill(keep, 1);
        foreach ((int channel, float constant) in silenced)
        {
            for (int place = 0; place < bytes; place++)
            {
                keep[(place * HslFeatures.Dimension) + channel] = 0;
                fill[(place * HslFeatures.Dimension) + channel] = constant;
            }
        }

        return (tensor(keep, device: device).DetachFromDisposeScope(), tensor(fill, device: device).DetachFromDisposeScope());
    }
}
