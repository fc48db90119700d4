using System.CommandLine;
using Spectre.Console;

namespace HslEmbeddingZero.Samples;

/// <summary>A byte model behind the zero door: trained, scored and heard.</summary>
internal static class HoLoZeRoProgram
{
    public static Task<int> Main(string[] args)
    {
        IAnsiConsole console = AnsiConsole.Console;
        if (Console.IsOutputRedirected) console.Profile.Width = 160;
        RootCommand root = new("Trains, scores and samples a byte model behind the zero door.") { TrainCommand.Create(console), EvaluateCommand.Create(console), GenerateCommand.Create(console) };
        return SampleProgram.RunAsync(root, args, "train has written its checkpoint; the same command with --resume goes on from it.");
    }
}
