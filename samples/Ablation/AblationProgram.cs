using System.CommandLine;
using Spectre.Console;

namespace HslEmbeddingZero.Samples;

/// <summary>The ablation lab: studies of front doors, and what a trained model loses when channels fall silent.</summary>
internal static class AblationProgram
{
    public static Task<int> Main(string[] args)
    {
        IAnsiConsole console = SampleConsole.Open(redirectedWidth: 200);
        RootCommand root = new("Controlled comparisons of front doors: trains studies, silences channels of trained models.")
        {
            RunCommand.Create(console), ReportCommand.Create(console), KnockoutCommand.Create(console),
        };
        return SampleProgram.RunAsync(root, args, "The checkpoint is written; the same command goes on from it.");
    }
}
