using System.Globalization;
using System.Text.Json;
using HslEmbeddingZero.Knowledge;
using HslEmbeddingZero.Training;
using Spectre.Console;
using TorchSharp;

namespace HslEmbeddingZero.Samples;

/// <summary>Trains the stages of a curriculum in a folder, and writes their table and curve.</summary>
internal sealed class CurriculumTraining(IAnsiConsole console, CurriculumOptions options)
{
    public const string ModelName = "model.safetensors";

    private string Folder => options.Out.FullName;

    public void Run(CancellationToken cancellationToken)
    {
        using var taken = OutputFolder.Take(options.Out);
        CurriculumRun run = new(Folder, options.Curriculum, options.Seed, options.Device);
        if (!options.Resume && Directory.EnumerateFiles(Folder, "*.safetensors").FirstOrDefault() is { } earlier)
            throw new ArgumentException($"{earlier} exists from an earlier run: resume it with --resume, or choose another --out.");
        try
        {
            Run(run, cancellationToken);
        }
        catch (OperationCanceledException stopped) when (stopped is not InterruptedException)
        {
            throw new InterruptedException("The same command with --resume goes on where it was.", stopped);
        }
    }

    private void Run(CurriculumRun run, CancellationToken cancellationToken)
    {
        TextCorpus text;
        WindowCorpus windows;
        using (WorkProgress progress = new(console, "reading the corpus"))
            (text, windows) = (TextCorpus.Load(options.Text, cancellationToken: cancellationToken), WindowCorpus.Load(options.Windows));
        using TextCorpus owned = text;
        using KnowledgeFacts facts = LoadFacts(cancellationToken);
        var retrieval = Retrieval.Of(facts, options.Curriculum, cancellationToken);
        console.WriteLine(retrieval.Describe());
        CurriculumSources all = new(text, windows, facts);
        IReadOnlyList<CurriculumStage> stages = options.Curriculum.Stages;
        // Those of all stages now: what is wrong in the last one is not found after days of training.
        IReadOnlyList<SampleSource>[] sources = [.. stages.Select(all.Of)];
        IReadOnlyDictionary<string, string> files = ByteMix.FilesOf(text, windows);
        LiveProgress.Run(
            console, [.. stages.Select(stage => stage.Name)],
            (i, live) => run.Run(
                stages[i], sources[i],
                new TrainingRunOptions
                {
                    CheckpointEvery = options.CheckpointEvery,
                    WeightsMetadata = _ => Metadata(run, stages[i], files),
                },
                live, new EvaluationLines(console, stages[i]), live, cancellationToken),
            lines: 50);
        var table = CurriculumTable.Of(run);
        table.Print(console);
        File.WriteAllText(Path.Combine(Folder, "results.md"), table.ToMarkdown(retrieval));
        CurriculumCurve.Save(run, Path.Combine(Folder, "curve.png"));
        using var model = ByteLanguageModel.Load(run.WeightsPath(stages[^1]));
        model.Save(Path.Combine(Folder, ModelName), torch.ScalarType.BFloat16, Metadata(run, stages[^1], files));
        console.WriteLine($"The model after the last stage: {Path.Combine(Folder, ModelName)}");
    }

    private KnowledgeFacts LoadFacts(CancellationToken cancellationToken)
    {
        using WorkProgress progress = new(console, "storing facts");
        return KnowledgeFacts.Load(options.Persons, Folder, progress, cancellationToken);
    }

    private Dictionary<string, string> Metadata(CurriculumRun run, CurriculumStage stage, IReadOnlyDictionary<string, string> files)
    {
        Dictionary<string, string> entries = new()
        {
            ["name"] = $"HoLo {stage.Name}",
            ["curriculum"] = JsonSerializer.Serialize(options.Curriculum, SampleJson.Line),
            ["seed"] = options.Seed.ToString(CultureInfo.InvariantCulture),
            ["stage"] = stage.Name,
            ["corpus"] = JsonSerializer.Serialize(files, SampleJson.Line),
            ["persons"] = options.Persons.ToString(),
        };
        if (options.Licence is { } licence) entries["licence"] = licence;
        if (run.Evaluations(stage) is [.., var last])
            entries["scores"] = JsonSerializer.Serialize(
                last.Scores.Sources.ToDictionary(score => score.Name, score => score), SampleJson.Line);
        // The length of prompts that the model was trained on.
        if (stage.Sources.TryGetValue("knowledge", out StageSource? knowledge))
            entries[KnowledgeChatOptions.PromptBytesKey] = knowledge.Context.ToString(CultureInfo.InvariantCulture);
        return entries;
    }

    private sealed class EvaluationLines(IAnsiConsole console, CurriculumStage stage) : IProgress<RunEvaluation>
    {
        public void Report(RunEvaluation value) => console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{stage.Name} at step {value.Step}: {string.Join(", ", value.Scores.Sources.Select(Describe))}"));

        private static string Describe(SourceScore score)
        {
            string bits = string.Create(CultureInfo.InvariantCulture, $"{score.Name} {score.BitsPerByte:F3}");
            string exact = score.ExactMatch is { } share ? string.Create(CultureInfo.InvariantCulture, $" ({share:P0} exact)") : "";
            return bits + exact + string.Concat(score.Gaps.Select(Describe));
        }

        private static string Describe(KeyValuePair<string, double> gap) =>
            string.Create(CultureInfo.InvariantCulture, $" {gap.Key} {gap.Value:+0.000;-0.000;+0.000}");
    }
}

/// <summary>How often the store finds the fact that a question asks for.</summary>
/// <param name="Questions">Questions asked, about held-out persons.</param>
/// <param name="First">Share of them whose fact is the best one found.</param>
/// <param name="Found">Share whose fact is among those found.</param>
/// <param name="InPrompt">Share whose fact has room in the prompt.</param>
/// <param name="MostBytes">Bytes of a prompt.</param>
internal sealed record Retrieval(int Questions, double First, double Found, double InPrompt, int MostBytes)
{
    private const int Asked = 1000;

    public static Retrieval Of(KnowledgeFacts facts, Curriculum curriculum, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        int most = curriculum.Stages.SelectMany(stage => stage.Sources).Where(source => source.Key == "knowledge")
            .Select(source => source.Value.Context).DefaultIfEmpty(2048).Last();
        IReadOnlyList<AskedQuestion> asked = facts.Questions(Asked, isHeldOut: true, FactChoice.True, most);
        return new(
            asked.Count, asked.Average(one => one.Rank == 0 ? 1.0 : 0), asked.Average(one => one.Rank >= 0 ? 1.0 : 0),
            asked.Average(one => one.IsInPrompt ? 1.0 : 0), most);
    }

    public string Describe() => string.Create(
        CultureInfo.InvariantCulture,
        $"Retrieval, {Questions:N0} questions about held-out persons: the right fact is the best one in {First:P1}, among "
            + $"{KnowledgeFacts.Found} in {Found:P1}, and in the prompt of {MostBytes} bytes in {InPrompt:P1}.");
}
