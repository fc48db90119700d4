using System.Globalization;
using System.Text.Json;

namespace HslEmbeddingZero.Samples;

/// <summary>
/// The origin of weights, stored as metadata in their file: training options, corpus, licence and scores.
/// </summary>
internal static class Provenance
{
    private const string ScoresKey = "scores";
    private const string HeldOutKey = "held_out";

    /// <summary>Returns the metadata entries for a model file.</summary>
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

    /// <summary>Reads the stored scores, and the held-out samples that they belong to.</summary>
    /// <exception cref="InvalidDataException">The metadata lacks the entries, or they are malformed.</exception>
    public static (Scores Scores, HeldOutChoice HeldOut) Read(string path)
    {
        IReadOnlyDictionary<string, string> entries = Safetensors.ReadHeader(path).Metadata;
        return (Read<Scores>(entries, ScoresKey, path), Read<HeldOutChoice>(entries, HeldOutKey, path));
    }

    /// <summary>Replaces the scores in a model file. The rest of the file stays the same.</summary>
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
            throw new InvalidDataException($"{path}: the metadata has no '{key}'; only weights written by train have it.");
        try
        {
            return JsonSerializer.Deserialize<T>(text, SampleJson.Line) ?? throw new InvalidDataException($"{path}: '{key}' is null.");
        }
        catch (JsonException error)
        {
            throw new InvalidDataException($"{path}: the entry '{key}' is malformed: {error.Message}", error);
        }
    }
}

/// <summary>The limits on scored held-out samples, and the SHA-256 of the samples.</summary>
internal sealed record HeldOutChoice(HeldOutWindows Most, string Sha256);
