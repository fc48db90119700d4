using System.CommandLine;
using HslEmbeddingZero.Training;
using Spectre.Console;
using TorchSharp;

namespace HslEmbeddingZero.Samples;

/// <summary>run: trains the runs of a study, and writes its table, figure and runs.</summary>
internal static class RunCommand
{
    public static Command Create(IAnsiConsole console)
    {
        Argument<string> study =
            new("study") { Description = $"A study of this program ({string.Join(", ", StudyFile.Names)}) or the path of a study file." };
        Option<string> device = ComputeOptions.Device();
        Option<string> precision = ComputeOptions.Precision();
        Option<double> checkpointMinutes = ComputeOptions.CheckpointMinutes();
        Option<double> claimMinutes = ComputeOptions.ClaimMinutes();
        Option<string[]> text = CorpusOptions.Text();
        Option<string[]> windows = CorpusOptions.Windows();
        Option<DirectoryInfo> output = CheckedOptions.Folder("--out",
            "Parent folder. table.md, figure.png, study.json, runs.jsonl and the files of each run go to a subfolder named like the study.",
            "runs/ablation");
        Command command = new("run",
            "Trains the runs of a study, and resumes an interrupted study. Several processes, on one machine or many, may share a folder.")
        {
            study, device, precision, checkpointMinutes, claimMinutes, text, windows, output,
        };
        command.SetAction((parsed, cancellationToken) =>
        {
            torch.Device place = ComputeOptions.ChooseDevice(parsed.GetValue(device)!);
            try
            {
                Run(
                    console, parsed.GetRequiredValue(study), place, ComputeOptions.ChoosePrecision(parsed.GetValue(precision)!, place),
                    ComputeOptions.CheckpointInterval(parsed.GetValue(checkpointMinutes)),
                    new ClaimWatch(TimeSpan.FromMinutes(parsed.GetValue(claimMinutes))),
                    CorpusOptions.TextOrEmbedded(parsed.GetValue(text)), CorpusOptions.WindowsOrEmbedded(parsed.GetValue(windows)),
                    parsed.GetValue(output)!, cancellationToken);
            }
            catch (OperationCanceledException stopped)
            {
                throw new InterruptedException(
                    $"Finished runs and the checkpoint are in {parsed.GetValue(output)!.FullName}; the same command continues from there.",
                    stopped);
            }

            return Task.FromResult(0);
        });
        return command;
    }

    private static void Run(
        IAnsiConsole console, string nameOrFile, torch.Device device, Precision precision, TimeSpan? checkpointEvery, ClaimWatch claims,
        string[] text, string[] windows, DirectoryInfo parent, CancellationToken cancellationToken)
    {
        string file = StudyFile.Find(nameOrFile);
        string name = Path.GetFileNameWithoutExtension(file);
        var study = Study.Load(file);
        var data = ComparisonData.Load(console, text, windows, study.Budget, cancellationToken);
        DirectoryInfo output = new(Path.Combine(parent.FullName, name));
        OutputFolder.RequireWritable(output);

        StudyRunner runner = new(study, data, precision, device, output, checkpointEvery, claims);
        runner.RefuseForeignResults();
        StudyFolder folder = new(output);
        var conditions = StudyConditions.Of(name, study, precision, device, data);
        // The processes of a study start, and end, at the same time, and write the same files.
        string claim = Path.Combine(output.FullName, "report.claim");
        using (RunClaim.Take(claim, claims, cancellationToken)) folder.Begin(conditions);
        IReadOnlyList<RunResult> results = runner.Run(console, cancellationToken);
        using (RunClaim.Take(claim, claims, cancellationToken)) folder.Write(console, conditions, results);
    }
}
