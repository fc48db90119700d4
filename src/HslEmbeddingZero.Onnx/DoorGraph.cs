using DataType = Onnx.TensorProto.Types.DataType;

namespace HslEmbeddingZero;

/// <summary>
/// The door in a graph: the last ids become one position of the network. They are read both as a slot and as a stream position, and a flag
/// chooses. Both cost little beside the network.
/// </summary>
internal sealed class DoorGraph
{
    private const int ByteValues = byte.MaxValue + 1;
    private const int BitColumns = 8;
    private const int BoundaryColumn = 16;
    private const int LastColumns = HslFeatures.Dimension - BoundaryColumn - 1; // behind the boundary
    private const int BoundaryCodes = 28;
    private const int FirstBoundaryCodes = 16;

    private readonly OnnxGraph _graph;
    private readonly ModelTensors _tensors;
    private readonly ModelDescription _door;
    private readonly int _window;
    private readonly string _ids, _isSlot;

    private DoorGraph(OnnxGraph graph, ModelTensors tensors, ModelDescription door)
    {
        (_graph, _tensors, _door, _window) = (graph, tensors, door, IdsPerStep(door));
        _ids = graph.Input(
            "ids", DataType.Int64, "The last ids up to this position, 0..257. If there are fewer, 257s stand before them.", "", _window);
        _isSlot = graph.Input(
            "is_slot", DataType.Bool,
            $"True: the last {door.BytesPerSlot} ids are one slot of the context. False: the last id is a position of the stream.", "", 1);
    }

    private int Dim => _door.Body.Dim;

    /// <summary>W, how many ids a step reads: the bytes of a slot, and those before them that a feature or a code depends on.</summary>
    public static int IdsPerStep(ModelDescription door) => door.BytesPerSlot + door.Arm.Kind switch
    {
        DoorKind.Zero or DoorKind.Projection => Math.Max(2, door.Ngrams?.LookBack ?? 0),
        _ => 0,
    };

    /// <summary>Adds the inputs and the nodes of the door.</summary>
    /// <returns>Name of the position, [1, dim].</returns>
    public static string Add(OnnxGraph graph, ModelTensors tensors, ModelDescription door) => new DoorGraph(graph, tensors, door).Add();

    private string Add()
    {
        int perByte = _door.Arm.Kind switch
        {
            DoorKind.PooledEmbedding => Dim,
            DoorKind.OneHot => ByteValues,
            _ => HslFeatures.Dimension,
        };
        string rows = _door.Arm.Kind switch // [W, columns] of a table, [K, columns] of the features
        {
            DoorKind.Embedding or DoorKind.PooledEmbedding =>
                _graph.Gather(_graph.Weight("door.table.weight", _tensors.EmbeddingRows(_door), ByteIds.Count, perByte), _ids),
            DoorKind.OneHot => // Special ids are beyond the depth, so their rows are zeros.
                _graph.Node("OneHot", [_ids, _graph.Scalar(ByteValues), _graph.Floats([0, 1], 2)]),
            _ => Features(),
        };
        int slotColumns = perByte * _door.BytesPerSlot, streamColumns = perByte;
        string stream = _graph.Slice(rows, _door.BytesPerSlot - 1, _door.BytesPerSlot), slot;
        if (_door.Arm.Kind == DoorKind.PooledEmbedding)
            slot = _graph.Node("ReduceMean", [rows, _graph.Vector(0)], [OnnxGraph.Attribute("keepdims", 1)]);
        else slot = _graph.Reshape(rows, 1, slotColumns);
        if (_door.Ngrams is { } ngrams)
        {
            string codes = Codes(ngrams, _window);
            (stream, streamColumns) = (_graph.Concat(1, [stream, .. With(codes, 1)]), streamColumns + ngrams.Columns);
            if (ngrams.InSlots)
                (slot, slotColumns) = (_graph.Concat(1, [slot, .. With(codes, _door.BytesPerSlot)]), slotColumns + ngrams.Columns);

            // The codes of a position, and perhaps those of the position before, which ends so many ids earlier.
            string[] With(string own, int length) => ngrams.WithPrevious ? [own, Codes(ngrams, _window - length)] : [own];
        }

        if (_door.Arm.Kind is DoorKind.Embedding or DoorKind.Projection)
        {
            slot = _graph.Linear(_tensors, "door.slot", slot, slotColumns, Dim);
            stream = _graph.Linear(_tensors, "door.stream", stream, streamColumns, Dim);
        }
        else if (_door.Arm.Kind != DoorKind.PooledEmbedding)
        {
            (slot, stream) = (Padded(slot, slotColumns), Padded(stream, streamColumns));
        }

        return _graph.Node("Where", [_isSlot, slot, stream]);
    }

