using System.CommandLine;
using System.Globalization;
using HslEmbeddingZero.Training;
using Spectre.Console;
using TorchSharp;

namespace HslEmbeddingZero.Samples;

/// <summary>evaluate: scores weights on the held-out samples of their training run, and prints the scores stored in the file.</summary>
internal static class EvaluateCommand
{
    public static Command Create(IAnsiConsole console)
    {
        Option<FileInfo> weights = WeightsOption.Create(
            "Model file that train wrote. Default: the small model that comes with the sample.");
        Option<string[]> text = CorpusOptions.Text();
        Option<string[]> windows = CorpusOptions.Windows();
        Option<bool> update = new("--update")
        {
            Description = "Write the measured scores into the file, as train does at its end. Use it for the weights of a stopped run.",
        };
        Command command = new("evaluate", "Scores weights on the held-out samples, and prints the scores stored in their file.")
        {
            weights, text, windows, update,
        };
        var engine = EngineOptions.ForSamples();
        engine.AddTo(command);
        command.SetAction((parsed, cancellationToken) =>
        {
            try
            {
                torch.Device? device = engine.Device(parsed);
                Run(
                    console, parsed.GetValue(weights)!.FullName, path => engine.Load(parsed, path, device), device,
                    CorpusOptions.TextOrEmbedded(parsed.GetValue(text)), CorpusOptions.WindowsOrEmbedded(parsed.GetValue(windows)),
                    parsed.GetValue(update), cancellationToken);
            }
            catch (OperationCanceledException stopped)
            {
                throw new InterruptedException("The weights were not scored, and their file is unchanged. The same command starts again.",
                    stopped);
            }

            return Task.FromResult(0);
        });
        return command;
    }

    private static void Run(
        IAnsiConsole console, string weights, Func<string, IByteModel> load, torch.Device? device, string[] text, string[] windows,
        bool isUpdate, CancellationToken cancellationToken)
    {
        string digest = Provenance.Digest(weights);
        (Scores kept, HeldOutChoice heldOut) = Provenance.Read(weights);
        var data = ByteMix.Load(console, text, windows, new MixWeights(), heldOut.Most, cancellationToken);
        IByteModel model = load(weights);
        using var tensors = model as IDisposable;
        Scores measured;
        using (WorkProgress progress = new(console, "scoring"))
        {
            Evaluator evaluator = new(data.Sources, device: device);
            measured = Scores.Of(kept.Step, evaluator.Evaluate(model, new ScoringProgress(progress), cancellationToken));
        }

        ScoreTable.Print(console, data, [("measured", measured), ("in the file", kept)]);
        console.WriteLine(data.HeldOutSha256 == heldOut.Sha256
            ? string.Create(CultureInfo.InvariantCulture,
                $"Same held-out samples; the largest difference is {measured.LargestDifference(kept):F6}.")
            : "The held-out samples differ from those of the stored scores, so the two columns cannot be compared.");
        if (!isUpdate) return;
        if (data.HeldOutSha256 != heldOut.Sha256)
            throw new ArgumentException("--update: the held-out samples differ from the file's, so the scores are not written.");
        Provenance.Update(weights, digest, measured);
        console.WriteLine($"The measured scores are written to {weights}.");
    }
}
