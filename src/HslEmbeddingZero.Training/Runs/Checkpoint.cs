using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using static TorchSharp.torch;

namespace HslEmbeddingZero.Training;

/// <summary>
/// The file from which a run resumes, in the safetensors format. It holds the tensors of the optimizer. The metadata hold the progress of
/// the run and the digests of everything.
/// </summary>
/// <param name="Step">Steps taken.</param>
/// <param name="BytesRead">Bytes read.</param>
/// <param name="Elapsed">Training time.</param>
internal sealed record Checkpoint(long Step, long BytesRead, TimeSpan Elapsed)
{
    private const string Format = "HslEmbeddingZero checkpoint 3";
    private const string EarlierFormats = "HslEmbeddingZero checkpoint ";
    private const double MostSeconds = 1e9;

    /// <summary>Writes a file, atomically.</summary>
    public static void Save(string path, string fingerprint, Checkpoint progress, IReadOnlyDictionary<string, Tensor> tensors)
    {
        Dictionary<string, string> metadata = new()
        {
            ["format"] = Format,
            ["run"] = fingerprint,
            ["step"] = progress.Step.ToString(CultureInfo.InvariantCulture),
            ["bytes_read"] = progress.BytesRead.ToString(CultureInfo.InvariantCulture),
            ["seconds"] = progress.Elapsed.TotalSeconds.ToString("R", CultureInfo.InvariantCulture),
        };
        CheckpointDigest.Seal(metadata, tensors);
        Safetensors.Save(path, tensors, metadata);
    }

    /// <summary>Reads the metadata of a file. It must be a checkpoint of this version.</summary>
    /// <exception cref="CheckpointException">The file has another format.</exception>
    public static IReadOnlyDictionary<string, string> ReadMetadata(string path)
    {
        IReadOnlyDictionary<string, string> metadata = Safetensors.ReadHeader(path).Metadata;
        metadata.TryGetValue("format", out string? format);
        if (format == Format) return metadata;
        throw new CheckpointException(format?.StartsWith(EarlierFormats, StringComparison.Ordinal) == true
            ? $"{path}: a checkpoint of another version (format '{format}', expected '{Format}'). Samples are now named by source, so "
                + "that this run cannot be resumed. Delete the file and train anew, or finish the run with the version that wrote it."
            : $"{path}: not a checkpoint of this version (format '{format}', expected '{Format}').");
    }

    /// <summary>Reads a file into the tensors of a run. If any part does not fit, no tensor changes.</summary>
    /// <param name="path">The file.</param>
    /// <param name="metadata">The result of <see cref="ReadMetadata"/>.</param>
    /// <param name="fingerprint">The fingerprint that the file must have.</param>
    /// <param name="steps">Steps of the whole run.</param>
    /// <param name="tensors">The tensors that receive the file's values, by name.</param>
    /// <exception cref="CheckpointException">The file is not a checkpoint, is damaged, or belongs to another run.</exception>
    /// <exception cref="SafetensorsException">The file is damaged, or its tensors have other names or shapes.</exception>
    public static Checkpoint Load(
        string path, IReadOnlyDictionary<string, string> metadata, string fingerprint, long steps,
        IReadOnlyDictionary<string, Tensor> tensors)
    {
        if (!metadata.TryGetValue("run", out string? run) || run != fingerprint)
        {
            throw new CheckpointException(
                $"{path}: belongs to another run: {string.Join("; ", RunFingerprint.Differences(run, fingerprint))}. "
                    + "Resume with the same model, data and options.");
        }

        long step = Number(metadata, "step", path, 0, steps);
        long bytesRead = Number(metadata, "bytes_read", path, 0, long.MaxValue);
        if (!metadata.TryGetValue("seconds", out string? text)
            || !double.TryParse(text, CultureInfo.InvariantCulture, out double seconds) || !(seconds >= 0 && seconds < MostSeconds))
            throw new CheckpointException($"{path}: seconds is '{text}', expected a time of 0 or more.");

        IReadOnlyDictionary<string, Tensor> found = Safetensors.Load(path);
        try
        {
            CheckpointDigest.Verify(path, metadata, found);
            Safetensors.LoadInto(tensors, found, path, "the run");
        }
        finally
        {
            foreach (Tensor tensor in found.Values) tensor.Dispose();
        }

        // FromSeconds truncates, and can lose a tick.
        return new(step, bytesRead, TimeSpan.FromTicks((long)Math.Round(seconds * TimeSpan.TicksPerSecond)));
    }

    private static long Number(IReadOnlyDictionary<string, string> metadata, string key, string path, long low, long high)
    {
        if (metadata.TryGetValue(key, out string? text)
            && long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long value)
            && value >= low && value <= high)
            return value;
        throw new CheckpointException($"{path}: {key} is '{text}', expected a whole number from {low} to {high}.");
    }
}

/// <summary>
/// Detects damage to a checkpoint, down to one bit. The metadata hold the SHA-256 of every tensor, by its name, and one SHA-256 of all
/// metadata. Without them, training would continue with a flipped bit in a weight, and nobody would notice.
/// </summary>
internal static class CheckpointDigest
{
    private const string TextKey = "sha256";
    private const string TensorPrefix = "sha256.";

    /// <summary>Adds the digests to the metadata.</summary>
    public static void Seal(Dictionary<string, string> metadata, IReadOnlyDictionary<string, Tensor> tensors)
    {
        foreach ((string name, Tensor tensor) in tensors) metadata[TensorPrefix + name] = Of(tensor);
        metadata[TextKey] = OfText(metadata);
    }

    /// <summary>Compares the digests with the metadata and the tensors.</summary>
    /// <exception cref="CheckpointException">A digest differs. The message names the damaged part.</exception>
    public static void Verify(string path, IReadOnlyDictionary<string, string> metadata, IReadOnlyDictionary<string, Tensor> tensors)
    {
        string text = OfText(metadata);
        metadata.TryGetValue(TextKey, out string? textDigest);
        if (text != textDigest)
            throw new CheckpointException($"{path}: the metadata is damaged: its SHA-256 is {text}, not '{textDigest}'.");
        foreach ((string name, Tensor tensor) in tensors)
        {
            metadata.TryGetValue(TensorPrefix + name, out string? digest);
            if (Of(tensor) is var found && found != digest)
                throw new CheckpointException($"{path}: {name} is damaged: its SHA-256 is {found}, not '{digest}'.");
        }
    }

    /// <summary>One digest of names and values.</summary>
    public static string OfAll(IReadOnlyDictionary<string, Tensor> tensors) =>
        OfText(tensors.ToDictionary(pair => pair.Key, pair => Of(pair.Value)));

    private static string Of(Tensor tensor)
    {
        using Tensor host = tensor.detach().cpu();
        using Tensor whole = host.contiguous();
        return Convert.ToHexStringLower(SHA256.HashData(whole.bytes));
    }

    private static string OfText(IReadOnlyDictionary<string, string> metadata)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach ((string key, string value) in metadata.Where(pair => pair.Key != TextKey).OrderBy(pair => pair.Key,
            StringComparer.Ordinal))
            hash.AppendData(Encoding.UTF8.GetBytes($"{key.Length} {key} {value.Length} {value}\n"));
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
