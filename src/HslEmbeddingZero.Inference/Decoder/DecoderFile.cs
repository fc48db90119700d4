using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.InteropServices;

namespace HslEmbeddingZero;

/// <summary>Makes the decoder's network from a model file.</summary>
internal sealed class DecoderFile : IDisposable
{
    private readonly string _path;
    private readonly SafetensorsReader _reader;
    private readonly DecoderPrecision? _precision;
    private readonly ModelTensors _tensors;

    private DecoderFile(string path, SafetensorsReader reader, DecoderPrecision? precision)
    {
        (_path, _reader, _precision, _tensors) = (path, reader, precision, new(path, reader));
        Description = ModelDescription.Read(reader.Header, path, allowsInt8: true);
    }

    /// <summary>What the file says about its door and its body.</summary>
    public ModelDescription Description { get; }

    public SafetensorsHeader Header => _reader.Header;

    /// <summary>Opens a model file.</summary>
    /// <param name="path">The file, or the index of a model in several files.</param>
    /// <param name="precision">How matrices are stored in memory; null for as they are.</param>
    /// <exception cref="SafetensorsException">The file is damaged or is not a model file.</exception>
    public static DecoderFile Open(string path, DecoderPrecision? precision) => Opened(path, SafetensorsReader.Open(path), precision);

    /// <summary>Opens a model file that is in memory.</summary>
    /// <inheritdoc cref="Open(string, DecoderPrecision?)"/>
    public static DecoderFile Open(byte[] bytes, string name, DecoderPrecision? precision) =>
        Opened(name, SafetensorsReader.Open(bytes, name), precision);

    public void Dispose() => _reader.Dispose();

    /// <summary>Writes a model file again with int8 matrices. Everything else in it stays as it is.</summary>
    /// <exception cref="SafetensorsException">The file is damaged, is not a model file, or holds a weight that is not finite.</exception>
    public static void WriteInt8(string path, string int8Path)
    {
        using var reader = SafetensorsReader.Open(path);
        ModelDescription.Read(reader.Header, path);
        List<SafetensorsContent> tensors = [];
        foreach (SafetensorsEntry entry in reader.Header.Tensors.Values)
        {
            if (!ModelTensors.IsMatrix(entry.Name, entry.Shape.Count) || !ModelTensors.IsFloating(entry.Dtype))
            {
                tensors.Add(new(entry.Name, entry.Dtype, entry.Shape, file => file.Write(BytesOf(reader, entry))));
                continue;
            }

            (sbyte[] numbers, float[] scales) = Quantized(reader, entry, path);
            tensors.Add(new(entry.Name, SafetensorsDtype.Int8, entry.Shape, file => file.Write(MemoryMarshal.AsBytes(numbers.AsSpan()))));
            tensors.Add(new(
                entry.Name + ModelDescription.ScaleSuffix, SafetensorsDtype.Float32, [scales.Length], file => WriteFloats(file, scales)));
        }

        Dictionary<string, string> metadata = new(reader.Header.Metadata) { [ModelDescription.FormatKey] = ModelDescription.Int8Format };
        SafetensorsWriter.Write(int8Path, tensors, metadata);
    }

    private static (sbyte[] Numbers, float[] Scales) Quantized(SafetensorsReader reader, SafetensorsEntry entry, string path)
    {
        int rows = (int)entry.Shape[0], columns = (int)entry.Shape[1], rowBytes = columns * entry.Dtype.Size();
        byte[] data = BytesOf(reader, entry);
        sbyte[] numbers = new sbyte[rows * columns];
        float[] scales = new float[rows], weights = new float[columns];
        for (int row = 0; row < rows; row++)
        {
            ModelTensors.ToFloats(data.AsSpan(row * rowBytes, rowBytes), entry.Dtype, weights);
            try
            {
                scales[row] = Int8Row.Scale(weights);
            }
            catch (NotFiniteNumberException error)
            {
                throw new SafetensorsException($"{path}: tensor '{entry.Name}': {error.Message}.", error);
            }

            for (int i = 0; i < columns; i++) numbers[(row * columns) + i] = Int8Row.Quantize(weights[i], scales[row]);
        }

        return (numbers, scales);
    }

    private static byte[] BytesOf(SafetensorsReader reader, SafetensorsEntry entry)
    {
        byte[] data = new byte[entry.ByteCount];
        reader.Read(entry, data);
        return data;
    }

    private static void WriteFloats(Stream file, float[] values)
    {
        Span<byte> bytes = stackalloc byte[sizeof(float)];
        foreach (float value in values)
        {
            BinaryPrimitives.WriteSingleLittleEndian(bytes, value);
            file.Write(bytes);
        }
    }

    private static DecoderFile Opened(string path, SafetensorsReader reader, DecoderPrecision? precision)
    {
        try
        {
            return new(path, reader, precision);
        }
        catch
        {
            reader.Dispose();
            throw;
        }
    }

