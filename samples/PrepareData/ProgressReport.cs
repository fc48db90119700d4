using System.Diagnostics;
using System.Globalization;
using Spectre.Console;

namespace HslEmbeddingZero.Samples.PrepareData;

/// <summary>Shows a bar with bytes, rate and time left on a terminal. If the output is redirected, prints a line at each tenth.</summary>
internal static class ProgressReport
{
    /// <summary>Runs work that reports how many of its bytes are done.</summary>
    /// <param name="console">Console for the progress.</param>
    /// <param name="title">Name of the work.</param>
    /// <param name="total">Total bytes, at least 1.</param>
    /// <param name="work">The work. It calls its argument with the bytes done so far.</param>
    public static void Run(IAnsiConsole console, string title, long total, Action<Action<long>> work)
    {
        if (!console.Profile.Capabilities.Interactive || Console.IsOutputRedirected)
        {
            Action<long> show = Lines(console, title, total);
            work(show);
            show(total);
            return;
        }

        console.Progress()
            .Columns(
                new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new DownloadedColumn(),
                new TransferSpeedColumn(), new RemainingTimeColumn())
            .Start(context =>
            {
                ProgressTask task = context.AddTask(Markup.Escape(title), maxValue: total);
                work(done => task.Value = Math.Min(done, total));
                task.Value = total;
            });
    }

    private static Action<long> Lines(IAnsiConsole console, string title, long total)
    {
        var clock = Stopwatch.StartNew();
        long first = -1;
        long tenth = 0;
        return done =>
        {
            if (first < 0) first = done;
            long now = Math.Min(10, done * 10 / total);
            if (now <= tenth) return;
            tenth = now;
            double rate = (done - first) / Math.Max(clock.Elapsed.TotalSeconds, 1e-3);
            TimeSpan left = rate > 0 ? TimeSpan.FromSeconds(Math.Min((total - done) / rate, 1e6)) : TimeSpan.Zero;
            console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{title}  {now * 10}%  {done / 1e6:F1} of {total / 1e6:F1} MB  {rate / 1e6:F1} MB/s  {left:hh\\:mm\\:ss} left"));
        };
    }
}
