using System.CommandLine;
using System.Text;
using Spectre.Console;

namespace HslEmbeddingZero.Samples;

/// <summary>A byte model behind the zero door: trained, scored and writing.</summary>
internal static class HoLoZeRoProgram
{
    public static Task<int> Main(string[] args)
    {
        IAnsiConsole console = AnsiConsole.Console;
        if (Console.IsOutputRedirected) console.Profile.Width = 160;
        Console.OutputEncoding = Encoding.UTF8; // Windows would show other letters.
        RootCommand root = new("A byte model behind the zero door: train it, score it, let it write.")
        {
            TrainCommand.Create(console), EvaluateCommand.Create(console), GenerateCommand.Create(console),
        };
        return SampleProgram.RunAsync(root, args, "Training goes on from its checkpoint with --resume.");
    }
}
