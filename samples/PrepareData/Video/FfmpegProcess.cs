using System.Diagnostics;
using System.Text;

namespace HslEmbeddingZero.Samples.PrepareData;

/// <summary>
/// A running ffmpeg process with its output in a pipe. Its messages are read continuously, so that it never blocks on a full pipe.
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
            StandardErrorEncoding = Encoding.UTF8, // also on Windows, where the console has another encoding
        };
        _process = Process.Start(start) ?? throw new IOException($"{program} does not start.");
        _messages = Task.Run(ReadMessages);
    }

    /// <summary>The output of the process.</summary>
    public Stream Output => _process.StandardOutput.BaseStream;

    /// <summary>Number of message lines so far.</summary>
    public int MessageCount { get; private set; }

    /// <summary>Waits for the process to end and returns its last messages.</summary>
    public IReadOnlyList<string> WaitForLines()
    {
        _messages.Wait();
        _process.WaitForExit();
        return [.. _last];
    }

    /// <summary>Waits for the process to end and requires exit code 0.</summary>
    /// <returns>Its last messages: problems that it recovered from.</returns>
    /// <exception cref="InvalidDataException">The process failed. The message includes that of ffmpeg.</exception>
    public IReadOnlyList<string> RequireSuccess(string path)
    {
        IReadOnlyList<string> lines = WaitForLines();
        if (_process.ExitCode != 0)
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
            _last.Enqueue(line.Length <= LongestLine ? line : line[..LongestLine]);
            if (_last.Count > _keepLines) _last.Dequeue();
        }
    }
}
