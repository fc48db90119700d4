using System.CommandLine;
using Spectre.Console;

namespace HslEmbeddingZero.Samples;

/// <summary>report: makes a study's table and figure from the runs that are there, training nothing.</summary>
internal static class ReportCommand
{
    public static Command Create(IAnsiConsole console)
    {
        Argument<DirectoryInfo> folder = new("folder")
        {
            Description = "Folder with the study.json and the runs.jsonl that run has written.",
        };
        Option<bool> incomplete = new("--incomplete")
        {
            Description = "Report a study that is still being trained: the runs that are finished, and how many are missing.",
        };
        Command command = new("report",
            "Makes table.md and figure.png of a study again from its study.json and runs.jsonl; trains nothing.") { folder, incomplete };
        command.SetAction((parsed, _) =>
        {
            TorchRuntime.Load();
            new StudyFolder(parsed.GetRequiredValue(folder)).Remake(console, parsed.GetValue(incomplete));
            return Task.FromResult(0);
        });
        return command;
    }
}
