using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using TorchSharp;
using static TorchSharp.torch;

namespace HslEmbeddingZero.Training;

/// <summary>
/// The properties that a checkpoint and a run must share, as one line of JSON. The message of a refusal names those that differ.
/// </summary>
internal static class RunFingerprint
{
    private static readonly JsonSerializerOptions Json = new() { DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull };

    /// <summary>The fingerprint at the start of a run. The model is already in the run's precision and on its device.</summary>
    public static string Of(ByteLanguageModel model, TrainerOptions options, BatchSampler sampler) => JsonSerializer.Serialize(
        new
        {
            door = model.Door.GetType().Name,
            doorRows = DoorDigest(model),
            bytesPerSlot = model.Door.BytesPerSlot,
            tail = model.Door.Tail.ToString(),
            body = model.Body.Description,
            trainer = options with { ReportEverySteps = 1 }, // does not affect what a run computes
            data = sampler.Fingerprint,
            frozen = FrozenDigest(model),
        },
        Json);

    /// <summary>
    /// The properties in which two fingerprints differ, each with both values: "BatchSize is 4, and was 12", for example.
    /// </summary>
    /// <param name="then">Fingerprint of the checkpoint.</param>
    /// <param name="now">Fingerprint of the run.</param>
    public static IReadOnlyList<string> Differences(string? then, string now)
    {
        SortedDictionary<string, string> before = Values(then), after = Values(now);
        if (before.Count == 0) return ["the checkpoint does not say what it belongs to"];
        const string absent = "not there";
        string[] differences =
        [
            .. before.Keys.Union(after.Keys)
                .Where(name => before.GetValueOrDefault(name) != after.GetValueOrDefault(name))
                .Select(name => $"{name} is {after.GetValueOrDefault(name, absent)}, and was {before.GetValueOrDefault(name, absent)}"),
        ];
        return differences.Length > 0 ? differences : [$"this run is {now}, and was {then}"];
    }

    /// <summary>The properties of a fingerprint by name. Empty where the text is no fingerprint.</summary>
    private static SortedDictionary<string, string> Values(string? fingerprint)
    {
        SortedDictionary<string, string> values = new(StringComparer.Ordinal);
        try
        {
            using var json = JsonDocument.Parse(fingerprint ?? "");
            if (json.RootElement.ValueKind == JsonValueKind.Object) Add("", json.RootElement);
        }
        catch (JsonException)
        {
            values.Clear();
        }

        return values;

        void Add(string prefix, JsonElement element)
        {
            foreach (JsonProperty property in element.EnumerateObject())
            {
                // The options of the trainer are known by their own names.
                string name = prefix + property.Name;
                if (property.Value.ValueKind == JsonValueKind.Object) Add(name == "trainer" ? "" : $"{name}.", property.Value);
                else if (property.Name == "Stages") AddStages(property.Value);
                else if (name == "data") AddSources(property.Value.GetString()!);
                else if (property.Name == nameof(Precision)) values[name] = PrecisionOf(property.Value);
                else values[name == "doorRows" ? "the rows of the door" : name] = $"{property.Value}";
            }
        }

        void AddStages(JsonElement stages)
        {
            string[] names = [.. stages.EnumerateArray().Select(stage => $"{stage.GetProperty(nameof(CurriculumStage.Name))}")];
            foreach ((int i, JsonElement stage) in stages.EnumerateArray().Index()) Add($"stage '{names[i]}' ", stage);
            values["the order of the stages"] = string.Join(", ", names);
        }

        // The part before the first source repeats seed and batch size.
        void AddSources(string data)
        {
            string[] sources = data.Split("; ")[1..];
            foreach (string source in sources) values[$"source '{NameOf(source)}'"] = $"'{source}'";
            values["the order of the sources"] = string.Join(", ", sources.Select(NameOf));
        }
    }

    private static string NameOf(string source) => source.Split(' ')[0];

    private static string PrecisionOf(JsonElement value) => value.TryGetInt32(out int number) ? $"{(Precision)number}" : $"{value}";

    /// <summary>
    /// A digest of the rows of all ids at the start of the run. It distinguishes doors of one class with different features.
    /// </summary>
    private static string DoorDigest(ByteLanguageModel model)
    {
        using IDisposable quiet = no_grad();
        using DisposeScope scope = NewDisposeScope();
        Tensor ids = arange(ByteIds.Count, ScalarType.Int64, model.parameters().First().device);
        Tensor rows = model.Door.Features(ids).to(ScalarType.Float32).cpu().contiguous();
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(rows.bytes);
        // The rows do not show whether slots also have n-gram codes.
        if (model.Door.Ngrams is { } codes) hash.AppendData(Encoding.UTF8.GetBytes(codes.ToString()));
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>SHA-256 of the frozen parameters, which a checkpoint does not hold; null if all parameters are trained.</summary>
    private static string? FrozenDigest(ByteLanguageModel model)
    {
        using DisposeScope scope = NewDisposeScope();
        var frozen = model.named_parameters().Where(p => !p.parameter.requires_grad).ToDictionary(p => p.name, p => (Tensor)p.parameter);
        return frozen.Count == 0 ? null : CheckpointDigest.OfAll(frozen);
    }
}
