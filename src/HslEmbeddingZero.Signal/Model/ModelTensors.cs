using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace HslEmbeddingZero;

/// <summary>
/// The tensors of a model file, one by one as float32. Each must have the shape that the description of the model says.
/// </summary>
/// <param name="path">The file. Messages name it.</param>
/// <param name="reader">The open file, which belongs to the caller.</param>
internal sealed class ModelTensors(string path, SafetensorsReader reader)
{
    private const string MatrixSuffix = ".weight";
    private const string EmbeddingTable = "door.table.weight";

    private readonly HashSet<string> _read = new(StringComparer.Ordinal);

    /// <summary>Whether a tensor is a matrix that multiplies. Of a table of embeddings, a byte reads one row.</summary>
    public static bool IsMatrix(string name, int dimensions) =>
        dimensions == 2 && name.EndsWith(MatrixSuffix, StringComparison.Ordinal) && name != EmbeddingTable;

    /// <summary>Whether numbers of a type become float32 as they are.</summary>
    public static bool IsFloating(SafetensorsDtype dtype) =>
        dtype is SafetensorsDtype.Float32 or SafetensorsDtype.BFloat16 or SafetensorsDtype.Float16 or SafetensorsDtype.Float64;

    /// <summary>
    /// Throws if all names have a prefix that a wrapper of Python adds. Its advice is better than that a tensor is missing.
    /// </summary>
    /// <exception cref="SafetensorsException">They have.</exception>
    public void RequireNames()
    {
        if (ForeignFile.DescribeNames(reader.Header.Tensors.Keys) is { } names) throw Bad(names);
    }

    /// <summary>Throws if the file has a tensor that was not read.</summary>
    /// <exception cref="SafetensorsException">It has; the message names the tensor.</exception>
    public void RequireNoOther()
    {
        if (reader.Header.Tensors.Keys.FirstOrDefault(name => !_read.Contains(name)) is { } extra)
            throw Bad($"'{SafetensorsHeaderReader.Show(extra)}' is extra: such a model has no tensor of this name");
    }

    /// <summary>The numbers of a tensor, row-major. An int8 matrix is multiplied by its scales.</summary>
    /// <exception cref="SafetensorsException">The tensor is missing, or has another shape or type.</exception>
    public float[] Values(string name, params ReadOnlySpan<int> shape)
    {
        SafetensorsEntry entry = Entry(name, shape);
        byte[] data = new byte[entry.ByteCount];
        reader.Read(entry, data);
        float[] values = new float[data.Length / entry.Dtype.Size()];
        ToFloats(data, entry.Dtype, values);
        if (entry.Dtype != SafetensorsDtype.Int8) return values;
        float[] scales = Scales(name, shape[0]);
        for (int i = 0; i < values.Length; i++) values[i] *= scales[i / shape[1]];
        return values;
    }

    /// <summary>The scale of every row of an int8 matrix.</summary>
    /// <exception cref="SafetensorsException">The tensor is missing, or has another shape or type.</exception>
    public float[] Scales(string matrix, int rows) => Values(matrix + ModelDescription.ScaleSuffix, rows);

    /// <summary>The 256 × 18 value columns of a door that reads features.</summary>
    /// <exception cref="SafetensorsException">They are learned, and the tensor is missing, or has another shape or type.</exception>
    public float[] FeatureValues(ModelDescription door) => door.Arm.Values == ControlKind.Learned
        ? Values("door.features.value_table", byte.MaxValue + 1, HslFeatures.ValueDimension)
        : ControlValueTables.Build(door.Arm.Values, door.Seed, FeatureTables.ValueTable);

    /// <summary>The 258 rows of a learned table of embeddings. Those of special ids are zeros if the table has none for them.</summary>
    /// <exception cref="SafetensorsException">The tensor is missing, or has another shape or type.</exception>
    public float[] EmbeddingRows(ModelDescription door)
    {
        if (door.Arm.Kind == DoorKind.PooledEmbedding) return Values(EmbeddingTable, ByteIds.Count, door.Body.Dim);
        float[] rows = new float[ByteIds.Count * HslFeatures.Dimension];
        Values(EmbeddingTable, byte.MaxValue + 1, HslFeatures.Dimension).CopyTo(rows, 0);
        return rows;
    }

    /// <summary>The entry of a tensor that must have this shape and hold numbers.</summary>
    /// <exception cref="SafetensorsException">The tensor is missing, or has another shape or type.</exception>
    public SafetensorsEntry Entry(string name, params ReadOnlySpan<int> shape)
    {
        if (!reader.Header.Tensors.TryGetValue(name, out SafetensorsEntry? entry)) throw Bad($"'{name}' is missing");
        _read.Add(name);
        bool fits = entry.Shape.Count == shape.Length;
        for (int i = 0; fits && i < shape.Length; i++) fits = entry.Shape[i] == shape[i];
        if (!fits)
        {
            throw Bad(
                $"'{name}' is [{string.Join(", ", entry.Shape)}]; such a model has [{string.Join(", ", shape.ToArray())}]");
        }

        if (entry.ByteCount > Array.MaxLength)
            throw Bad($"'{name}' has {entry.ByteCount} bytes; a tensor of a model has up to {Array.MaxLength}");
        if (IsFloating(entry.Dtype) || (entry.Dtype == SafetensorsDtype.Int8 && IsMatrix(name, shape.Length))) return entry;
        throw Bad($"'{name}' is of type {entry.Dtype}; weights are of floating types, and matrices also of Int8");
    }

    /// <summary>Converts numbers. Optimized at once, as most of the time to load a model is spent here.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void ToFloats(ReadOnlySpan<byte> data, SafetensorsDtype dtype, Span<float> values)
    {
        switch (dtype)
        {
            case SafetensorsDtype.Float32:
                for (int i = 0; i < values.Length; i++) values[i] = BinaryPrimitives.ReadSingleLittleEndian(data[(4 * i)..]);
                break;
            case SafetensorsDtype.BFloat16:
                for (int i = 0; i < values.Length; i++)
                    values[i] = BitConverter.UInt32BitsToSingle((uint)BinaryPrimitives.ReadUInt16LittleEndian(data[(2 * i)..]) << 16);
                break;
            case SafetensorsDtype.Float16:
                for (int i = 0; i < values.Length; i++) values[i] = (float)BinaryPrimitives.ReadHalfLittleEndian(data[(2 * i)..]);
                break;
            case SafetensorsDtype.Int8:
                ReadOnlySpan<sbyte> bytes = MemoryMarshal.Cast<byte, sbyte>(data);
                for (int i = 0; i < values.Length; i++) values[i] = bytes[i];
                break;
            default:
                for (int i = 0; i < values.Length; i++) values[i] = (float)BinaryPrimitives.ReadDoubleLittleEndian(data[(8 * i)..]);
                break;
        }
    }

    private SafetensorsException Bad(string problem) => new($"{path}: {problem}.");
}
