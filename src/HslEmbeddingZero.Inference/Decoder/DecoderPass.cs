using System.Runtime.Intrinsics;

namespace HslEmbeddingZero;

/// <summary>
/// The memory for one pass of the network over some positions, and the pass itself. The positions are consecutive ones of one stream (a
/// prompt), or the next ones of several streams.
/// </summary>
internal abstract class DecoderPass
{
    /// <summary>Positions of a pass. More would gain nothing: the weights stay in the cache while so many pass.</summary>
    public const int MostRows = 64;

    /// <summary>Makes a pass for the widest vectors of this processor.</summary>
    public static DecoderPass Create(DecoderNetwork network, DecoderPrecision cacheFormat, WorkerTeam team, int rows) =>
        Create(network, cacheFormat, team, rows, Widest);

    /// <summary>Makes a pass for vectors of a width that a test or a benchmark chooses.</summary>
    public static DecoderPass Create(DecoderNetwork network, DecoderPrecision cacheFormat, WorkerTeam team, int rows, FeaturePath width) =>
        width switch
        {
            FeaturePath.Vector512 => new DecoderPass<Lanes512, Vector512<float>>(network, cacheFormat, team, rows),
            FeaturePath.Vector256 => new DecoderPass<Lanes256, Vector256<float>>(network, cacheFormat, team, rows),
            FeaturePath.Vector128 => new DecoderPass<Lanes128, Vector128<float>>(network, cacheFormat, team, rows),
            _ => new DecoderPass<Lanes1, float>(network, cacheFormat, team, rows),
        };

    public static FeaturePath Widest =>
        Vector512.IsHardwareAccelerated ? FeaturePath.Vector512
        : Vector256.IsHardwareAccelerated ? FeaturePath.Vector256
        : Vector128.IsHardwareAccelerated ? FeaturePath.Vector128
        : FeaturePath.Scalar;

    /// <summary>Positions that this pass has room for.</summary>
    public abstract int Rows { get; }

    /// <summary>Reads slots of a context into a cache.</summary>
    public abstract void ReadSlots(DecoderCache cache, ReadOnlySpan<short> context, int first, int count);

    /// <summary>Reads positions of a stream into a cache.</summary>
    /// <param name="cache">The cache; it holds the positions before.</param>
    /// <param name="stream">Ids of the stream up to the last position: all, or the door's context before the first position too.</param>
    /// <param name="count">The last ids of <paramref name="stream"/>, one position each.</param>
    public abstract void ReadStream(DecoderCache cache, ReadOnlySpan<short> stream, int count);

    /// <summary>Begins a pass over several streams.</summary>
    public abstract void Begin();

    /// <summary>Adds the next position of a stream, whose last id is the position's.</summary>
    public abstract void Add(DecoderCache cache, ReadOnlySpan<short> stream);

    /// <summary>Reads what was added.</summary>
    public abstract void ReadAdded();

    /// <summary>Logits after a position of the last pass.</summary>
    /// <param name="row">Index of the position in the pass.</param>
    /// <param name="logits">Receives 258 numbers.</param>
    public abstract void CopyLogits(int row, Span<float> logits);
}