    /// <summary>Reads all tensors.</summary>
    /// <exception cref="SafetensorsException">A tensor is missing, extra, damaged, or does not fit the description.</exception>
    public DecoderNetwork ReadNetwork()
    {
        ByteTransformerOptions body = Description.Body;
        _tensors.RequireNames();
        DecoderDoor door = ReadDoor();
        List<DecoderLayer> layers = [];
        for (int i = 0; i < body.Layers; i++)
        {
            string self = string.Create(CultureInfo.InvariantCulture, $"self_blocks.{i}.");
            string memory = string.Create(CultureInfo.InvariantCulture, $"mem_blocks.{i}.");
            layers.Add(new(
                Norm(self + "norm1"), Linear(self + "qkv", 3 * body.Dim, body.Dim), Linear(self + "proj", body.Dim, body.Dim),
                Norm(self + "norm2"), Linear(self + "ff.0", 4 * body.Dim, body.Dim), Linear(self + "ff.3", body.Dim, 4 * body.Dim),
                body.FastWeightMemory ? Memory(memory) : null));
        }

        DecoderNetwork network = new(body, door, [.. layers], Norm("norm"), Linear("head", body.Vocabulary, body.Dim));
        _tensors.RequireNoOther();
        return network;

        DecoderMemory Memory(string name) => new(
            Norm(name + "norm"), Linear(name + "qkv", 3 * body.Dim, body.Dim), Linear(name + "proj", body.Dim, body.Dim),
            MathF.Tanh(_tensors.Values(name + "gate", 1)[0]));

        DecoderNorm Norm(string name) => new(
            _tensors.Values(name + ".weight", body.Dim), _tensors.Values(name + ".bias", body.Dim));
    }

    private DecoderDoor ReadDoor()
    {
        ModelDescription door = Description;
        int dim = door.Body.Dim, width = HslFeatures.Dimension;
        switch (door.Arm.Kind)
        {
            case DoorKind.Embedding:
                return new TableDecoderDoor(
                    _tensors.EmbeddingRows(door), width, isMean: false, door.BytesPerSlot, door.Tail,
                    Linear("door.slot", dim, width * door.BytesPerSlot), Linear("door.stream", dim, width));
            case DoorKind.PooledEmbedding:
                return new TableDecoderDoor(
                    _tensors.EmbeddingRows(door), dim, isMean: true, door.BytesPerSlot, door.Tail, null, null);
            case DoorKind.OneHot:
                float[] identity = new float[ByteIds.Count * (byte.MaxValue + 1)];
                for (int value = 0; value <= byte.MaxValue; value++) identity[(value * (byte.MaxValue + 1)) + value] = 1;
                return new TableDecoderDoor(identity, byte.MaxValue + 1, isMean: false, door.BytesPerSlot, door.Tail, null, null);
            default:
                bool isLinear = door.Arm.Kind == DoorKind.Projection;
                int slot = (width * door.BytesPerSlot) + (door.Ngrams?.SlotColumns ?? 0), stream = width + (door.Ngrams?.Columns ?? 0);
                return new FeatureDecoderDoor(
                    new RowTables(_tensors.FeatureValues(door), door.Arm.Scaling), door.Ngrams, door.BytesPerSlot, door.Tail,
                    isLinear ? Linear("door.slot", dim, slot) : null, isLinear ? Linear("door.stream", dim, stream) : null);
        }
    }

    private PanelMatrix Linear(string name, int outputs, int inputs)
    {
        SafetensorsEntry entry = _tensors.Entry(name + ".weight", outputs, inputs);
        float[] bias = _tensors.Values(name + ".bias", outputs);
        float[]? scales = entry.Dtype == SafetensorsDtype.Int8 ? _tensors.Scales(name + ".weight", outputs) : null;
        DecoderPrecision precision = _precision ?? entry.Dtype switch
        {
            SafetensorsDtype.BFloat16 => DecoderPrecision.BFloat16,
            SafetensorsDtype.Int8 => DecoderPrecision.Int8,
            _ => DecoderPrecision.Float32,
        };
        int rowBytes = inputs * entry.Dtype.Size();
        byte[] data = ArrayPool<byte>.Shared.Rent((int)entry.ByteCount);
        try
        {
            _reader.Read(entry, data.AsSpan(0, (int)entry.ByteCount));
            return new(outputs, inputs, precision, Row, bias, precision == DecoderPrecision.Int8 ? scales : null);
        }
        catch (NotFiniteNumberException error)
        {
            throw new SafetensorsException($"{_path}: tensor '{entry.Name}': {error.Message}.", error);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(data);
        }

        void Row(int row, Span<float> weights)
        {
            ModelTensors.ToFloats(data.AsSpan(row * rowBytes, rowBytes), entry.Dtype, weights);
            if (scales is null) return;
            for (int i = 0; i < weights.Length; i++) weights[i] *= scales[row];
        }
    }
}
