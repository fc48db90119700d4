using System.Runtime.InteropServices;
using System.Security.Cryptography;
using HslEmbeddingZero.Training;

namespace HslEmbeddingZero.Samples;

/// <summary>
/// The descriptions of conditions that committed runs, tables and weights store. They must stay the same when the library renames
/// something: a stored result counts as finished only where its description is equal.
/// </summary>
internal static class CommittedWords
{
    /// <summary>The training options, under their stored names.</summary>
    public static object Training(TrainerOptions options, MixWeights mix) => new
    {
        options.Steps,
        options.WarmupSteps,
        options.PeakLearningRate,
        options.FinalLearningRate,
        options.Optimizer.Beta1,
        options.Optimizer.Beta2,
        options.Optimizer.Epsilon,
        options.Optimizer.WeightDecay,
        ClipNorm = options.Optimizer.MaxGradientNorm,
        options.BatchSize,
        Accumulation = options.GradientAccumulationSteps,
        Mix = mix,
        options.Seed,
        options.Precision,
        LogEvery = options.ReportEverySteps,
    };

    /// <summary>Identifies the samples that a run is trained on: seed, batch size, mix and SHA-256 of all files.</summary>
    public static string Corpus(TrainerOptions options, ByteMix data) => string.Join(' ', [
        FormattableString.Invariant($"seed {options.Seed} batch {options.BatchSize}"),
        FormattableString.Invariant(
            $"ModalityMix {{ Text = {data.Weights.Text}, Video = {data.Weights.Video}, Caption = {data.Weights.Caption} }}"),
        .. data.TextCorpus.Inputs.Select(input => input.Sha256), .. data.Windows.Files.Select(file => file.Sha256)]);

    /// <summary>
    /// SHA-256 of all held-out samples. Text enters as 16-bit ids with the file of each sample. Windows enter as bytes, with both swapped
    /// contexts.
    /// </summary>
    public static string HeldOutSha256(ByteMix data)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        HeldOutSamples text = data.Text.HeldOut!;
        Append(MemoryMarshal.AsBytes(text.Contexts));
        Append(MemoryMarshal.AsBytes(text.Targets));
        Append(MemoryMarshal.AsBytes<int>(Enumerable.Range(0, text.Count).Select(text.PartOf).ToArray()));
        foreach (SampleSource source in (SampleSource[])[data.Video, data.Caption])
        {
            Append(Narrow(source.HeldOut is { } samples ? samples.Contexts : []));
            Append(Narrow(source.HeldOut is { } scored ? scored.Targets : []));
        }

        for (int swap = 0; swap < 2; swap++)
            Append(data.Caption.HeldOut is { } captions
                ? [.. Enumerable.Range(0, captions.Count).SelectMany(i => Narrow(captions.SwappedContext(swap, i)))] : []);
        return Convert.ToHexStringLower(hash.GetHashAndReset());

        // The length comes first, so that different splits of the same bytes get different digests.
        void Append(ReadOnlySpan<byte> bytes)
        {
            hash.AppendData(BitConverter.GetBytes(bytes.Length));
            hash.AppendData(bytes);
        }

        static byte[] Narrow(ReadOnlySpan<short> ids)
        {
            byte[] bytes = new byte[ids.Length];
            for (int i = 0; i < bytes.Length; i++) bytes[i] = (byte)ids[i];
            return bytes;
        }
    }
}