    private string Padded(string row, int columns) =>
        columns == Dim ? row : _graph.Concat(1, row, _graph.Floats(new float[Dim - columns], 1, Dim - columns));

    /// <summary>
    /// The 27 columns of the last K ids, [K, 27], see <see cref="HslFeatures"/>. A special id is zeros, and the byte after it counts as
    /// first.
    /// </summary>
    private string Features()
    {
        int count = _door.BytesPerSlot, first = _window - count;
        float[] values = _tensors.FeatureValues(_door);

        // The Gray code of a special id counts as 0, which is what a first byte is compared with.
        string gray = _graph.Gather(OfIds(value => FeatureTables.Gray((byte)value)), _ids); // [W]
        string change = _graph.Node("BitwiseXor", [_graph.Slice(gray, 1, _window), _graph.Slice(gray, 0, _window - 1)]); // of ids 1..W-1
        string isByte = _graph.Node("Less", [_ids, _graph.Scalar(ByteIds.Mask)]);
        string ids = Last(_ids, _window), previousIds = Previous(_ids, _window);
        string changes = Last(change, _window - 1), previousChanges = Previous(change, _window - 1);

        // The boundary of a byte is in a table by the energy of its first five bits and the last four of the byte before.
        string head = _graph.Node("Add", [
            _graph.Gather(OfIds(value => FeatureTables.HeadCode(value, value)), ids),
            _graph.Gather(OfChanges(FeatureTables.HeadCode), changes)]);
        string tail = _graph.Node("Add", [
            _graph.Gather(OfIds(value => FeatureTables.TailCode(value, value)), previousIds),
            _graph.Gather(OfChanges(FeatureTables.TailCode), previousChanges)]);
        string boundary = _graph.Node("Add", [
            head, _graph.Node("Where", [Previous(isByte, _window), tail, _graph.Scalar(BoundaryCodes)])]);

        string rows = _graph.Concat(1,
            _graph.Gather(Table(ByteIds.Count, BitColumns, (id, column) => Value(id, column, column)), ids),
            _graph.Gather(
                Table(ByteValues, BitColumns, (bits, column) => Scaled(BitColumns + column, (bits >> (7 - column)) & 1)), changes),
            _graph.Gather(Table(BoundaryCodes + FirstBoundaryCodes, 1, (code, _) => Boundary(code)), boundary),
            _graph.Gather(
                Table(ByteIds.Count, LastColumns, (id, column) => Value(id, BoundaryColumn + 1 + column, BitColumns + column)), ids));
        string mask = _graph.Reshape(_graph.Cast(Last(isByte, _window), DataType.Float), count, 1);
        return _graph.Node("Mul", [rows, mask]);

        string Last(string x, int length) => _graph.Slice(x, length - count, length);

        string Previous(string x, int length) => _graph.Slice(x, length - count - 1, length - 1);

        string OfIds(Func<int, int> code) => _graph.Vector(
            [.. Enumerable.Range(0, ByteIds.Count).Select(id => id <= byte.MaxValue ? (long)code(id) : 0)]);

        // The share of a change: 0x00 has no energy of its own, and its change from a byte is the byte's Gray code.
        string OfChanges(Func<int, int, int> code) => _graph.Vector(
            [.. Enumerable.Range(0, ByteValues).Select(bits => (long)code(UnGray(bits), 0))]);

        string Table(int rowCount, int columns, Func<int, int, float> value) => _graph.Floats(
            [.. Enumerable.Range(0, rowCount * columns).Select(i => value(i / columns, i % columns))], rowCount, columns);

        float Value(int id, int channel, int column) =>
            id <= byte.MaxValue ? Scaled(channel, values[(id * HslFeatures.ValueDimension) + column]) : 0;

        float Boundary(int code) => Scaled(
            BoundaryColumn, code < BoundaryCodes ? FeatureTables.Boundary(code) : FeatureTables.FirstBoundary(code - BoundaryCodes));

        float Scaled(int channel, float value) => ChannelScale.Apply(_door.Arm.Scaling, channel, value);
    }

