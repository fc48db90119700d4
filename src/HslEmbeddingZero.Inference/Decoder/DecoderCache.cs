namespace HslEmbeddingZero;

/// <summary>
/// What one stream keeps of the positions that it has read: keys and values of the attention (the KV cache), and the summed state of the
/// memory.
/// </summary>
internal sealed class DecoderCache
{
    public DecoderCache(DecoderNetwork network, DecoderPrecision format)
    {
        Layers = [.. network.Layers.Select(layer => new DecoderLayerCache(network, format, layer.Memory is not null))];
    }

    public DecoderLayerCache[] Layers { get; }

    /// <summary>Positions read so far.</summary>
    public int Length { get; set; }

    /// <summary>Makes room for more positions, before a pass that may run on several threads.</summary>
    public void Reserve(int positions)
    {
        foreach (DecoderLayerCache layer in Layers) layer.Reserve(Length + positions, Length);
    }
}

/// <summary>The cache of one layer.</summary>
/// <remarks>
/// Keys: for each head, panels of 32 positions with headDim rows. A panel times a query gives 32 scores. Values: for each head, panels of
/// 32 columns with a row for each position. A panel times the attention weights gives 32 columns of the result.
/// </remarks>
internal sealed unsafe class DecoderLayerCache
{
    private const int FirstCapacity = 512;

    private readonly DecoderPrecision _format;
    private readonly int _heads, _headDim;
    private readonly nint _rowBytes;
    private AlignedMemory _keys = new(0), _values = new(0);
    private int _capacity;

    public DecoderLayerCache(DecoderNetwork network, DecoderPrecision format, bool hasMemory)
    {
        (_format, _heads, _headDim) = (format, network.Body.Heads, network.HeadDim);
        _rowBytes = Panels.RowBytes(format);
        if (!hasMemory) return;
        State = AlignedMemory.OfFloats((long)_heads * StateFloats);
        KeySum = AlignedMemory.OfFloats((long)_heads * Panels.Padded(_headDim));
    }

    /// <summary>Summed states of the memory heads, each <see cref="StateFloats"/> floats.</summary>
    public AlignedMemory? State { get; }

    /// <summary>Summed keys of the memory heads, each with padding.</summary>
    public AlignedMemory? KeySum { get; }

    /// <summary>Floats of the state of one head.</summary>
    public int StateFloats => Panels.Padded(_headDim) * _headDim;

    /// <summary>Bytes from panel to panel of a head's keys.</summary>
    public nint KeyPanelBytes => _headDim * _rowBytes;

    /// <summary>Bytes from panel to panel of a head's values.</summary>
    public nint ValuePanelBytes => _capacity * _rowBytes;

    public byte* Keys(int head) => _keys.Address + (head * (_capacity / Panels.Columns) * KeyPanelBytes);

    public byte* Values(int head) => _values.Address + (head * Panels.Count(_headDim) * ValuePanelBytes);

    /// <summary>Allocates room for at least twice as many positions, so that the cost of copies per position is constant.</summary>
    public void Reserve(int positions, int length)
    {
        if (positions <= _capacity) return;
        var old = (DecoderLayerCache)MemberwiseClone();
        _capacity = Panels.Padded(Math.Max(FirstCapacity, checked(2 * positions)));
        _keys = new((long)_heads * (_capacity / Panels.Columns) * KeyPanelBytes);
        _values = new((long)_heads * Panels.Count(_headDim) * ValuePanelBytes);
        for (int head = 0; head < _heads && length > 0; head++)
        {
            long keyBytes = Panels.Count(length) * KeyPanelBytes;
            Buffer.MemoryCopy(old.Keys(head), Keys(head), keyBytes, keyBytes);
            for (int panel = 0; panel < Panels.Count(_headDim); panel++)
            {
                Buffer.MemoryCopy(
                    old.Values(head) + (panel * old.ValuePanelBytes), Values(head) + (panel * ValuePanelBytes), ValuePanelBytes,
                    length * _rowBytes);
            }
        }

        GC.KeepAlive(old);
    }

    /// <summary>Stores key and value of one position of one head.</summary>
    public void Put(int head, int position, float* key, float* value)
    {
        byte* keys = Keys(head) + (position / Panels.Columns * KeyPanelBytes);
        int column = position % Panels.Columns;
        byte* values = Values(head) + (position * _rowBytes);
        if (_format == DecoderPrecision.Float32)
        {
            for (int c = 0; c < _headDim; c++)
            {
                ((float*)keys)[(c * Panels.Columns) + column] = key[c];
                ((float*)(values + (c / Panels.Columns * ValuePanelBytes)))[c % Panels.Columns] = value[c];
            }

            return;
        }

        column = Panels.BFloat16Place(column);
        for (int c = 0; c < _headDim; c++)
        {
            ((ushort*)keys)[(c * Panels.Columns) + column] = Panels.ToBFloat16(key[c]);
            ushort* row = (ushort*)(values + (c / Panels.Columns * ValuePanelBytes));
            row[Panels.BFloat16Place(c % Panels.Columns)] = Panels.ToBFloat16(value[c]);
        }
    }
}
