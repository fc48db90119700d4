using System.Text.Json;
using Spectre.Console;

namespace HslEmbeddingZero.Samples;

/// <summary>What a study leaves: its conditions and its runs, and the table and the figure that are made from these two alone.</summary>
internal sealed class StudyFolder(DirectoryInfo folder)
{
    private string ConditionsPath => Path.Combine(folder.FullName, "study.json");

    private string RunsPath => Path.Combine(folder.FullName, "runs.jsonl");

    public void Write(IAnsiConsole console, StudyConditions conditions, IReadOnlyList<RunResult> results)
    {
        AtomicFile.WriteText(ConditionsPath, JsonSerializer.Serialize(conditions, SampleJson.Indented) + "\n");
        AtomicFile.WriteText(RunsPath, string.Concat(results.Select(run => JsonSerializer.Serialize(run with { Fingerprint = "" }, SampleJson.Line) + "\n")));
        Tell(console, conditions, results);
    }

    /// <summary>Makes table and figure again.</summary>
    /// <exception cref="InvalidDataException">The folder does not hold a whole study.</exception>
    public void Remake(IAnsiConsole console)
    {
        StudyConditions conditions = StudyConditions.Read(ConditionsPath);
        RunResult[] results;
        try
        {
            results = [.. File.ReadLines(RunsPath).Select(line => JsonSerializer.Deserialize<RunResult>(line, SampleJson.Line)!)];
        }
        catch (JsonException error)
        {
            throw new InvalidDataException($"{RunsPath}: no runs of a study: {error.Message}", error);
        }

        RunKey[] missing = [.. conditions.Study.Runs().Except(results.Select(run => run.Key))];
        if (missing.Length > 0) throw new InvalidDataException($"{RunsPath}: {missing.Length} runs of the study are missing, among them {missing[0]}.");
        Tell(console, conditions, results);
    }

    private void Tell(IAnsiConsole console, StudyConditions conditions, IReadOnlyList<RunResult> results)
    {
        StudyReport report = new(conditions, results);
        report.Print(console);
        AtomicFile.WriteText(Path.Combine(folder.FullName, "table.md"), report.Markdown());
        StudyFigure.Save(Path.Combine(folder.FullName, "figure.png"), conditions, results);
        console.WriteLine($"Written to {folder.FullName}: study.json, runs.jsonl, table.md and figure.png.");
    }
}
