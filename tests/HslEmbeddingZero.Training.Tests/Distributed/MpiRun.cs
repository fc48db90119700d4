using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace HslEmbeddingZero.Training.Tests.Distributed;

/// <summary>HslEmbeddingZero.Ranks or another program, started by an mpirun as several processes.</summary>
internal sealed partial class MpiRun : IDisposable
{
    /// <summary>Tests in this collection run one after another: waiting ranks spin, and would take the cores from each other.</summary>
    public const string Collection = "mpirun";

    private const string Ranks = "HslEmbeddingZero.Ranks.dll";

    public const string OpenMpi = "mpirun.openmpi", Mpich = "mpirun.mpich";

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    /// <summary>Every process of a job has this variable, with a value of the job's own.</summary>
    private const string JobVariable = "HSL_TEST_JOB";

    private readonly string _job = Guid.NewGuid().ToString();
    private readonly Process _process;
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private readonly StringBuilder _output = new();
    private readonly StringBuilder _error = new();

    private MpiRun(
        string program, string mpirun, int ranks, IReadOnlyDictionary<string, string> environment, string[] arguments)
    {
        Skip.IfNot(IsInstalled(mpirun), $"{mpirun} is not installed.");
        string[] oversubscribe = mpirun == OpenMpi ? ["--oversubscribe"] : [];
        string count = ranks.ToString(CultureInfo.InvariantCulture);
        _process = Start(new(mpirun, [.. oversubscribe, "-n", count, Host, PathOf(program), .. arguments]), environment);
    }

    private MpiRun(IReadOnlyDictionary<string, string> environment, string[] arguments) =>
        _process = Start(new(Host, [PathOf(Ranks), .. arguments]), environment);

    public string Output => Read(_output);

    public string Error => Read(_error);

    private static string Host => Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet";

    /// <summary>Starts the ranks. Skips the test where that mpirun is missing.</summary>
    public static MpiRun Start(string mpirun, int ranks, params string[] arguments) =>
        StartProgram(Ranks, mpirun, ranks, arguments);

    /// <summary>Starts another program, which lies beside the tests.</summary>
    public static MpiRun StartProgram(string program, string mpirun, int ranks, params string[] arguments) =>
        new(program, mpirun, ranks, new Dictionary<string, string>(), arguments);

    /// <summary>The same, with environment variables.</summary>
    public static MpiRun StartWith(
        IReadOnlyDictionary<string, string> environment, string mpirun, int ranks, params string[] arguments) =>
        new(Ranks, mpirun, ranks, environment, arguments);

    /// <summary>Starts the ranks and waits for their end.</summary>
    public static MpiResult Run(string mpirun, int ranks, params string[] arguments)
    {
        using MpiRun run = Start(mpirun, ranks, arguments);
        return run.Finish();
    }

    /// <summary>The same, with environment variables.</summary>
    public static MpiResult RunWith(IReadOnlyDictionary<string, string> environment, string mpirun, int ranks, params string[] arguments)
    {
        using MpiRun run = StartWith(environment, mpirun, ranks, arguments);
        return run.Finish();
    }

    /// <summary>Runs one process without mpirun. The variables may tell it otherwise.</summary>
    public static MpiResult RunAlone(IReadOnlyDictionary<string, string> environment, params string[] arguments)
    {
        using MpiRun run = new(environment, arguments);
        return run.Finish();
    }

    /// <summary>The processes of this job that still run, as /proc shows them. A zombie counts as ended.</summary>
    public IEnumerable<string> Left => Directory.GetDirectories("/proc").Where(
        process => int.TryParse(Path.GetFileName(process), out _) && IsOfJob(process));

    /// <summary>The process of a rank. Waits until the rank has joined.</summary>
    public int ProcessOf(int rank)
    {
        Match? joined = null;
        WaitUntil(() => (joined = JoinLine().Matches(Output).FirstOrDefault(match => match.Groups["rank"].Value == $"{rank}")) is not null);
        return int.Parse(joined!.Groups["process"].Value, CultureInfo.InvariantCulture);
    }

    public void WaitUntil(Func<bool> holds)
    {
        for (; !holds(); Thread.Sleep(20))
        {
            if (_process.HasExited || _clock.Elapsed > Patience)
                throw new InvalidOperationException($"It did not come so far.\n{Output}\n{Error}");
        }
    }

    /// <summary>Sends a signal to mpirun, such as TERM.</summary>
    public void Send(string signal)
    {
        using var kill = Process.Start("kill", [$"-{signal}", $"{_process.Id}"]);
        kill.WaitForExit();
    }

    public MpiResult Finish()
    {
        if (!_process.WaitForExit(Patience)) throw new TimeoutException($"Not finished after {Patience}.\n{Output}\n{Error}");
        TimeSpan elapsed = _clock.Elapsed;
        _process.WaitForExit(); // also waits until all output is read
        return new(_process.ExitCode, Output, Error, elapsed);
    }

    public void Dispose()
    {
        if (!_process.HasExited) _process.Kill(entireProcessTree: true);
        _process.Dispose();
    }

    public static bool IsInstalled(string program) => (Environment.GetEnvironmentVariable("PATH") ?? "")
        .Split(Path.PathSeparator).Any(folder => File.Exists(Path.Combine(folder, program)));

    private static string PathOf(string program) => Path.Combine(AppContext.BaseDirectory, program);

    private static string Read(StringBuilder text)
    {
        lock (text) return text.ToString();
    }

    private bool IsOfJob(string process)
    {
        try
        {
            string variables = Encoding.UTF8.GetString(File.ReadAllBytes($"{process}/environ"));
            return variables.Contains($"{JobVariable}={_job}", StringComparison.Ordinal);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    [GeneratedRegex(@"rank (?<rank>\d+) of \d+: process (?<process>\d+)")]
    private static partial Regex JoinLine();

    private Process Start(ProcessStartInfo start, IReadOnlyDictionary<string, string> environment)
    {
        start.RedirectStandardInput = start.RedirectStandardOutput = start.RedirectStandardError = true;
        start.StandardOutputEncoding = start.StandardErrorEncoding = Encoding.UTF8;
        start.Environment["OMPI_ALLOW_RUN_AS_ROOT"] = start.Environment["OMPI_ALLOW_RUN_AS_ROOT_CONFIRM"] = "1";
        start.Environment["OMP_NUM_THREADS"] = "1";
        start.Environment[JobVariable] = _job;
        start.Environment["TERM"] = "dumb"; // OpenMPI gives the ranks a terminal, to which .NET would write control sequences
        foreach ((string name, string value) in environment) start.Environment[name] = value;

        Process process = new() { StartInfo = start };
        process.OutputDataReceived += (_, line) => Append(_output, line.Data);
        process.ErrorDataReceived += (_, line) => Append(_error, line.Data);
        process.Start();
        process.StandardInput.Close();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return process;
    }

    private static void Append(StringBuilder text, string? line)
    {
        if (line is null) return;
        lock (text) text.Append(line).Append('\n');
    }
}

/// <summary>How a run ended.</summary>
/// <param name="ExitCode">The exit code of mpirun.</param>
/// <param name="Output">The output of all ranks.</param>
/// <param name="Error">The standard error of mpirun and of all ranks.</param>
/// <param name="Elapsed">Time from start to end.</param>
internal sealed record MpiResult(int ExitCode, string Output, string Error, TimeSpan Elapsed)
{
    /// <summary>All text. OpenMPI sends what the ranks write through its own streams.</summary>
    public string Text => $"{Output}{Error}";
}
