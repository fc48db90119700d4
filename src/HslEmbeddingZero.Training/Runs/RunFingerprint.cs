using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using TorchSharp;
using static TorchSharp.torch;

namespace HslEmbeddingZero.Training;

/// <summary>
/// The properties that a checkpoint and a run must share, as one line of JSON. The message of a refusal shows both lines.
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
