using System.Diagnostics;
using System.Globalization;
using Spectre.Console;

namespace HslEmbeddingZero.Samples.PrepareData;

/// <summary>
/// Shows how many bytes of all inputs are done, with rate and time left, and the input that is read. On a terminal it is a bar. If the
/// console is redirected, it is a line at each tenth, and at each input if there are few.
/// </summary>
internal sealed class ProgressReport
{
    private const int Few = 10;

    private readonly IReadOnlyList<InputFile> _inputs;
    private readonly long[] _before;
    private readonly Action<string, long> _show;
    private int _input;

    private ProgressReport(IReadOnlyList<InputFile> inputs, long[] before, Action<string, long> show)
    {
        _inputs = inputs;
        _before = before;
        _show = show;
    }

    /// <summary>Runs work that reports its progress.</summary>
    /// <param name="console">Console for the progress.</param>
    /// <param name="inputs">The inputs, in the order in which they are read.</param>
    /// <param name="work">The work.</param>
    public static void Run(IAnsiConsole console, IReadOnlyList<InputFile> inputs, Action<ProgressReport> work)
    {
        long[] before = new long[inputs.Count + 1];
        for (int i = 0; i < inputs.Count; i++) before[i + 1] = before[i] + inputs[i].Length;
        long total = Math.Max(1, before[^1]);
        if (!console.Profile.Capabilities.Interactive || !console.Profile.Out.IsTerminal)
        {
            Lines lines = new(console, total, showsInputs: inputs.Count <= Few);
            ProgressReport report = new(inputs, before, lines.Show);
            work(report);
            lines.Show(report.Name, total);
            return;
        }

        console.Progress()
            .Columns(
                new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new DownloadedColumn(),
                new TransferSpeedColumn(), new RemainingTimeColumn())
            .Start(context =>
            {
                ProgressTask task = context.AddTask(Markup.Escape(inputs[0].Name), maxValue: total);
                work(new ProgressReport(inputs, before, (name, done) =>
                {
                    task.Description = Markup.Escape(name);
                    task.Value = done;
                }));
                task.Value = total;
            });
    }

    private string Name => _inputs.Count == 1
        ? _inputs[0].Name : string.Create(CultureInfo.InvariantCulture, $"{_inputs[_input].Name}  ({_input + 1} of {_inputs.Count})");

    /// <summary>Reports that the inputs before this one are done.</summary>
    public void Begin(int input)
    {
        _input = input;
        _show(Name, _before[input]);
    }

    /// <summary>Reports the share of the current input that is done.</summary>
    /// <param name="done">Units that are done.</param>
    /// <param name="all">Units in all. An estimate may be too small.</param>
    public void Show(long done, long all)
    {
        double share = Math.Clamp((double)done / Math.Max(1, all), 0, 1);
        _show(Name, _before[_input] + (long)(share * _inputs[_input].Length));
    }

    private sealed class Lines(IAnsiConsole console, long total, bool showsInputs)
    {
        private readonly Stopwatch _clock = Stopwatch.StartNew();
        private long _first = -1;
        private long _tenth;
        private string? _name;

        public void Show(string name, long done)
        {
            if (_first < 0) _first = done;
            long tenth = Math.Min(10, done * 10 / total);
            if (tenth <= _tenth && (!showsInputs || name == _name)) return;
            _tenth = tenth;
            _name = name;
            double rate = (done - _first) / Math.Max(_clock.Elapsed.TotalSeconds, 1e-3);
            TimeSpan left = rate > 0 ? TimeSpan.FromSeconds(Math.Min((total - done) / rate, 1e6)) : TimeSpan.Zero;
            console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{name}  {done * 100 / total}%  {done / 1e6:F1} of {total / 1e6:F1} MB  {rate / 1e6:F1} MB/s  {left:hh\\:mm\\:ss} left"));
        }
    }
}
