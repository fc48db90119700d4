using System.Globalization;
using HslEmbeddingZero.Training;
using Spectre.Console;

namespace HslEmbeddingZero.Samples;

/// <summary>How far a piece of work is.</summary>
/// <param name="Done">Units done.</param>
/// <param name="Total">All units.</param>
/// <param name="Part">What is in work; null where there is one part only.</param>
internal readonly record struct WorkDone(long Done, long Total, string? Part = null);

/// <summary>
/// Shows work that takes more than two seconds on standard error: a line that changes on a terminal, else a line at each tenth or every ten
/// seconds. Quick work shows nothing.
/// </summary>
internal sealed class WorkProgress : IProgress<WorkDone>, IDisposable
{
    private const string ClearLine = "\r\e[2K";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2), LongestSilence = TimeSpan.FromSeconds(10);

    private readonly TextWriter _writer;
    private readonly int? _terminalWidth;
    private readonly string _title;
    private readonly TimeProvider _time;
    private readonly long _start;
    private readonly ITimer _timer;
    private readonly Lock _lock = new();
    private WorkDone _now;
    private TimeSpan _lastLine;
    private long _lastTenth;
    private bool _isShown;
    private bool _isEnded;

    /// <param name="results">The console of the results; see <see cref="SampleConsole.ForProgress"/>.</param>
    /// <param name="title">Name of the work, such as "scoring".</param>
    public WorkProgress(IAnsiConsole results, string title)
        : this(SampleConsole.ForProgress(results).Profile, title)
    {
    }

    /// <param name="writer">Where the lines go.</param>
    /// <param name="terminalWidth">Columns of a terminal; null where the output is redirected.</param>
    /// <param name="title">Name of the work.</param>
    /// <param name="time">The clock.</param>
    public WorkProgress(TextWriter writer, int? terminalWidth, string title, TimeProvider time)
    {
        _writer = writer;
        _terminalWidth = terminalWidth;
        _title = title;
        _time = time;
        _start = time.GetTimestamp();
        _timer = time.CreateTimer(_ => Show(), null, Patience, terminalWidth is null ? TimeSpan.FromSeconds(1) : TimeSpan.FromSeconds(0.2));
    }

    private WorkProgress(Profile profile, string title)
        : this(profile.Out.Writer, profile.Out.IsTerminal && profile.Capabilities.Ansi ? profile.Width : null, title, TimeProvider.System)
    {
    }

    public void Report(WorkDone value)
    {
        lock (_lock) _now = value;
    }

    public void Dispose()
    {
        _timer.Dispose();
        lock (_lock)
        {
            _isEnded = true;
            if (_isShown && _terminalWidth is not null) _writer.Write(ClearLine);
            _writer.Flush();
        }
    }

    private void Show()
    {
        lock (_lock)
        {
            if (_isEnded) return;
            TimeSpan elapsed = _time.GetElapsedTime(_start);
            if (_terminalWidth is { } width)
            {
                string line = Describe(elapsed);
                _writer.Write(ClearLine + line[..Math.Min(line.Length, width - 1)]);
                _writer.Flush();
            }
            else
            {
                long tenth = _now.Total > 0 ? _now.Done * 10 / _now.Total : 0;
                if (_isShown && tenth == _lastTenth && elapsed - _lastLine < LongestSilence) return;
                (_lastTenth, _lastLine) = (tenth, elapsed);
                _writer.WriteLine(Describe(elapsed));
            }

            _isShown = true;
        }
    }

    private string Describe(TimeSpan elapsed)
    {
        string title = _now.Part is { } part ? $"{_title} {part}" : _title;
        if (_now.Total <= 0) return string.Create(CultureInfo.InvariantCulture, $"{title}: {elapsed:h\\:mm\\:ss} so far");
        string line = string.Create(CultureInfo.InvariantCulture, $"{title}: {_now.Done * 100 / _now.Total}%");
        if (_now.Done == 0) return line;
        TimeSpan left = elapsed * Math.Min(1e6, (double)(_now.Total - _now.Done) / _now.Done);
        return string.Create(CultureInfo.InvariantCulture, $"{line}, {left:h\\:mm\\:ss} left");
    }
}

/// <summary>Shows an evaluation as work.</summary>
internal sealed class ScoringProgress(WorkProgress progress) : IProgress<EvaluationProgress>
{
    public void Report(EvaluationProgress value) => progress.Report(new(value.Done, value.Total, value.Source));
}
