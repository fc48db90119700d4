using System.CommandLine;
using HslEmbeddingZero.Training;
using Spectre.Console;

namespace HslEmbeddingZero.Samples;

/// <summary>A byte model behind the zero door: trains it, scores it, generates with it, and makes data for it.</summary>
internal static class HoLoZeRoProgram
{
    public static Task<int> Main(string[] args)
    {
        int rank = ProcessGroup.LaunchedRank;
        IAnsiConsole console = SampleConsole.Open(redirectedWidth: 160, isSilent: rank > 0);
        return SampleProgram.RunAsync(CreateRoot(console), args, rank: rank);
    }

    /// <summary>Creates the command line.</summary>
    public static RootCommand CreateRoot(IAnsiConsole console) =>
        new("A byte model behind the zero door: train it, score it, generate with it, ask it, and make data for it.")
        {
            TrainCommand.Create(console), EvaluateCommand.Create(console), GenerateCommand.Create(console),
            CurriculumCommand.Create(console), SynthesizeCommand.Create(console),
            KnowledgeCommand.Create(console), AskCommand.Create(console),
        };
}
