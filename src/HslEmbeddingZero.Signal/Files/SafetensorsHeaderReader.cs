using System.Buffers.Binary;
using System.Text.Json;
using System.Text.Unicode;

namespace HslEmbeddingZero;

/// <summary>
/// Reads and checks the header of a safetensors file. Files come from untrusted sources, so every size is compared with the length of the
/// file before it is used. Every defect has its own message.
/// </summary>
internal sealed class SafetensorsHeaderReader
{
    /// <summary>Bytes that hold the header's length.</summary>
    public const int LengthSize = 8;

    /// <summary>The longest header that the format allows, in bytes.</summary>
    public const long MaxHeaderLength = 100_000_000;

    /// <summary>The key of the free text.</summary>
    public const string MetadataKey = "__metadata__";

    /// <summary>torch's own limit on dimensions.</summary>
    private const int MaxDimensions = 64;

    private readonly SafetensorsSource _source;
    private readonly Dictionary<string, string> _metadata = new(StringComparer.Ordinal);
    private readonly Dictionary<string, SafetensorsEntry> _tensors = new(StringComparer.Ordinal);
    private bool _metadataSeen;

    private SafetensorsHeaderReader(SafetensorsSource source) => _source = source;

    /// <summary>Reads the header of an open file, which stays open.</summary>
    /// <exception cref="SafetensorsException">The file breaks the format.</exception>
    public static SafetensorsHeader Read(SafetensorsSource source) => new SafetensorsHeaderReader(source).Read();

    private SafetensorsHeader Read()
    {
        long fileLength = _source.Length;
        if (fileLength < LengthSize)
        {
            throw Foreign(fileLength)
                ?? Bad($"the file is {fileLength} bytes long; a safetensors file begins with the {LengthSize} bytes of its header length");
        }

        Span<byte> prefix = stackalloc byte[LengthSize];
        _source.ReadFully(prefix, 0);
        ulong headerLength = BinaryPrimitives.ReadUInt64LittleEndian(prefix);
        if (headerLength == 0) throw Bad("the header length is 0; a header holds at least the two bytes {}");
        if (headerLength > MaxHeaderLength)
            throw Foreign(fileLength) ?? Bad($"the header length is {headerLength}; the limit is {MaxHeaderLength} bytes");
        if ((long)headerLength > fileLength - LengthSize)
        {
            throw Foreign(fileLength) ?? Bad(
                $"the header length is {headerLength}, but only {fileLength - LengthSize} bytes follow it (a truncated file, or not a "
                    + "safetensors file)");
        }

        byte[] header = new byte[(int)headerLength];
        _source.ReadFully(header, LengthSize);
        long dataStart = LengthSize + (long)headerLength;
        Parse(header);
        CheckLayout(fileLength - dataStart);
        return new SafetensorsHeader(_metadata, _tensors, dataStart, fileLength - dataStart);
    }

    /// <summary>The error for a file of another known kind, or null. All such kinds begin with an absurd length of the header.</summary>
    private SafetensorsException? Foreign(long fileLength)
    {
        byte[] start = new byte[Math.Min(fileLength, ForeignFile.StartLength)];
        _source.ReadFully(start, 0);
        return ForeignFile.Describe(start) is { } kind ? Bad($"not a safetensors file: {kind}") : null;
    }

    private void Parse(ReadOnlySpan<byte> header)
    {
        if (!Utf8.IsValid(header)) throw Bad("the header is not UTF-8 text");
        if (header[0] != (byte)'{') throw Bad($"the header is not a JSON object: it begins with byte 0x{header[0]:x2}, not with '{{'");

        long end;
        try
        {
            var json = new Utf8JsonReader(header);
            json.Read();
            while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
            {
                string key = json.GetString()!;
                json.Read();
                if (key == MetadataKey) ReadMetadata(ref json);
                else ReadTensor(ref json, key);
            }

            end = json.BytesConsumed;
        }
        catch (JsonException error)
        {
            throw Bad("the header is not JSON: " + error.Message, error);
        }
        catch (InvalidOperationException error)
        {
            // The JSON reader reports an escaped half of a surrogate pair in this way.
            throw Bad("the header is not JSON: it holds a string that is not Unicode text", error);
        }

        int trailing = header[(int)end..].IndexOfAnyExcept((byte)' ');
        if (trailing >= 0)
        {
            throw Bad($"trailing data in the header: after the JSON object, which ends at byte {end}, byte {end + trailing} is "
                + $"0x{header[(int)end + trailing]:x2}; only spaces may follow");
        }
    }

