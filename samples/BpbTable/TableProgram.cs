using HslEmbeddingZero.Training;
using Spectre.Console;

namespace HslEmbeddingZero.Samples;

/// <summary>The program: trains every row with every seed, prints the table and writes it.</summary>
internal static class TableProgram
{
    public static Task<int> Main(string[] args)
    {
        int rank = ProcessGroup.LaunchedRank;
        IAnsiConsole console = SampleConsole.Open(redirectedWidth: 160, isSilent: rank > 0);
        return SampleProgram.RunAsync(
            TableCommandLine.Create(
                (options, cancellationToken) => Task.FromResult(RunOrTellHowToGoOn(console, options, cancellationToken))),
            args, rank: rank);
    }

    private static int RunOrTellHowToGoOn(IAnsiConsole console, TableOptions options, CancellationToken cancellationToken)
    {
        try
        {
            return Run(console, options, cancellationToken);
        }
        catch (OperationCanceledException stopped)
        {
            throw new InterruptedException(
                options.Out.Exists && options.Out.EnumerateFiles("*.checkpoint.safetensors").Concat(
                    options.Out.EnumerateFiles("*.result.json")).Any()
                    ? $"Finished runs and the checkpoint are in {options.Out.FullName}; the same command with --resume continues from "
                        + "there."
                    : "Nothing was trained yet. The same command starts again.",
                stopped);
        }
    }

    /// <summary>The result or the checkpoint of an earlier run, which would be lost; null where there is none.</summary>
    private static FileInfo? EarlierRun(DirectoryInfo folder) =>
        folder.EnumerateFiles("*.result.json").Concat(folder.EnumerateFiles("*.checkpoint.safetensors"))
            .OrderBy(file => file.Name, StringComparer.Ordinal).FirstOrDefault();

    private static int Run(IAnsiConsole console, TableOptions options, CancellationToken cancellationToken)
    {
        foreach (int steps in options.Schedules) options.Preset.Budget.Training.WithSteps(steps).Validate();
        foreach (TableRowKey row in options.Preset.Rows)
            // refuses doors that do not fit before a long run starts
            DoorArms.Create(row.Arm, row.BytesPerSlot, options.Preset.Budget.Body.Dim).Dispose();
        if (options.ReportOnly && ProcessGroup.LaunchedRank > 0) return 0; // Rank 0 writes the report.
        using Ranks ranks = options.ReportOnly ? Ranks.Alone : Ranks.Join(options.Device);
        // A resumed table takes finished runs over and claims each run that it trains, so several processes may share it.
        using OutputFolder? folder = options.ReportOnly || !ranks.IsFirst
            ? null : OutputFolder.Take(options.Out, isShared: options.Resume);
        var data = ComparisonData.Load(console, options.Text, options.Windows, options.Preset.Budget, cancellationToken);
        if (options.ReportOnly) OutputFolder.RequireWritable(options.Out);
        string arithmetic = RecommendedPrecision.Describe(options.Preset.Budget.Training.Precision, options.Device);
        if (!options.ReportOnly) console.WriteLine($"precision: {arithmetic}, on {ranks.NameOf(options.Device)}");

        (TableRowKey Row, int Seed)[] runs = [.. options.Preset.Seeds.SelectMany(seed => options.Rows.Select(row => (row, seed)))];
        if (options.Resume && ranks.IsFirst)
            for (int i = 0; i < runs.Length; i++) RunOf(i).RefuseOtherResult();
        else if (!options.ReportOnly && ranks.IsFirst && EarlierRun(options.Out) is { } earlierRun)
            throw new ArgumentException(
                $"{earlierRun.FullName} exists from an earlier run: keep it with --resume, or choose another --out.");
        var finished = new RunResult?[runs.Length];
        List<RunResult> results = []; // in the order of the runs, whatever the order in which they are finished
        List<(TableRowKey, int, string)> metrics = [];
        ClaimWatch claims = new(options.ClaimsLast);
        TableReport report = new(options, data, results, runs.Length); // grows with the results
        if (options.ReportOnly) Collect();
        else
        {
            SharedRuns shared = new([.. runs.Select((run, i) => (NameOf(run), RunOf(i)))], claims, ranks);
            shared.Execute(console, Finish, cancellationToken);
        }


        if (!ranks.IsFirst) return 0;

        report.Print(console);
        string figures = options.Schedules.Count > 1 ? "curves.png, schedules.png" : "curves.png";
        console.WriteLine($"Written to {options.Out.FullName}: table.md, table.json, {figures} and a metrics file for each run.");
        return 0;

        string NameOf((TableRowKey Row, int Seed) run) => $"{run.Row} seed {run.Seed}";

        void Finish(int i, RunResult result, bool isTrainedHere)
        {
            Add(i, result);
            if (isTrainedHere || results.Count == runs.Length)
            {
                // Several processes may write the table.
                using var claim = RunClaim.Take(Path.Combine(options.Out.FullName, "table.claim"), claims, cancellationToken);
                Write(options, data, report, results, metrics);
            }

            // Print the published part of the table before the other doors are trained, unless they are trained already.
            bool isPublishedPart = i + 1 < runs.Length && IsPublished(runs[i].Row) && !IsPublished(runs[i + 1].Row);
            if (isPublishedPart && !(options.Resume && RunOf(i + 1).Finished() is not null)) report.Print(console);
        }

        void Collect()
        {
            List<string> missing = [];
            for (int i = 0; i < runs.Length; i++)
            {
                DoorRun run = RunOf(i);
                if (run.Finished() is { } result) Add(i, result);
                else missing.Add(run.Difference() is { } difference ? $"{NameOf(runs[i])} ({difference})" : NameOf(runs[i]));
            }

            if (results.Count == 0)
                throw new InvalidDataException(
                    $"--out {options.Out.FullName} holds no finished run of these options: {string.Join(", ", missing)}.");
            if (missing.Count > 0) console.WriteLine($"not finished: {string.Join(", ", missing)}");
            Write(options, data, report, results, metrics);
        }

        void Add(int i, RunResult result)
        {
            finished[i] = result;
            results.Clear();
            results.AddRange(finished.OfType<RunResult>());
            metrics.Clear();
            for (int run = 0; run < runs.Length; run++)
                if (finished[run] is not null) metrics.Add((runs[run].Row, runs[run].Seed, RunOf(run).MetricsPath));
        }

        DoorRun RunOf(int i) => new(options.Plan(runs[i].Row, runs[i].Seed), data, options.Device, ranks);
    }

    private static bool IsPublished(TableRowKey row) => Preset.Published.Contains(row.Arm);

    /// <summary>Writes the table and its figures for the runs so far, so that a later failure loses nothing.</summary>
    private static void Write(
        TableOptions options, ComparisonData data, TableReport report, List<RunResult> results,
        List<(TableRowKey Row, int Seed, string Metrics)> metrics)
    {
        string folder = options.Out.FullName;
        AtomicFile.WriteText(Path.Combine(folder, "table.md"), report.Markdown());
        AtomicFile.WriteText(Path.Combine(folder, "table.json"), report.ToJson());
        CurvesPlot.Save(Path.Combine(folder, "curves.png"), metrics, data, $"Front doors, preset {options.Preset.Name}");
        if (options.Schedules.Count > 1)
        {
            SchedulesPlot.Save(
                Path.Combine(folder, "schedules.png"), results, data, $"Front doors by schedule, preset {options.Preset.Name}");
        }
    }
}
