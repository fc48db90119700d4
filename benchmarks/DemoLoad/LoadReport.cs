using System.Net;
using System.Text;
using MathNet.Numerics;
using MathNet.Numerics.Statistics;

namespace HslEmbeddingZero.DemoLoad;

/// <summary>The effects of a load on the demo.</summary>
/// <param name="Clients">Number of concurrent clients.</param>
/// <param name="Duration">Duration of the load.</param>
/// <param name="Tally">Results of all clients.</param>
/// <param name="Start">Second at which the load began.</param>
/// <param name="Before">The demo before the load.</param>
/// <param name="During">The demo under load, one sample per second.</param>
/// <param name="After">The demo after the load.</param>
internal sealed record LoadReport(int Clients, TimeSpan Duration, Tally Tally, double Start, Sample Before, IReadOnlyList<Sample> During,
    Sample After)
{
    private const int Rows = 12;
    private const double LongestWait = 1000; // milliseconds

    /// <summary>Events that must not happen.</summary>
    public IEnumerable<string> Faults()
    {
        foreach (((string request, HttpStatusCode status), long count) in Tally.Answers)
            if ((int)status >= 300 && status != HttpStatusCode.TooManyRequests) yield return $"{count} answers {(int)status} to {request}";
        foreach ((string error, long count) in Tally.BrokenConnections) yield return $"{count} connections broken: {error}";
        if (Tally.Latencies.Count(l => l.Waited > LongestWait) is > 0 and int late)
            yield return $"{late} requests waited over {LongestWait:F0} ms for a place";
        if (After.Told.Generations > 0) yield return $"{After.Told.Generations} generations still run without a client";
    }

    public string ToMarkdown()
    {
        StringBuilder text = new();
        Line(
            $"{Clients} clients for {Duration.TotalSeconds:F0} s. A quarter sends or reads slowly. Of the others, a third leaves every "
                + $"generation after 1 to 20 bytes. {Tally.GeneratedBytes:N0} bytes were generated and read, {Tally.Left:N0} streams left "
                + "in the middle.");
        Line($"");
        Line($"| request | status | answers | ms to the answer's head, median | 95% | 99% |");
        Line($"| --- | ---: | ---: | ---: | ---: | ---: |");
        foreach ((string request, HttpStatusCode status, double[] times) in Tally.Latencies
            .GroupBy(
                l => (l.Request, l.Status),
                (kind, answers) => (kind.Request, kind.Status, answers.Select(l => l.Milliseconds).ToArray()))
            .OrderBy(kind => kind.Request, StringComparer.Ordinal).ThenBy(kind => kind.Status))
        {
            Line(
                $"| {request} | {(int)status} | {times.Length:N0} | {times.Median():F1} | {times.Quantile(0.95):F1} | "
                    + $"{times.Quantile(0.99):F1} |");
        }

        Line($"");
        Line($"| request, not of a slow client | status | ms of wait for a place, median | 95% | longest |");
        Line($"| --- | ---: | ---: | ---: | ---: |");
        foreach ((string request, HttpStatusCode status, double[] waits) in Tally.Latencies
            .GroupBy(l => (l.Request, l.Status), (kind, answers) => (kind.Request, kind.Status, answers.Select(l => l.Waited).ToArray()))
            .OrderBy(kind => kind.Request, StringComparer.Ordinal).ThenBy(kind => kind.Status))
            Line($"| {request} | {(int)status} | {waits.Median():F1} | {waits.Quantile(0.95):F1} | {waits.Max():F1} |");

        Line($"");
        IEnumerable<string> slow = Tally.SlowClients.OrderBy(s => s.Key, StringComparer.Ordinal).Select(s => $"{s.Value:N0} {s.Key}");
        Line($"Slow clients: {string.Join(", ", slow)}.");

        long Of(Func<int, bool> status) => Tally.Answers.Where(a => status((int)a.Key.Status)).Sum(a => a.Value);
        Line($"");
        Line(
            $"In all: {Of(s => s is >= 200 and < 300):N0} answers 2xx, {Of(s => s == 429):N0} answers 429, "
                + $"{Of(s => s is >= 400 and < 500 and not 429):N0} other 4xx, {Of(s => s >= 500):N0} answers 5xx, "
                + $"{Tally.BrokenConnections.Values.Sum():N0} broken connections.");
        Line($"");
        Line($"| second | resident MiB | managed MiB | threads | generations |");
        Line($"| ---: | ---: | ---: | ---: | ---: |");
        Row("before", Before);
        for (int i = 0; i < During.Count; i++)
            if (i % Math.Max(1, During.Count / Rows) == 0 || i == During.Count - 1) Row($"{During[i].Seconds - Start:F0}", During[i]);
        Row("after", After);

        // The first quarter is warm-up: heaps grow to their working size and the JIT compiles code again.
        Sample[] settled = [.. During.Skip(During.Count / 4)];
        if (settled.Length > 1)
        {
            (_, double slope) = Fit.Line([.. settled.Select(s => s.Seconds)], [.. settled.Select(s => Mebibytes(s.Told.ResidentBytes))]);
            Line($"");
            Line(
                $"From second {settled[0].Seconds - Start:F0} on, resident memory changes by {slope * 60:+0.0;-0.0;0.0} MiB a minute "
                    + $"(least squares) and lies between {settled.Min(s => Mebibytes(s.Told.ResidentBytes)):F0} and "
                    + $"{settled.Max(s => Mebibytes(s.Told.ResidentBytes)):F0} MiB.");
        }

        Line($"");
        string[] faults = [.. Faults()];
        Line($"{(faults.Length == 0 ? "No fault." : "FAULTS: " + string.Join("; ", faults))}");
        return text.ToString();

        void Line(string line) => text.Append(line).Append('\n'); // The culture is invariant in every project.
        void Row(string when, Sample s) =>
            Line(
                $"| {when} | {Mebibytes(s.Told.ResidentBytes):F1} | {Mebibytes(s.Told.ManagedBytes):F1} | {s.Told.Threads} | "
                    + $"{s.Told.Generations} |");
    }

    private static double Mebibytes(long bytes) => bytes / (double)(1 << 20);
}