/// <inheritdoc/>
internal sealed unsafe class DecoderPass<T, TVector> : DecoderPass
    where T : unmanaged, ILanes<TVector>
    where TVector : unmanaged
{
    private const float MemoryEpsilon = 1e-6f;
    private const int QueriesAtOnce = 4;

    private readonly DecoderNetwork _network;
    private readonly DecoderPrecision _cacheFormat;
    private readonly WorkerTeam _team;
    private readonly Action<int> _body;
    private readonly int _rows, _dim, _dimStride, _inputStride, _wideStride, _headDim, _headStride;

    private readonly AlignedMemory _x, _normed, _input, _mixed, _wide, _added, _logits, _doorRows, _cosine, _sine;
    private readonly Scratch[] _scratch;
    private readonly DecoderCache[] _caches;
    private readonly int[] _positions;
    private readonly double[] _angles;
    private int _count;
    private bool _isScored;

    public DecoderPass(DecoderNetwork network, DecoderPrecision cacheFormat, WorkerTeam team, int rows)
    {
        (_network, _cacheFormat, _team, _rows) = (network, cacheFormat, team, rows);
        (_dim, _dimStride, _headDim) = (network.Dim, network.DimStride, network.HeadDim);
        _inputStride = Panels.Padded(3 * _dim);
        _wideStride = Panels.Padded(4 * _dim);
        _headStride = Panels.Padded(_headDim);
        _body = Body;
        _x = Floats(_dimStride);
        _normed = Floats(_dimStride);
        _input = Floats(_inputStride);
        _mixed = Floats(_dimStride);
        _wide = Floats(_wideStride);
        _added = Floats(_dimStride);
        _logits = Floats(Panels.Padded(ByteIds.Count));
        _doorRows = Floats(Panels.Padded(Math.Max(network.Door.SlotColumns, network.Door.StreamColumns)));
        _cosine = Floats(_headDim / 2);
        _sine = Floats(_headDim / 2);
        _scratch = [.. Enumerable.Range(0, team.Size).Select(_ => new Scratch(_headStride))];
        _caches = new DecoderCache[rows];
        _positions = new int[rows];
        _angles = new double[_headDim / 2];
        for (int j = 0; j < _angles.Length; j++) _angles[j] = Math.Pow(network.Body.RotaryBase, -2.0 * j / _headDim);

        AlignedMemory Floats(int columns) => AlignedMemory.OfFloats((long)rows * columns);
    }

    public override int Rows => _rows;

    public override void ReadSlots(DecoderCache cache, ReadOnlySpan<short> context, int first, int count)
    {
        DecoderDoor door = _network.Door;
        Begin();
        for (int i = 0; i < count; i++) door.WriteSlot(context, first + i, Next(cache, cache.Length + i, door.SlotColumns, door.Slot));
        Enter(door.Slot, door.SlotColumns);
        Run(isScored: false);
    }

    public override void ReadStream(DecoderCache cache, ReadOnlySpan<short> stream, int count)
    {
        DecoderDoor door = _network.Door;
        Begin();
        for (int i = 0; i < count; i++)
        {
            door.WritePosition(
                stream[..(stream.Length - count + 1 + i)], Next(cache, cache.Length + i, door.StreamColumns, door.Stream));
        }

        Enter(door.Stream, door.StreamColumns);
        Run(isScored: true);
    }

    public override void Begin() => _count = 0;

    public override void Add(DecoderCache cache, ReadOnlySpan<short> stream) =>
        _network.Door.WritePosition(stream, Next(cache, cache.Length, _network.Door.StreamColumns, _network.Door.Stream));

    public override void ReadAdded()
    {
        Enter(_network.Door.Stream, _network.Door.StreamColumns);
        Run(isScored: true);
    }

    public override void CopyLogits(int row, Span<float> logits) =>
        new ReadOnlySpan<float>(Row(_logits, row, Panels.Padded(ByteIds.Count)), ByteIds.Count).CopyTo(logits);

    /// <summary>The columns of the next row of the door: of the network's input, if the door has no linear layer.</summary>
    private Span<float> Next(DecoderCache cache, int position, int columns, PanelMatrix? linear)
    {
        (_caches[_count], _positions[_count]) = (cache, position);
        Span<float> row = linear is null
            ? new(Row(_x, _count, _dimStride), _dimStride)
            : new(Row(_doorRows, _count, Panels.Padded(columns)), Panels.Padded(columns));
        row.Clear();
        _count++;
        return row[..columns];
    }

    private void Enter(PanelMatrix? linear, int columns) =>
        linear?.Multiply<T, TVector>(_doorRows.Floats, _count, Panels.Padded(columns), _x.Floats, _dimStride, 0, linear.PanelCount);

    private void Run(bool isScored)
    {
        if (_count == 0) return;
        _isScored = isScored;
        for (int row = 0; row < _count; row += Together(row))
        {
            _caches[row].Reserve(Together(row));
            foreach (Scratch scratch in _scratch) scratch.Reserve(_positions[row] + Together(row));
        }

        int half = _headDim / 2;
        for (int row = 0; row < _count; row++)
        {
            float* cosine = Row(_cosine, row, half);
            float* sine = Row(_sine, row, half);
            for (int j = 0; j < half; j++)
            {
                (double s, double c) = Math.SinCos(_positions[row] * _angles[j]);
                (cosine[j], sine[j]) = ((float)c, (float)s);
            }
        }

        _team.Run(_body);
        for (int row = 0; row < _count; row++) _caches[row].Length = _positions[row] + 1;
        Array.Clear(_caches, 0, _count);
        GC.KeepAlive(this);
    }

    /// <summary>How many rows from this one on are consecutive positions of one stream.</summary>
    private int Together(int row)
    {
        int end = row + 1;
        while (end < _count && _caches[end] == _caches[row]) end++;
        return end - row;
    }

    /// <summary>What one thread does in a pass.</summary>
    private void Body(int rank)
    {
        for (int i = 0; i < _network.Layers.Length; i++)
        {
            DecoderLayer layer = _network.Layers[i];
            Norm(rank, layer.AttentionNorm);
            Linear(rank, layer.AttentionInput, _normed, _dimStride, _input, _inputStride);
            _team.Meet();
            ReadHeads(rank, i, ofMemory: false);
            _team.Meet();
            AddLinear(rank, layer.AttentionOutput, _mixed, _dimStride, 1);
            Norm(rank, layer.FeedForwardNorm);
            (int first, int count) = Linear(rank, layer.Widen, _normed, _dimStride, _wide, _wideStride);
            for (int row = 0; row < _count; row++)
                RowKernels<T, TVector>.Gelu(Row(_wide, row, _wideStride) + (first * Panels.Columns), count * Panels.Columns);
            _team.Meet();
            AddLinear(rank, layer.Narrow, _wide, _wideStride, 1);
            if (layer.Memory is not { } memory) continue;
            Norm(rank, memory.Norm);
            Linear(rank, memory.Input, _normed, _dimStride, _input, _inputStride);
            _team.Meet();
            ReadHeads(rank, i, ofMemory: true);
            _team.Meet();
            AddLinear(rank, memory.Output, _mixed, _dimStride, memory.Gate);
        }

        if (!_isScored) return;
        Norm(rank, _network.Norm);
        Linear(rank, _network.Head, _normed, _dimStride, _logits, Panels.Padded(ByteIds.Count));
    }

    private void Norm(int rank, DecoderNorm norm)
    {
        for (int row = rank; row < _count; row += _team.Size)
        {
            RowKernels<T, TVector>.LayerNorm(
                Row(_x, row, _dimStride), _dim, norm.Weight.Floats, norm.Bias.Floats, Row(_normed, row, _dimStride));
        }

        _team.Meet();
    }

    /// <summary>This thread's part of the outputs of a linear layer.</summary>
    /// <returns>First panel and number of panels of the part.</returns>
    private (int First, int Count) Linear(int rank, PanelMatrix matrix, AlignedMemory from, int fromStride, AlignedMemory to, int toStride)
    {
        int first = matrix.PanelCount * rank / _team.Size, count = (matrix.PanelCount * (rank + 1) / _team.Size) - first;
        matrix.Multiply<T, TVector>(from.Floats, _count, fromStride, to.Floats, toStride, first, count);
        return (first, count);
    }

    /// <summary>x += factor · (W·from + b).</summary>
    private void AddLinear(int rank, PanelMatrix matrix, AlignedMemory from, int fromStride, float factor)
    {
        (int first, int count) = Linear(rank, matrix, from, fromStride, _added, _dimStride);
        for (int row = 0; row < _count; row++)
        {
            int column = first * Panels.Columns;
            float* x = Row(_x, row, _dimStride) + column, added = Row(_added, row, _dimStride) + column;
            RowKernels<T, TVector>.Add(x, added, count * Panels.Columns, factor);
        }

        _team.Meet();
    }

    /// <summary>Attention, or the memory, of this thread's share of streams and heads.</summary>
    private void ReadHeads(int rank, int layer, bool ofMemory)
    {
        int task = 0;
        for (int row = 0; row < _count; row += Together(row))
        {
            int together = Together(row);
            for (int head = 0; head < _network.Body.Heads; head++)
            {
                if (task++ % _team.Size != rank) continue;
                if (ofMemory) ReadMemoryHead(_scratch[rank], layer, row, together, head);
                else AttendHead(_scratch[rank], layer, row, together, head);
            }
        }
    }

    private void AttendHead(Scratch scratch, int layer, int firstRow, int together, int head)
    {
        DecoderLayerCache cache = _caches[firstRow].Layers[layer];
        for (int row = firstRow; row < firstRow + together; row++)
        {
            float* query = Row(_input, row, _inputStride) + (head * _headDim);
            float* cosine = Row(_cosine, row, _headDim / 2);
            float* sine = Row(_sine, row, _headDim / 2);
            RowKernels<T, TVector>.Rotate(query, _headDim / 2, cosine, sine);
            RowKernels<T, TVector>.Rotate(query + _dim, _headDim / 2, cosine, sine);
            cache.Put(head, _positions[row], query + _dim, query + (2 * _dim));
        }

        float scale = 1 / MathF.Sqrt(_headDim);
        for (int row = firstRow; row < firstRow + together;)
        {
            int rows = Math.Min(QueriesAtOnce, firstRow + together - row);
            if (rows < QueriesAtOnce) rows = 1;
            int last = _positions[row] + rows; // keys that the last of these queries sees
            int stride = Panels.Padded(last);
            for (int i = 0; i < rows; i++)
            {
                float* query = scratch.Queries.Floats + (i * _headStride);
                new ReadOnlySpan<float>(Row(_input, row + i, _inputStride) + (head * _headDim), _headDim)
                    .CopyTo(new Span<float>(query, _headDim));
                RowKernels<T, TVector>.Scale(query, _headStride, scale, query);
            }

            float* scores = scratch.Scores.Floats;
            Multiply(
                scratch.Queries.Floats, rows, _headStride, cache.Keys(head), cache.KeyPanelBytes, Panels.Count(last), _headDim, scores,
                stride);
            for (int i = 0; i < rows; i++)
            {
                // A query gives no weight to the keys that only the queries after it see.
                int seen = last - rows + 1 + i;
                RowKernels<T, TVector>.Softmax(scores + (i * (nint)stride), seen);
                new Span<float>(scores + (i * (nint)stride) + seen, stride - seen).Clear();
            }

            Multiply(
                scores, rows, stride, cache.Values(head), cache.ValuePanelBytes, Panels.Count(_headDim), last, scratch.Read.Floats,
                _headStride);
            for (int i = 0; i < rows; i++)
            {
                new ReadOnlySpan<float>(scratch.Read.Floats + (i * _headStride), _headDim)
                    .CopyTo(new Span<float>(Row(_mixed, row + i, _dimStride) + (head * _headDim), _headDim));
            }

            row += rows;
        }

        GC.KeepAlive(cache);
    }

    private void Multiply(float* x, int rows, int xStride, byte* panels, nint panelBytes, int count, int depth, float* y, int yStride)
    {
        if (_cacheFormat == DecoderPrecision.Float32)
            PanelProduct<T, TVector>.Multiply<Float32Panels>(x, rows, xStride, panels, panelBytes, count, depth, null, null, y, yStride);
        else PanelProduct<T, TVector>.Multiply<BFloat16Panels>(x, rows, xStride, panels, panelBytes, count, depth, null, null, y, yStride);
    }

    private void ReadMemoryHead(Scratch scratch, int layer, int firstRow, int together, int head)
    {
        DecoderLayerCache cache = _caches[firstRow].Layers[layer];
        float* query = scratch.Queries.Floats;
        float* key = query + _headStride;
        float* value = key + _headStride;
        for (int row = firstRow; row < firstRow + together; row++)
        {
            float* input = Row(_input, row, _inputStride) + (head * _headDim);
            Copy(input, query);
            Copy(input + _dim, key);
            Copy(input + (2 * _dim), value);
            RowKernels<T, TVector>.Positive(query, _headDim, query);
            RowKernels<T, TVector>.Positive(key, _headDim, key);
            RowKernels<T, TVector>.MemoryStep(
                query, key, value, _headDim, cache.State!.Floats + (head * (nint)cache.StateFloats),
                cache.KeySum!.Floats + (head * _headStride), MemoryEpsilon, scratch.Read.Floats);
            Copy(scratch.Read.Floats, Row(_mixed, row, _dimStride) + (head * _headDim));
        }

        GC.KeepAlive(cache);

        void Copy(float* from, float* to) => new ReadOnlySpan<float>(from, _headDim).CopyTo(new Span<float>(to, _headDim));
    }

    private static float* Row(AlignedMemory memory, int row, int stride) => memory.Floats + ((nint)row * stride);

    /// <summary>Memory of one thread.</summary>
    private sealed class Scratch(int headStride)
    {
        private int _positions;

        /// <summary>Queries of a head; in the memory query, key and value.</summary>
        public AlignedMemory Queries { get; } = AlignedMemory.OfFloats(QueriesAtOnce * headStride);

        /// <summary>What a head has read.</summary>
        public AlignedMemory Read { get; } = AlignedMemory.OfFloats(QueriesAtOnce * headStride);

        /// <summary>Scores of all positions.</summary>
        public AlignedMemory Scores { get; private set; } = new(0);

        public void Reserve(int positions)
        {
            if (positions <= _positions) return;
            _positions = Panels.Padded(Math.Max(512, 2 * positions));
            Scores = AlignedMemory.OfFloats((long)QueriesAtOnce * _positions);
        }
    }
}
