using System.CommandLine;
using Spectre.Console;

namespace HslEmbeddingZero.Samples;

/// <summary>A byte model behind the zero door: trained, scored and writing.</summary>
internal static class HoLoZeRoProgram
{
    public static Task<int> Main(string[] args)
    {
        IAnsiConsole console = SampleConsole.Open(redirectedWidth: 160);
        RootCommand root = new("A byte model behind the zero door: train it, score it, let it write.")
        {
            TrainCommand.Create(console), EvaluateCommand.Create(console), GenerateCommand.Create(console),
        };
        return SampleProgram.RunAsync(root, args, "Training goes on from its checkpoint with --resume.");
    }
}
