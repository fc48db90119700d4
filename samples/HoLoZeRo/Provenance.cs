using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using TorchSharp;

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
        Scores scores = Read<Scores>(entries, ScoresKey, path);
        if (!scores.IsFinite) throw new InvalidDataException($"{path}: the stored scores are not finite: {entries[ScoresKey]}.");
        return (scores, Read<HeldOutChoice>(entries, HeldOutKey, path));
    }

    /// <summary>SHA-256 of a model file.</summary>
    public static string Digest(string path)
    {
        using FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        return Convert.ToHexStringLower(SHA256.HashData(file));
    }

    /// <summary>Replaces the scores in a model file. The rest of the file stays the same.</summary>
    /// <param name="path">The file.</param>
    /// <param name="digest">Its <see cref="Digest"/> when it was scored.</param>
    /// <param name="scores">The new scores.</param>
    /// <exception cref="IOException">The file has changed since, or is one of several files of a model.</exception>
    public static void Update(string path, string digest, Scores scores)
    {
        if (Path.GetExtension(path) == ".json")
            throw new IOException($"{path}: --update writes a model in one file; this is the index of several.");
        Dictionary<string, string> entries = new(Safetensors.ReadHeader(path).Metadata)
        {
            [ScoresKey] = JsonSerializer.Serialize(scores, SampleJson.Line),
        };
        IReadOnlyDictionary<string, torch.Tensor> tensors = Safetensors.Load(path);
        try
        {
            // Training may have written better weights meanwhile.
            if (Digest(path) != digest) throw new IOException($"{path}: the file has changed since it was scored. Score it again.");
            Safetensors.Save(path, tensors, entries);
        }
        finally
        {
            foreach (torch.Tensor tensor in tensors.Values) tensor.Dispose();
        }
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
            throw new InvalidDataException($"{path}: the entry '{key}' is malformed: {SampleJson.Describe(error)}", error);
        }
    }
}

/// <summary>The limits on scored held-out samples, and the SHA-256 of the samples.</summary>
internal sealed record HeldOutChoice(HeldOutWindows Most, string Sha256);
