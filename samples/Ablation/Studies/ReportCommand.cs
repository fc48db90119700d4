using System.CommandLine;
using Spectre.Console;

namespace HslEmbeddingZero.Samples;

/// <summary>report: makes a study's table and figure again from its committed runs, training nothing.</summary>
internal static class ReportCommand
{
    public static Command Create(IAnsiConsole console)
    {
        Argument<DirectoryInfo> folder = new("folder") { Description = "Folder with the study.json and the runs.jsonl that run has written." };
        Command command = new("report", "Makes table.md and figure.png of a study again from its study.json and runs.jsonl; trains nothing.") { folder };
        command.SetAction((parsed, _) =>
        {
            TorchRuntime.Load();
            new StudyFolder(parsed.GetRequiredValue(folder)).Remake(console);
            return Task.FromResult(0);
        });
        return command;
    }
}
