using System.Text;

namespace HslEmbeddingZero.Training.Tests.Runs;

/// <summary>Prompts with answers of several lengths, which a tiny model learns in a hundred steps.</summary>
internal static class PromptRun
{
    public static readonly SampleShape Shape = new(8, 6);

    public static readonly TrainerOptions Options = TinyRun.Options with
    {
        Steps = 120,
        WarmupSteps = 5,
        PeakLearningRate = 1e-2,
        FinalLearningRate = 1e-3,
        BatchSize = 5,
        GradientAccumulationSteps = 1,
    };

    private static readonly (string Prompt, string Answer)[] Pairs =
        [("one", "하"), ("two", ""), ("three", "3"), ("four", "44"), ("a longer one", "long.")];

    /// <summary>The pairs that training has, in turn.</summary>
    public static IReadOnlyList<PromptSample> Samples { get; } = [.. Pairs.Select(pair => Sample(pair.Prompt, pair.Answer))];

    /// <summary>Some of the pairs, and prompts with answers that no training has given them.</summary>
    public static IReadOnlyList<PromptSample> Asked { get; } =
        [.. Samples.Take(4), Sample("five", "5"), Sample("two", "2"), Sample("four", "4")];

    /// <summary>The pairs as a source that is trained on. It scores <see cref="Asked"/> where nothing else is given.</summary>
    public static PromptSource Source(double weight = 1, IReadOnlyList<PromptSample>? heldOut = null) => new(
        "asked", Shape, "pairs", draw => Samples[(int)(draw.Index % Samples.Count)], PromptSource.Collect(Shape, heldOut ?? Asked), weight);

    public static TinyRun Create(
        TrainerOptions? options = null, IReadOnlyList<SampleSource>? sources = null, IProcessGroup? group = null) =>
        new(options ?? Options, dim: 32, bytesPerSlot: 1, sources: sources ?? [Source()], group: group);

    private static PromptSample Sample(string prompt, string answer) =>
        new(Encoding.UTF8.GetBytes(prompt), Encoding.UTF8.GetBytes(answer));
}
