using Spectre.Console;

namespace HslEmbeddingZero.Samples;

/// <summary>The main job: train every row with every seed, print the table, and keep it.</summary>
internal static class TableProgram
{
    public static Task<int> Main(string[] args)
    {
        IAnsiConsole console = AnsiConsole.Console;
        if (Console.IsOutputRedirected) console.Profile.Width = 160;
        return SampleProgram.RunAsync(
            CommandLine.Create((options, cancellation) => Task.FromResult(Run(console, options, cancellation))), args,
            "The checkpoint is written; the same command with --resume goes on from it.");
    }

    private static int Run(IAnsiConsole console, TableOptions options, CancellationToken cancellation)
    {
        foreach (int steps in options.Schedules) options.Preset.Budget.Training.WithSteps(steps).Validate();
        foreach (TableRowKey row in options.Preset.Rows)
            DoorArms.Create(row.Arm, row.BytesPerSlot, options.Preset.Budget.Body.Dim).Dispose(); // refuses what does not fit before hours are spent
        ComparisonData data = ComparisonData.Load(options.Text, options.Windows, options.Preset.Budget.HeldOut);
        OutputFolder.RequireWritable(options.Out);
        options = options.WithPrecision();

        (TableRowKey Row, int Seed)[] runs = [.. options.Preset.Seeds.SelectMany(seed => options.Rows.Select(row => (row, seed)))];
        List<RunResult> results = [];
        List<(TableRowKey, int, string)> metrics = [];
        LiveProgress.Run(console, [.. runs.Select(r => $"{r.Row} seed {r.Seed}")], (i, progress) =>
        {
            DoorRun run = new(options.Plan(runs[i].Row, runs[i].Seed), data, options.Device);
            results.Add((options.Resume ? run.Finished() : null) ?? run.Execute(options.Resume, progress, cancellation));
            metrics.Add((runs[i].Row, runs[i].Seed, run.MetricsPath));
        });

        TableReport report = new(options, data, results);
        report.Print(console);
        AtomicFile.WriteText(Path.Combine(options.Out.FullName, "table.md"), report.Markdown());
        AtomicFile.WriteText(Path.Combine(options.Out.FullName, "table.json"), report.ToJson());
        CurvesPlot.Save(Path.Combine(options.Out.FullName, "curves.png"), metrics, data, $"Front doors, preset {options.Preset.Name}");
        if (options.Schedules.Count > 1) SchedulesPlot.Save(Path.Combine(options.Out.FullName, "schedules.png"), results, data, $"Front doors by schedule, preset {options.Preset.Name}");
        string figures = options.Schedules.Count > 1 ? "curves.png, schedules.png" : "curves.png";
        console.WriteLine($"Written to {options.Out.FullName}: table.md, table.json, {figures} and a metrics file for each run.");
        return 0;
    }
}
