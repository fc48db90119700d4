using System.CommandLine;
using Spectre.Console;

namespace HslEmbeddingZero.Samples;

/// <summary>The ablation program: studies of front doors, and channel knockout of trained models.</summary>
internal static class AblationProgram
{
    public static Task<int> Main(string[] args)
    {
        IAnsiConsole console = SampleConsole.Open(redirectedWidth: 200);
        return SampleProgram.RunAsync(CreateRoot(console), args);
    }

    /// <summary>Creates the command line.</summary>
    public static RootCommand CreateRoot(IAnsiConsole console) =>
        new("Controlled comparisons of front doors: trains studies, silences channels of trained models.")
        {
            RunCommand.Create(console), ReportCommand.Create(console), KnockoutCommand.Create(console),
        };
}
