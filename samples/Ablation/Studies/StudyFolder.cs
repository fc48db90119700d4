using System.Text.Json;
using Spectre.Console;

namespace HslEmbeddingZero.Samples;

/// <summary>The files of a study: conditions and runs, and the table and figure that are created from these two alone.</summary>
internal sealed class StudyFolder(DirectoryInfo folder)
{
    private string ConditionsPath => Path.Combine(folder.FullName, "study.json");

    private string RunsPath => Path.Combine(folder.FullName, "runs.jsonl");

    /// <summary>Writes the conditions before training, so that a report is possible during training.</summary>
    /// <exception cref="InvalidDataException">The folder holds a run that the study does not have. It would be lost.</exception>
    public void Begin(StudyConditions conditions)
    {
        RunResult[] earlier = [.. File.Exists(RunsPath) ? KeptRuns() : [], .. FinishedRuns()];
        if (earlier.Select(run => run.Key).Except(conditions.Study.Runs()).FirstOrDefault() is { } foreign)
            throw new InvalidDataException(
                $"{folder.FullName}: it holds a run of another study, {foreign}, which would be lost. Choose another --out, or give the "
                    + "study file another name.");
        AtomicFile.WriteText(ConditionsPath, JsonSerializer.Serialize(conditions, SampleJson.Indented) + "\n");
    }

    /// <summary>Writes the runs of a study, its table and its figure, and prints the table.</summary>
    public void Write(IAnsiConsole console, StudyConditions conditions, IReadOnlyList<RunResult> results)
    {
        Keep(results);
        WriteReport(console, conditions, results);
    }

    /// <summary>Creates table and figure again.</summary>
    /// <param name="console">Where the table is printed.</param>
    /// <param name="isIncomplete">Whether runs may be missing. If so, the finished runs of a study in training are collected.</param>
    /// <exception cref="InvalidDataException">The folder holds no study, or runs are missing.</exception>
    public void Remake(IAnsiConsole console, bool isIncomplete)
    {
        var conditions = StudyConditions.Read(ConditionsPath);
        RunResult[] results = [.. isIncomplete && !File.Exists(RunsPath) ? [] : KeptRuns(), .. isIncomplete ? FinishedRuns() : []];
        var byKey = results.GroupBy(run => run.Key).ToDictionary(runs => runs.Key, runs => runs.First());
        RunKey[] missing = [.. conditions.Study.Runs().Where(key => !byKey.ContainsKey(key))];
        if (missing.Length > 0 && !isIncomplete)
        {
            throw new InvalidDataException(
                $"{RunsPath}: {missing.Length} runs of the study are missing, among them {missing[0]}. --incomplete reports the others.");
        }

        results = [.. conditions.Study.Runs().Where(byKey.ContainsKey).Select(key => byKey[key])];
        if (results.Length == 0) throw new InvalidDataException($"{folder.FullName}: no run of the study is finished yet.");
        if (isIncomplete) Keep(results);
        WriteReport(console, conditions, results);
    }

    private void Keep(IReadOnlyList<RunResult> results) => AtomicFile.WriteText(
        RunsPath, string.Concat(results.Select(run => JsonSerializer.Serialize(run with { Fingerprint = "" }, SampleJson.Line) + "\n")));

    private RunResult[] KeptRuns() => [.. File.ReadLines(RunsPath).Select(line => Parse(line, RunsPath))];

    /// <summary>Reads the results of single runs, which are in the folder while a study is trained.</summary>
    private RunResult[] FinishedRuns() =>
        [.. Directory.GetFiles(folder.FullName, "*.result.json").Order(StringComparer.Ordinal).Select(
            path => Parse(File.ReadAllText(path), path))];

    private static RunResult Parse(string json, string path)
    {
        try
        {
            RunResult run = JsonSerializer.Deserialize<RunResult>(json, SampleJson.Line)
                ?? throw new InvalidDataException($"{path}: not a run of a study.");
            return double.IsFinite(run.Scores.TextBitsPerByte)
                ? run : throw new InvalidDataException($"{path}: the text score of {run.Key} is {run.Scores.TextBitsPerByte}.");
        }
        catch (JsonException error)
        {
            throw new InvalidDataException($"{path}: not a run of a study: {SampleJson.Describe(error)}", error);
        }
    }

    private void WriteReport(IAnsiConsole console, StudyConditions conditions, IReadOnlyList<RunResult> results)
    {
        StudyReport report = new(conditions, results);
        report.Print(console);
        AtomicFile.WriteText(Path.Combine(folder.FullName, "table.md"), report.Markdown());
        StudyFigure.Save(Path.Combine(folder.FullName, "figure.png"), conditions, results);
        console.WriteLine($"Written to {folder.FullName}: study.json, runs.jsonl, table.md and figure.png.");
    }
}
