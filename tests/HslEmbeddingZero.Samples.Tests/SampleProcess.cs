using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace HslEmbeddingZero.Samples.Tests;

/// <summary>A sample that runs as a separate process, as a user starts it.</summary>
internal sealed class SampleProcess : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    /// <summary>
    /// Prefix of a command where the tests were started with Ctrl-C ignored, as a shell does for background jobs. A program inherits that
    /// and would ignore <see cref="Interrupt"/>.
    /// </summary>
    private static readonly string[] TakesInterruptsAgain = IgnoresInterrupts() ? ["env", "--default-signal=INT"] : [];

    private readonly Process _process;
    private readonly StringBuilder _output = new();
    private readonly StringBuilder _error = new();

    public SampleProcess(string assembly, params string[] arguments)
        : this(assembly, arguments, new Dictionary<string, string>())
    {
    }

    private SampleProcess(string assembly, string[] arguments, IReadOnlyDictionary<string, string> environment)
    {
        string[] command = [.. TakesInterruptsAgain, "dotnet", Path.Combine(AppContext.BaseDirectory, assembly), .. arguments];
        ProcessStartInfo start = new(command[0], command[1..])
        {
            RedirectStandardInput = true, // empty, not the tests' own, which may stay open
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardOutputEncoding = Encoding.UTF8, // Windows would use the encoding of its region
            StandardErrorEncoding = Encoding.UTF8,
        };
        foreach ((string name, string value) in environment) start.Environment[name] = value;
        _process = new() { StartInfo = start };
        _process.OutputDataReceived += (_, line) => Append(_output, line.Data);
        _process.ErrorDataReceived += (_, line) => Append(_error, line.Data);
        _process.Start();
        _process.StandardInput.Close();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    public int Id => _process.Id;

    /// <summary>The output so far.</summary>
    public string Output
    {
        get
        {
            lock (_output) return _output.ToString();
        }
    }

    /// <summary>The lines on standard error so far.</summary>
    public string Error
    {
        get
        {
            lock (_error) return _error.ToString();
        }
    }

    public static (int ExitCode, string Output, string Error) Run(string assembly, params string[] arguments)
    {
        using SampleProcess process = new(assembly, arguments);
        return process.Finish();
    }

    /// <summary>The same, with environment variables.</summary>
    public static (int ExitCode, string Output, string Error) RunWith(
        IReadOnlyDictionary<string, string> environment, string assembly, params string[] arguments)
    {
        using SampleProcess process = new(assembly, arguments, environment);
        return process.Finish();
    }

    /// <summary>Runs a shell command in a folder. {0} in it is the sample.</summary>
    /// <returns>Exit code, the bytes of standard output, and standard error.</returns>
    public static (int ExitCode, byte[] Output, string Error) RunInShell(string folder, string assembly, string command)
    {
        string sample = $"dotnet '{Path.Combine(AppContext.BaseDirectory, assembly)}'";
        using Process process = new()
        {
            StartInfo = new("bash", ["-c", command.Replace("{0}", sample, StringComparison.Ordinal)])
            {
                WorkingDirectory = folder,
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                StandardErrorEncoding = Encoding.UTF8,
            },
        };
        process.Start();
        process.StandardInput.Close();
        Task<string> error = process.StandardError.ReadToEndAsync();
        using MemoryStream output = new();
        Task reading = process.StandardOutput.BaseStream.CopyToAsync(output);
        bool isDone = process.WaitForExit(Patience);
        if (!isDone) process.Kill(entireProcessTree: true);
        reading.Wait();
        return isDone
            ? (process.ExitCode, output.ToArray(), error.Result)
            : throw new TimeoutException($"Not finished after {Patience}: {command}\n{error.Result}");
    }

    /// <summary>Skips a test that needs a shell.</summary>
    public static void SkipWithoutShell() => Skip.If(OperatingSystem.IsWindows(), "Pipes and devices of a Unix shell.");

    /// <summary>Starts a sample with environment variables.</summary>
    public static SampleProcess StartWith(IReadOnlyDictionary<string, string> environment, string assembly, params string[] arguments) =>
        new(assembly, arguments, environment);

    /// <summary>Skips a test that needs <see cref="Interrupt"/> where it is not possible.</summary>
    public static void SkipUnlessInterruptible() =>
        Skip.If(OperatingSystem.IsWindows(), "On Windows Ctrl-C reaches every process of the console, the tests' own too.");

    /// <summary>Sends the signal of Ctrl-C.</summary>
    public void Interrupt() => Send("INT");

    /// <summary>Sends a signal, such as TERM.</summary>
    public void Send(string signal)
    {
        using var kill = Process.Start("kill", [$"-{signal}", _process.Id.ToString()]);
        kill.WaitForExit();
    }

    /// <summary>Ends a child of the process, then sends the signal of Ctrl-C: on a terminal it reaches both, in any order.</summary>
    public void InterruptAfter(int child)
    {
        using var kill = Process.Start("sh", ["-c", $"kill -KILL {child}; kill -INT {_process.Id}"]);
        kill.WaitForExit();
    }

    /// <summary>Kills the process like kill -9, without a chance to clean up.</summary>
    public void Kill()
    {
        _process.Kill(entireProcessTree: true);
        _process.WaitForExit();
    }

    public void WaitUntil(Func<bool> holds)
    {
        for (var clock = Stopwatch.StartNew(); !holds(); Thread.Sleep(20))
            if (_process.HasExited || clock.Elapsed > Patience)
                throw new InvalidOperationException($"It did not come so far.\n{_output}\n{_error}");
    }

    public (int ExitCode, string Output, string Error) Finish()
    {
        if (!_process.WaitForExit(Patience)) throw new TimeoutException($"Not finished after {Patience}.\n{_output}\n{_error}");
        _process.WaitForExit(); // also waits until all output is read
        return (_process.ExitCode, _output.ToString(), _error.ToString());
    }

    public void Dispose()
    {
        if (!_process.HasExited) _process.Kill();
        _process.Dispose();
    }

    private static bool IgnoresInterrupts()
    {
        const string ignored = "SigIgn:";
        const ulong interrupt = 1UL << (2 - 1); // SIGINT is 2
        if (!OperatingSystem.IsLinux()) return false;
        string line = File.ReadLines("/proc/self/status").First(line => line.StartsWith(ignored, StringComparison.Ordinal));
        return (ulong.Parse(line.AsSpan(ignored.Length).Trim(), NumberStyles.HexNumber, CultureInfo.InvariantCulture) & interrupt) != 0;
    }

    private static void Append(StringBuilder text, string? line)
    {
        if (line is null) return;
        lock (text) text.Append(line).Append('\n');
    }
}
