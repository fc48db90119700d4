using System.Text.Json;
using Spectre.Console;

namespace HslEmbeddingZero.Samples;

/// <summary>What a study leaves: its conditions and its runs, and the table and the figure that are made from these two alone.</summary>
internal sealed class StudyFolder(DirectoryInfo folder)
{
    private string ConditionsPath => Path.Combine(folder.FullName, "study.json");

    private string RunsPath => Path.Combine(folder.FullName, "runs.jsonl");

    /// <summary>Notes what is about to be trained, so that a report can be made on the way.</summary>
    public void Begin(StudyConditions conditions) =>
        AtomicFile.WriteText(ConditionsPath, JsonSerializer.Serialize(conditions, SampleJson.Indented) + "\n");

    /// <summary>Keeps the runs of a study that was begun, and tells what it found.</summary>
    public void Write(IAnsiConsole console, StudyConditions conditions, IReadOnlyList<RunResult> results)
    {
        Keep(results);
        WriteReport(console, conditions, results);
    }

    /// <summary>Makes table and figure again.</summary>
    /// <param name="console">Where the table is printed.</param>
    /// <param name="isIncomplete">Whether runs may be missing; the finished ones of a study in training are collected then.</param>
    /// <exception cref="InvalidDataException">The folder holds no study, or not the whole of it.</exception>
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

    /// <summary>Results of single runs, which lie there while a study is trained.</summary>
    private RunResult[] FinishedRuns() =>
        [.. Directory.GetFiles(folder.FullName, "*.result.json").Order(StringComparer.Ordinal).Select(
            path => Parse(File.ReadAllText(path), path))];

    private static RunResult Parse(string json, string path)
    {
        try
        {
            return JsonSerializer.Deserialize<RunResult>(json, SampleJson.Line)
                ?? throw new InvalidDataException($"{path}: no run of a study.");
        }
        catch (JsonException error)
        {
            throw new InvalidDataException($"{path}: no run of a study: {error.Message}", error);
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