    private static int UnGray(int code)
    {
        for (int shift = 1; shift < 8; shift *= 2) code ^= code >> shift;
        return code;
    }

    /// <summary>
    /// The codes of the n-grams that end before the id at <paramref name="end"/>, [1, columns], see <see cref="NgramCodes"/>. No n-gram
    /// reaches across a special id.
    /// </summary>
    /// <remarks>Sums and products are of signed numbers, as runtimes have no unsigned ones. Modulo 2^64 their bits are the same.</remarks>
    private string Codes(NgramCodes ngrams, int end)
    {
        int longest = ngrams.LongestOrder, orders = ngrams.Orders.Count;
        string last = _graph.Slice(_ids, end - longest, end);
        string isOfOrder = Table(DataType.Int64, back => 1);

        // A product of matrices, because ONNX Runtime rounds a ReduceSum of whole numbers to the 53 bits of a double.
        string words = _graph.Node("MatMul", [
            Table(DataType.Uint64, back => 1L << (8 * back)), _graph.Reshape(Unsigned(last), longest, 1)]); // [orders, 1]
        string constants = _graph.Integers(
            [.. ngrams.Orders.Select(order => (long)NgramCodes.OrderConstant(order))], DataType.Int64, orders, 1);
        string x = _graph.Node("Add", [Signed(words), constants]);
        x = Times(ShiftedXor(x, SplitMix64.FirstShift), SplitMix64.FirstMultiplier);
        x = Times(ShiftedXor(x, SplitMix64.SecondShift), SplitMix64.SecondMultiplier);
        string code = ShiftedXor(x, SplitMix64.LastShift);

        string columns = _graph.Integers(
            [.. Enumerable.Range(0, ngrams.ColumnsPerOrder).Select(i => (long)i)], DataType.Uint64, ngrams.ColumnsPerOrder);
        string bits = _graph.Node("BitwiseAnd", [Right(code, columns), _graph.Scalar(1, DataType.Uint64)]); // [orders, columns]
        string signs = _graph.Node("Where", [
            _graph.Cast(bits, DataType.Bool), _graph.Floats([ngrams.Amplitude]), _graph.Floats([-ngrams.Amplitude])]);
        string highest = _graph.Node(
            "ReduceMax", [_graph.Node("Mul", [last, isOfOrder]), _graph.Vector(1)], [OnnxGraph.Attribute("keepdims", 1)]);
        string isWhole = _graph.Node("Less", [highest, _graph.Scalar(ByteIds.Mask)]);
        return _graph.Reshape(_graph.Node("Where", [isWhole, signs, _graph.Floats([0])]), 1, ngrams.OwnColumns);

        string Table(DataType type, Func<int, long> value) => _graph.Integers( // [orders, longest]
            [
                .. ngrams.Orders.SelectMany(
                    order => Enumerable.Range(1, longest).Select(i => longest - i < order ? value(longest - i) : 0)),
            ],
            type, orders, longest);

        string Unsigned(string value) => _graph.Cast(value, DataType.Uint64);

        string Signed(string value) => _graph.Cast(value, DataType.Int64);

        string Right(string value, string by) => _graph.Node("BitShift", [value, by], [OnnxGraph.Attribute("direction", "RIGHT")]);

        string ShiftedXor(string value, int shift)
        {
            string bits = Unsigned(value);
            return _graph.Node("BitwiseXor", [bits, Right(bits, _graph.Scalar(shift, DataType.Uint64))]);
        }

        string Times(string value, ulong factor) => _graph.Node("Mul", [Signed(value), _graph.Scalar((long)factor)]);
    }
}