    private void ReadMetadata(ref Utf8JsonReader json)
    {
        if (_metadataSeen) throw Bad($"duplicate key '{MetadataKey}' in the header");
        _metadataSeen = true;
        if (json.TokenType != JsonTokenType.StartObject) throw Bad($"'{MetadataKey}' is {Kind(json.TokenType)}; it must be an object");
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            string key = json.GetString()!;
            json.Read();
            if (json.TokenType != JsonTokenType.String)
                throw Bad($"'{MetadataKey}' value '{Show(key)}' is {Kind(json.TokenType)}; it must be a string");
            if (!_metadata.TryAdd(key, json.GetString()!)) throw Bad($"duplicate key '{Show(key)}' in '{MetadataKey}'");
        }
    }

    private void ReadTensor(ref Utf8JsonReader json, string name)
    {
        if (_tensors.ContainsKey(name)) throw Bad($"duplicate key '{Show(name)}' in the header");
        if (json.TokenType != JsonTokenType.StartObject)
            throw Bad($"tensor '{Show(name)}' is {Kind(json.TokenType)}; it must be an object");

        string? dtype = null;
        List<long>? shape = null;
        List<long>? offsets = null;
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            string field = json.GetString()!;
            bool seen = field switch
            {
                "dtype" => dtype is not null,
                "shape" => shape is not null,
                "data_offsets" => offsets is not null,
                _ => throw Bad($"tensor '{Show(name)}' has the unknown field '{Show(field)}'; known are dtype, shape and data_offsets"),
            };
            if (seen) throw Bad($"duplicate key '{field}' in tensor '{Show(name)}'");

            json.Read();
            if (field == "dtype")
            {
                if (json.TokenType != JsonTokenType.String)
                    throw Bad($"dtype of tensor '{Show(name)}' is {Kind(json.TokenType)}; it must be a string");
                dtype = json.GetString()!;
            }
            else if (field == "shape")
            {
                shape = ReadWholeNumbers(ref json, name, field, MaxDimensions);
            }
            else
            {
                offsets = ReadWholeNumbers(ref json, name, field, 2);
            }
        }

        if (dtype is null || shape is null || offsets is null)
        {
            string missing = dtype is null ? "dtype" : shape is null ? "shape" : "data_offsets";
            throw Bad($"tensor '{Show(name)}' has no {missing}");
        }

        _tensors.Add(name, Entry(name, dtype, shape, offsets));
    }

    private List<long> ReadWholeNumbers(ref Utf8JsonReader json, string name, string field, int limit)
    {
        if (json.TokenType != JsonTokenType.StartArray)
            throw Bad($"{field} of tensor '{Show(name)}' is {Kind(json.TokenType)}; it must be an array");

        var numbers = new List<long>();
        while (json.Read() && json.TokenType != JsonTokenType.EndArray)
        {
            if (json.TokenType != JsonTokenType.Number || !json.TryGetInt64(out long number) || number < 0)
            {
                string found = json.TokenType == JsonTokenType.Number
                    ? Show(System.Text.Encoding.UTF8.GetString(json.ValueSpan))
                    : Kind(json.TokenType);
                throw Bad($"{field}[{numbers.Count}] of tensor '{Show(name)}' is {found}; "
                    + $"it must be a whole number from 0 to {long.MaxValue}");
            }

            if (numbers.Count == limit) throw Bad($"{field} of tensor '{Show(name)}' has more than {limit} numbers, the limit");
            numbers.Add(number);
        }

        return numbers;
    }

    private SafetensorsEntry Entry(string name, string dtypeName, List<long> shape, List<long> offsets)
    {
        SafetensorsDtype dtype = SafetensorsDtypes.Parse(dtypeName)
            ?? throw Bad($"unknown dtype '{Show(dtypeName)}' of tensor '{Show(name)}'; known are {SafetensorsDtypes.Names}");

        if (offsets.Count != 2)
            throw Bad($"data_offsets of tensor '{Show(name)}' has the length {offsets.Count}; it must hold 2 numbers, begin and end");
        long begin = offsets[0], end = offsets[1];
        if (begin > end) throw Bad($"data_offsets [{begin}, {end}] of tensor '{Show(name)}' end before they begin");

        // Zero counts as one in the overflow check: torch multiplies strides that way even where nothing is stored.
        string shapeText = "[" + string.Join(", ", shape) + "]";
        long bytes = dtype.Size();
        try
        {
            foreach (long size in shape) bytes = checked(bytes * Math.Max(size, 1));
        }
        catch (OverflowException error)
        {
            throw Bad(
                $"shape {shapeText} of tensor '{Show(name)}' with dtype {dtypeName} overflows: more than {long.MaxValue} bytes", error);
        }

        if (shape.Contains(0)) bytes = 0;
        if (end - begin != bytes)
        {
            throw Bad($"data_offsets [{begin}, {end}] of tensor '{Show(name)}' span {end - begin} bytes, "
                + $"but shape {shapeText} with dtype {dtypeName} takes {bytes}");
        }

        return new SafetensorsEntry(name, dtype, shape, begin, end);
    }

    /// <summary>The tensors must cover the data exactly: from 0, one after another, to the end of the file.</summary>
    private void CheckLayout(long dataLength)
    {
        long position = 0;
        string previous = "the start of the data";
        foreach (SafetensorsEntry entry in _tensors.Values.OrderBy(entry => entry.Begin).ThenBy(entry => entry.End))
        {
            string offsets = $"data_offsets [{entry.Begin}, {entry.End}] of tensor '{Show(entry.Name)}'";
            if (entry.Begin > dataLength)
                throw Bad($"{offsets} are out of range: {dataLength} bytes of data follow the header");
            if (entry.Begin < position)
                throw Bad($"{offsets} overlap with {previous}, which ends at {position}");
            if (entry.Begin > position)
                throw Bad($"{offsets} leave a hole of {entry.Begin - position} bytes after {previous}, which ends at {position}");
            if (entry.End > dataLength)
                throw Bad($"the data is truncated: {offsets} need {entry.End} bytes, {dataLength} follow the header");
            position = entry.End;
            previous = $"tensor '{Show(entry.Name)}'";
        }

        if (position != dataLength)
            throw Bad($"{dataLength - position} bytes are left over: the tensors end at {position} of {dataLength} bytes of data");
    }

    private SafetensorsException Bad(string problem, Exception? cause = null) =>
        cause is null ? new($"{_source.Name}: {problem}.") : new($"{_source.Name}: {problem}.", cause);

    private static string Kind(JsonTokenType token) => token switch
    {
        JsonTokenType.StartObject => "an object",
        JsonTokenType.StartArray => "an array",
        JsonTokenType.String => "a string",
        JsonTokenType.Number => "a number",
        JsonTokenType.Null => "null",
        _ => "a boolean",
    };

    /// <summary>Text from the file, short enough for a message.</summary>
    internal static string Show(string text) => text.Length <= 120 ? text : string.Concat(text.AsSpan(0, 120), "…");
}
