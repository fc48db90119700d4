using System.Globalization;
using System.Text;
using System.Text.Json;

namespace HslEmbeddingZero.Samples.Demo;

/// <summary>
/// Reads a generation request from JSON. A fault is told in the words of the request: the field, what is allowed, and the place. The
/// messages of the serializer would name .NET types.
/// </summary>
internal ref struct RequestReader
{
    private const int MostQuoted = 24;
    private readonly InputLimits _limits;
    private readonly ReadOnlySpan<byte> _json;
    private Utf8JsonReader _reader;
    private string? _field; // whose value is read

    private RequestReader(ReadOnlySpan<byte> json, InputLimits limits)
    {
        _limits = limits;
        _json = json.StartsWith(Encoding.UTF8.Preamble) ? json[Encoding.UTF8.Preamble.Length..] : json;
        _reader = new Utf8JsonReader(_json);
    }

    /// <exception cref="InvalidDataException">The request is not valid. The message says why, and where.</exception>
    public static GenerationRequest Read(ReadOnlySpan<byte> json, InputLimits limits)
    {
        RequestReader reader = new(json, limits);
        try
        {
            return reader.Read();
        }
        catch (JsonException error)
        {
            string subject = reader._field is { } field ? $"The value of {field}" : "The request";
            throw new InvalidDataException(string.Create(CultureInfo.InvariantCulture,
                $"{subject} is not valid JSON; line {error.LineNumber + 1}, byte {error.BytePositionInLine + 1}."), error);
        }
    }

    private GenerationRequest Read()
    {
        if (_json.IsEmpty) throw new InvalidDataException("The request is empty. It must be a JSON object with a prompt.");
        _reader.Read();
        if (_reader.TokenType != JsonTokenType.StartObject) throw Fault($"The request must be a JSON object; got {Found()}");
        GenerationRequest request = new() { Prompt = [] };
        HashSet<string> given = [];
        while (_reader.Read() && _reader.TokenType == JsonTokenType.PropertyName)
        {
            string name = Text("A field name");
            if (!given.Add(name)) throw Fault($"{Quoted(name)} is given twice");
            request = ReadField(request, name);
        }

        _reader.Read(); // throws where more than the object is sent
        return given.Contains("prompt")
            ? request : throw new InvalidDataException("prompt is missing. It must be a string, and may be empty.");
    }

    private GenerationRequest ReadField(GenerationRequest request, string name) => name switch
    {
        "prompt" => request with { Prompt = Prompt(name) },
        "length" => request with { Length = Whole(name, 1, _limits.GeneratedBytes) },
        "temperature" => request with { Temperature = Number(name, $"0 to {Invariant(_limits.Temperature)}", 0, _limits.Temperature) },
        "topK" => request with { TopK = Whole(name, 0, ByteIds.Count) },
        "topP" => request with { TopP = Number(name, "above 0 and at most 1", double.Epsilon, 1) },
        "seed" => request with { Seed = Whole(name, 0, int.MaxValue) },
        _ => throw Fault($"There is no field {Quoted(name)}. The fields are prompt, length, temperature, topK, topP and seed"),
    };

    private byte[] Prompt(string field)
    {
        Next(field, JsonTokenType.String, "a string");
        byte[] prompt = Encoding.UTF8.GetBytes(Text(field));
        return prompt.Length <= _limits.PromptBytes
            ? prompt : throw Fault($"{field} has {prompt.Length} UTF-8 bytes; at most {_limits.PromptBytes} are taken");
    }

    private int Whole(string field, int low, int high)
    {
        Next(field, JsonTokenType.Number, "a whole number");
        if (_reader.ValueSpan.ContainsAny(".eE"u8)) throw Fault($"{field} must be a whole number in digits only; got {Found()}");
        return _reader.TryGetInt32(out int value) && value >= low && value <= high
            ? value : throw Fault($"{field} is {Found()}; it must be {low} to {high}");
    }

    private double Number(string field, string allowed, double low, double high)
    {
        Next(field, JsonTokenType.Number, "a number");
        return _reader.TryGetDouble(out double value) && value >= low && value <= high
            ? value : throw Fault($"{field} is {Found()}; it must be {allowed}");
    }

    private void Next(string field, JsonTokenType kind, string wanted)
    {
        _field = field;
        _reader.Read();
        _field = null;
        if (_reader.TokenType != kind) throw Fault($"{field} must be {wanted}; got {Found()}");
    }

    private readonly string Text(string subject)
    {
        try
        {
            return _reader.GetString()!;
        }
        catch (InvalidOperationException)
        {
            throw Fault($"{subject} is not valid Unicode: it holds invalid UTF-8, or half of a surrogate pair");
        }
    }

    private readonly string Found() => _reader.TokenType switch
    {
        JsonTokenType.StartObject => "an object",
        JsonTokenType.StartArray => "an array",
        JsonTokenType.String => "a string",
        _ => Short(Encoding.UTF8.GetString(_reader.ValueSpan)), // a number, true, false or null
    };

    /// <summary>The exception for the value that was read last.</summary>
    private readonly InvalidDataException Fault(FormattableString sentence)
    {
        ReadOnlySpan<byte> before = _json[..(int)_reader.TokenStartIndex];
        int line = before.Count((byte)'\n') + 1;
        int position = before.Length - before.LastIndexOf((byte)'\n');
        return new InvalidDataException(string.Create(CultureInfo.InvariantCulture,
            $"{sentence.ToString(CultureInfo.InvariantCulture)}; line {line}, byte {position}."));
    }

    private static string Invariant(double value) => value.ToString(CultureInfo.InvariantCulture);

    private static string Quoted(string name) => $"'{Short(name)}'";

    private static string Short(string text) => text.Length <= MostQuoted ? text : text[..MostQuoted] + "...";
}
