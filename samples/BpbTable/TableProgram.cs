using System.CommandLine;
using Spectre.Console;

namespace HslEmbeddingZero.Samples;

/// <summary>The main job: train every row with every seed, print the table, and keep it.</summary>
internal static class TableProgram
{
    private const int Failed = 1;
    private const int Interrupted = 130;

    public static async Task<int> Main(string[] args)
    {
        IAnsiConsole console = AnsiConsole.Console;
        if (Console.IsOutputRedirected) console.Profile.Width = 160;
        ParseResult parsed = CommandLine
            .Create((options, cancellation) => Task.FromResult(Run(console, options, cancellation)))
            .Parse(args, CommandLine.Words);
        try
        {
            return await parsed.InvokeAsync(new InvocationConfiguration
            {
                EnableDefaultExceptionHandler = false,
                ProcessTerminationTimeout = TimeSpan.FromMinutes(5), // time to write the checkpoint after Ctrl-C
            }).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            await Console.Error.WriteLineAsync("Interrupted. The checkpoint is written; the same command with --resume goes on from it.").ConfigureAwait(false);
            return Interrupted;
        }
        catch (Exception error) when (error is IOException or InvalidDataException or UnauthorizedAccessException or ArgumentException or TorchRuntimeException)
        {
            await Console.Error.WriteLineAsync($"error: {error.Message}").ConfigureAwait(false);
            return Failed;
        }
    }

    private static int Run(IAnsiConsole console, TableOptions options, CancellationToken cancellation)
    {
        options.Preset.Training.Validate();
        foreach (TableRowKey row in options.Preset.Rows)
            DoorArms.Create(row.Arm, row.BytesPerSlot, options.Preset.Body.Dim).Dispose(); // refuses what does not fit before hours are spent
        TableData data = TableData.Load(options);
        RequireWritable(options.Out);

        (TableRowKey Row, int Seed)[] runs = [.. options.Preset.Seeds.SelectMany(seed => options.Preset.Rows.Select(row => (row, seed)))];
        List<RunResult> results = [];
        List<(TableRowKey, int, string)> metrics = [];
        LiveProgress.Run(console, [.. runs.Select(r => $"{r.Row} seed {r.Seed}")], (i, progress) =>
        {
            ArmRun run = new(options, runs[i].Row, runs[i].Seed, data);
            results.Add(run.Execute(progress, cancellation));
            metrics.Add((runs[i].Row, runs[i].Seed, run.MetricsPath));
        });

        TableReport report = new(options, data, results);
        report.Print(console);
        AtomicFile.WriteText(Path.Combine(options.Out.FullName, "table.md"), report.Markdown());
        AtomicFile.WriteText(Path.Combine(options.Out.FullName, "table.json"), report.ToJson());
        CurvesPlot.Save(Path.Combine(options.Out.FullName, "curves.png"), metrics, data, $"Front doors, preset {options.Preset.Name}");
        console.WriteLine($"Written to {options.Out.FullName}: table.md, table.json, curves.png and a metrics file for each run.");
        return 0;
    }

    private static void RequireWritable(DirectoryInfo folder)
    {
        try
        {
            folder.Create();
            string probe = Path.Combine(folder.FullName, $".write-test-{Environment.ProcessId}");
            File.WriteAllText(probe, "");
            File.Delete(probe);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new IOException($"--out {folder.FullName} cannot be written: {error.Message}", error);
        }
    }
}
