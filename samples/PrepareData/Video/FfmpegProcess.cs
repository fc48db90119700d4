using System.Diagnostics;
using System.Text;

namespace HslEmbeddingZero.Samples.PrepareData;

/// <summary>
/// ffmpeg at work, its output in a pipe. Its messages are read all the while, so that it never waits for a reader of them.
/// </summary>
internal sealed class FfmpegProcess : IDisposable
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
            StandardErrorEncoding = Encoding.UTF8, // also on Windows, whose console has another
        };
        _process = Process.Start(start) ?? throw new IOException($"{program} does not start.");
        _messages = Task.Run(ReadMessages);
    }

    /// <summary>What it writes.</summary>
    public Stream Output => _process.StandardOutput.BaseStream;

    /// <summary>How many lines of messages it wrote.</summary>
    public int MessageCount { get; private set; }

    /// <summary>Waits for the end and gives the last messages.</summary>
    public IReadOnlyList<string> WaitForLines()
    {
        _messages.Wait();
        _process.WaitForExit();
        return [.. _last];
    }

    /// <summary>Waits for the end.</summary>
    /// <returns>The last of its messages: trouble it got over.</returns>
    /// <exception cref="InvalidDataException">It ended with an error; the message holds its own.</exception>
    public IReadOnlyList<string> RequireSuccess(string path)
    {
        IReadOnlyList<string> lines = WaitForLines();
        if (_process.ExitCode != 0)
            throw new InvalidDataException(
                $"{path}: ffmpeg ended with exit code {_process.ExitCode}: "
                    + $"{string.Join(" / ", lines.TakeLast(3).Select(line => line.Trim()))}");
        return lines;
    }

    public void Dispose()
    {
        try
        {
            if (!_process.HasExited) _process.Kill();
        }
        catch (InvalidOperationException)
        {
            // It ended by itself meanwhile.
        }

        _messages.Wait();
        _process.Dispose();
    }

    private void ReadMessages()
    {
        while (_process.StandardError.ReadLine() is { } line)
        {
            MessageCount++;
            _last.Enqueue(line.Length <= LongestLine ? line : line[..LongestLine]);
            if (_last.Count > _keepLines) _last.Dequeue();
        }
    }
}
