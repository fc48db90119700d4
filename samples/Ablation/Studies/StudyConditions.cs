using System.Text.Json;
using HslEmbeddingZero.Training;
using TorchSharp;

namespace HslEmbeddingZero.Samples;

/// <summary>The conditions of a study. Together with its runs, they are all that its tables and figure need.</summary>
internal sealed record StudyConditions
{
    public required string Name { get; init; }

    public required Study Study { get; init; }

    public required Precision Precision { get; init; }

    /// <summary>Name of the device.</summary>
    public required string Device { get; init; }

    /// <summary>Version of libtorch.</summary>
    public required string Libtorch { get; init; }

    /// <summary>SHA-256 of the held-out samples.</summary>
    public required string HeldOutSha256 { get; init; }

    /// <summary>Number of held-out windows of text, video and captions.</summary>
    public required IReadOnlyList<int> HeldOutWindows { get; init; }

    /// <summary>Bits per byte of the held-out text under a bigram count model of the training text.</summary>
    public required double Bigram { get; init; }

    /// <summary>The same under a trigram count model.</summary>
    public required double Trigram { get; init; }

    /// <summary>Names of the text files. Null in studies from before November 2026.</summary>
    public IReadOnlyList<string>? TextSources { get; init; }

    public static StudyConditions Of(string name, Study study, Precision precision, torch.Device device, ComparisonData data) => new()
    {
        Name = name,
        Study = study,
        Precision = precision,
        Device = ComputeOptions.NameOf(device),
        Libtorch = TorchRuntime.LibtorchVersion,
        HeldOutSha256 = data.Mix.HeldOutSha256,
        HeldOutWindows = data.Mix.HeldOutCounts,
        Bigram = data.Bigram[^1],
        Trigram = data.Trigram[^1],
        TextSources = data.Mix.TextNames,
    };

    /// <exception cref="InvalidDataException">The file does not hold the conditions of a study.</exception>
    public static StudyConditions Read(string path)
    {
        try
        {
            StudyConditions conditions = JsonSerializer.Deserialize<StudyConditions>(File.ReadAllText(path), SampleJson.Line)
                ?? throw new InvalidDataException($"{path}: the file is empty.");
            return conditions with { Study = conditions.Study.Checked(path) };
        }
        catch (JsonException error)
        {
            throw new InvalidDataException($"{path}: not the conditions of a study: {SampleJson.Describe(error)}", error);
        }
    }
}
