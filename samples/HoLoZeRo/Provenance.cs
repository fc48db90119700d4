using System.Globalization;
using System.Text.Json;

namespace HslEmbeddingZero.Samples;

/// <summary>
/// Where weights come from, as text beside them in their file: how and on what they were trained, under which licence, what they score.
/// </summary>
internal static class Provenance
{
    private const string ScoresKey = "scores";
    private const string HeldOutKey = "held_out";

    /// <summary>The entries for a model file.</summary>
    public static Dictionary<string, string> Of(TrainOptions options, ByteMix data, Scores scores)
    {
        Dictionary<string, string> entries = new()
        {
            ["name"] = $"HoLo_ZeRo {options.Preset.Name}",
            ["preset"] = options.Preset.Name,
            ["step"] = scores.Step.ToString(CultureInfo.InvariantCulture),
            ["training"] = JsonSerializer.Serialize(options.Training, SampleJson.Line),
            ["mix"] = JsonSerializer.Serialize(data.Weights, SampleJson.Line),
            ["corpus"] = JsonSerializer.Serialize(data.Files, SampleJson.Line),
            [HeldOutKey] = JsonSerializer.Serialize(new HeldOutChoice(options.Preset.HeldOut, data.HeldOutSha256), SampleJson.Line),
            [ScoresKey] = JsonSerializer.Serialize(scores, SampleJson.Line),
        };
        if (options.Licence is { } licence) entries["licence"] = licence;
        return entries;
    }

    /// <summary>What the file says it scores, and on which held-out samples.</summary>
    /// <exception cref="InvalidDataException">The file does not say it.</exception>
    public static (Scores Scores, HeldOutChoice HeldOut) Read(string path)
    {
        IReadOnlyDictionary<string, string> entries = Safetensors.ReadHeader(path).Metadata;
        return (Read<Scores>(entries, ScoresKey, path), Read<HeldOutChoice>(entries, HeldOutKey, path));
    }

    /// <summary>Writes other scores into a model's file and leaves the rest of it as it is.</summary>
    public static void Update(string path, ByteLanguageModel model, Scores scores)
    {
        SafetensorsHeader header = Safetensors.ReadHeader(path);
        var entries = header.Metadata.Where(entry => entry.Key is not ("format" or "door" or "body")).ToDictionary();
        entries[ScoresKey] = JsonSerializer.Serialize(scores, SampleJson.Line);
        model.Save(path, header.Tensors.Values.First().Dtype, entries);
    }

    private static T Read<T>(IReadOnlyDictionary<string, string> entries, string key, string path)
    {
        if (!entries.TryGetValue(key, out string? text))
            throw new InvalidDataException($"{path}: the metadata has no '{key}'; only weights of this sample's train have.");
        try
        {
            return JsonSerializer.Deserialize<T>(text, SampleJson.Line) ?? throw new InvalidDataException($"{path}: '{key}' is null.");
        }
        catch (JsonException error)
        {
            throw new InvalidDataException($"{path}: '{key}' is no such entry: {error.Message}", error);
        }
    }
}

/// <summary>How many held-out samples were scored at most, and the digest of all of them.</summary>
internal sealed record HeldOutChoice(HeldOutWindows Most, string Sha256);
