using System.Globalization;
using HslEmbeddingZero.Training;
using Spectre.Console;

namespace HslEmbeddingZero.Samples;

/// <summary>
/// Shows one progress bar per run on a terminal. If the output is redirected, prints a line at each tenth of a run, or more often.
/// </summary>
internal static class LiveProgress
{
    public static void Run(IAnsiConsole console, IReadOnlyList<string> runs, Action<int, IProgress<TrainingProgress>> execute,
        int lines = 10)
    {
        if (!console.Profile.Capabilities.Interactive || Console.IsOutputRedirected)
        {
            for (int i = 0; i < runs.Count; i++) execute(i, new Lines(console, runs[i], lines));
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

    private sealed class Bar(ProgressTask task, string run) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value)
        {
            task.MaxValue = value.Steps;
            task.Value = value.Step;
            task.Description = Markup.Escape(Describe(run, value));
        }
    }

    private sealed class Lines(IAnsiConsole console, string run, int parts) : IProgress<TrainingProgress>
    {
        private long _part = -1;

        public void Report(TrainingProgress value)
        {
            long part = value.Step * parts / value.Steps;
            if (part == _part) return;
            _part = part;
            console.WriteLine(Describe(run, value));
        }
    }
}
