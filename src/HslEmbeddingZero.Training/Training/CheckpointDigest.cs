using System.Security.Cryptography;
using System.Text;
using static TorchSharp.torch;

namespace HslEmbeddingZero.Training;

/// <summary>
/// What makes damage to a checkpoint visible, down to one bit: the SHA-256 of every tensor beside its name, and one of all the text. A flipped
/// bit in a weight would otherwise train on unseen, and torch ends the process over a random state that it finds impossible.
/// </summary>
internal static class CheckpointDigest
{
    private const string TextKey = "sha256";
    private const string TensorPrefix = "sha256.";

    /// <summary>Adds the digests to the text.</summary>
    public static void Seal(Dictionary<string, string> metadata, IReadOnlyDictionary<string, Tensor> tensors)
    {
        foreach ((string name, Tensor tensor) in tensors) metadata[TensorPrefix + name] = Of(tensor);
        metadata[TextKey] = OfText(metadata);
    }

    /// <summary>Compares them.</summary>
    /// <exception cref="CheckpointException">Something is damaged; the message names it.</exception>
    public static void Verify(string path, IReadOnlyDictionary<string, string> metadata, IReadOnlyDictionary<string, Tensor> tensors)
    {
        string text = OfText(metadata);
        metadata.TryGetValue(TextKey, out string? textDigest);
        if (text != textDigest) throw new CheckpointException($"{path}: the metadata is damaged: its SHA-256 is {text}, not '{textDigest}'.");
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
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach ((string key, string value) in metadata.Where(pair => pair.Key != TextKey).OrderBy(pair => pair.Key, StringComparer.Ordinal))
            hash.AppendData(Encoding.UTF8.GetBytes($"{key.Length} {key} {value.Length} {value}\n"));
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
