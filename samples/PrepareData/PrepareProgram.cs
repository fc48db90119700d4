using Spectre.Console;

namespace HslEmbeddingZero.Samples.PrepareData;

/// <summary>Converts the user's own files to text and windows for training.</summary>
internal static class PrepareProgram
{
    public static Task<int> Main(string[] args)
    {
        IAnsiConsole console = SampleConsole.Open(redirectedWidth: 400), progress = SampleConsole.ForProgress(console);
        return SampleProgram.RunAsync(
            CommandLine.Create(
                (options, cancellationToken) => TextPreparation.Run(console, progress, options, cancellationToken),
                (options, cancellationToken) => WindowPreparation.Run(console, progress, options, cancellationToken)),
            args,
            "The same command with --resume continues from here.");
    }
}
