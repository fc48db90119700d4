using System.Globalization;
using HslEmbeddingZero.Training;
using Spectre.Console;

namespace HslEmbeddingZero.Samples;

/// <summary>Receives the progress of one run: its training, and the scoring in between.</summary>
internal interface IRunProgress : IProgress<TrainingProgress>, IProgress<EvaluationProgress>;

/// <summary>
/// Shows one progress bar per run on a terminal. If standard error is redirected, prints a line there at each tenth of a run, or more
/// often.
/// </summary>
internal static class LiveProgress
{
    /// <param name="results">The console of the results; see <see cref="SampleConsole.ForProgress"/>.</param>
    /// <param name="runs">Names of the runs.</param>
    /// <param name="execute">Executes the run of an index.</param>
    /// <param name="lines">Number of lines for a run where standard error is redirected.</param>
    public static void Run(IAnsiConsole results, IReadOnlyList<string> runs, Action<int, IRunProgress> execute, int lines = 10)
    {
        IAnsiConsole console = SampleConsole.ForProgress(results);
        if (!console.Profile.Capabilities.Interactive || !console.Profile.Out.IsTerminal)
        {
            for (int i = 0; i < runs.Count; i++)
            {
                using Lines progress = new(results, console, runs[i], lines);
                execute(i, progress);
            }

            return;
        }

        console.Progress()
            .HideCompleted(false)
            .Columns(new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn(), new PercentageColumn())
            .Start(context =>
            {
                List<ProgressTask> tasks = [.. runs.Select(run => context.AddTask(Markup.Escape(run), autoStart: false))];
                for (int i = 0; i < runs.Count; i++)
                {
                    tasks[i].StartTask();
                    execute(i, new Bar(tasks[i], runs[i]));
                    tasks[i].Value = tasks[i].MaxValue;
                    tasks[i].StopTask();
                }
            });
    }

    private static string Describe(string run, TrainingProgress p) => string.Create(
        CultureInfo.InvariantCulture,
        $"{run}  step {p.Step}/{p.Steps}  {p.BitsPerByte:F3} bpb  {p.BytesPerSecond / 1000:F1} kB/s  {p.Remaining:h\\:mm\\:ss} left");

    private sealed class Bar(ProgressTask task, string run) : IRunProgress
    {
        private string? _trained;

        public void Report(TrainingProgress value)
        {
            task.MaxValue = value.Steps;
            task.Value = value.Step;
            task.Description = Markup.Escape(_trained = Describe(run, value));
        }

        public void Report(EvaluationProgress value) => task.Description = Markup.Escape(
            value.Done == value.Total ? _trained ?? run : $"{run}  scoring {value.Source}: {value.Done * 100 / value.Total}%");
    }

    private sealed class Lines(IAnsiConsole results, IAnsiConsole console, string run, int parts) : IRunProgress, IDisposable
    {
        private long _part = -1;
        private WorkProgress? _scoring;

        public void Report(TrainingProgress value)
        {
            long part = value.Step * parts / value.Steps;
            if (part == _part) return;
            _part = part;
            console.WriteLine(Describe(run, value));
        }

        public void Report(EvaluationProgress value)
        {
            _scoring ??= new(results, $"{run}  scoring");
            _scoring.Report(new(value.Done, value.Total, value.Source));
            if (value.Done == value.Total) Dispose();
        }

        public void Dispose()
        {
            _scoring?.Dispose();
            _scoring = null;
        }
    }
}
