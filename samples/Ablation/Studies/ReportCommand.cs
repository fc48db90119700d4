using System.CommandLine;
using Spectre.Console;

namespace HslEmbeddingZero.Samples;

/// <summary>report: creates a study's table and figure from its finished runs. Trains nothing.</summary>
internal static class ReportCommand
{
    public static Command Create(IAnsiConsole console)
    {
        Argument<DirectoryInfo> folder = new("folder")
        {
            Description = "Folder with the study.json and runs.jsonl that the run command wrote.",
        };
        Option<bool> incomplete = new("--incomplete")
        {
            Description = "Report a study that is still being trained: the finished runs, and how many are missing.",
        };
        Command command = new("report",
            "Creates table.md and figure.png of a study again from its study.json and runs.jsonl. Trains nothing.") { folder, incomplete };
        command.SetAction((parsed, _) =>
        {
            TorchRuntime.Load();
            new StudyFolder(parsed.GetRequiredValue(folder)).Remake(console, parsed.GetValue(incomplete));
            return Task.FromResult(0);
        });
        return command;
    }
}
