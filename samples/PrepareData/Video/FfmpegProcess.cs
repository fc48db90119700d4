using System.Diagnostics;
using System.Text;
using System.Text.RegularExpressions;

namespace HslEmbeddingZero.Samples.PrepareData;

/// <summary>
/// A running ffmpeg process with its output in a pipe. Its messages are read continuously, so that it never blocks on a full pipe.
/// </summary>
internal sealed partial class FfmpegProcess : IDisposable
{
    private const int LongestLine = 400;

    private readonly Process _process;
    private readonly int _keepLines;
    private readonly Queue<string> _last = [];
    private readonly Task _messages;

    public FfmpegProcess(string program, IEnumerable<string> arguments, int keepLines)
    {
        _keepLines = keepLines;
        ProcessStartInfo start = new(program, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardErrorEncoding = Encoding.UTF8, // also on Windows, where the console has another encoding
        };
        _process = Process.Start(start) ?? throw new IOException($"{program} does not start.");
        _messages = Task.Run(ReadMessages);
    }

    /// <summary>The output of the process.</summary>
    public Stream Output => _process.StandardOutput.BaseStream;

    /// <summary>Number of message lines so far.</summary>
    public int MessageCount { get; private set; }

    /// <summary>The first message that says that the file ends too early; null where there is none. Read it after the end.</summary>
    public string? EarlyEnd { get; private set; }

    /// <summary>Waits for the process to end and returns its last messages.</summary>
    public IReadOnlyList<string> WaitForLines()
    {
        _messages.Wait();
        _process.WaitForExit();
        return [.. _last];
    }

    /// <summary>Waits for the process to end and requires exit code 0, except where the file ends too early.</summary>
    /// <returns>Its last messages: problems that it recovered from.</returns>
    /// <exception cref="InvalidDataException">The process failed. The message includes that of ffmpeg.</exception>
    public IReadOnlyList<string> RequireSuccess(string path)
    {
        IReadOnlyList<string> lines = WaitForLines();
        if (_process.ExitCode != 0 && EarlyEnd is null)
            throw new InvalidDataException(
                $"{path}: ffmpeg ended with exit code {_process.ExitCode}: "
                    + $"{string.Join(" / ", lines.TakeLast(3).Select(line => line.Trim()))}");
        return lines;
    }

    /// <summary>Ends the process. Its output ends with what was written so far.</summary>
    public void Kill()
    {
        try
        {
            if (!_process.HasExited) _process.Kill();
        }
        catch (InvalidOperationException)
        {
            // The process has ended meanwhile.
        }
    }

    public void Dispose()
    {
        Kill();
        _messages.Wait();
        _process.Dispose();
    }

    private void ReadMessages()
    {
        while (_process.StandardError.ReadLine() is { } line)
        {
            MessageCount++;
            line = Address().Replace(line.Length <= LongestLine ? line : line[..LongestLine], "");
            if (EarlyEnd is null && EndsEarly().IsMatch(line)) EarlyEnd = line.Trim();
            _last.Enqueue(line);
            if (_last.Count > _keepLines) _last.Dequeue();
        }
    }

    [GeneratedRegex("partial file|file ended prematurely|truncat", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex EndsEarly();

    /// <summary>An address in the memory of ffmpeg, as in [aac @ 0x55e0c8a0]. It says nothing of the film.</summary>
    [GeneratedRegex(@"(?<=^\[[^\]]*) @ (?:0x)?[0-9A-Fa-f]{6,16}(?=\])", RegexOptions.CultureInvariant)]
    private static partial Regex Address();
}
