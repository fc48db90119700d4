using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using HslEmbeddingZero.Faults;
using HslEmbeddingZero.Training;
using Microsoft.Extensions.Logging;

namespace HslEmbeddingZero.Ranks;

/// <summary>
/// A training run in a folder, by one process or by the ranks of a launcher. It resumes by itself from the checkpoint of the folder. At the
/// end, rank 0 writes the weights and the scores.
/// </summary>
internal static partial class SharedTraining
{
    public const string Weights = "final.safetensors", Scores = "final.json";

    /// <param name="args">Pairs of a name and a value; see <see cref="Options.Parse"/>.</param>
    /// <returns>0, 1 after an error, or 143 after an interruption.</returns>
    public static int Run(string[] args)
    {
        var options = Options.Parse(args);
        using CancellationTokenSource stop = new();
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Interrupt);
        using var controlC = PosixSignalRegistration.Create(PosixSignal.SIGINT, Interrupt);
        try
        {
            using IProcessGroup? group = ProcessGroup.Join();
            if (group is not null) Console.WriteLine($"rank {group.Rank} of {group.Size}: process {Environment.ProcessId}");
            int exitCode = Train(options, group, stop);
            group?.Complete();
            return exitCode;
        }
        catch (Exception error) when (error is ProcessGroupException or IOException or InvalidDataException)
        {
            // The rank that failed says so first, and its end ends this process.
            if (error is ProcessGroupException { IsOfAnotherRank: true }) Thread.Sleep(TimeSpan.FromSeconds(3));
            Console.Error.WriteLine($"error: rank {ProcessGroup.LaunchedRank}: {error.Message}");
            return 1;
        }

        void Interrupt(PosixSignalContext context)
        {
            context.Cancel = true;
            stop.Cancel();
        }
    }

    private static int Train(Options options, IProcessGroup? group, CancellationTokenSource stop)
    {
        Fault? fault = options.Fault is { } one && one.Rank == (group?.Rank ?? 0) ? one : null;
        IReadOnlyList<SampleSource> sources = SmallCorpus.Load(fault?.Kind == "corpus" ? "no-corpus" : options.Corpus);
        using ByteLanguageModel model = SmallCorpus.Model();
        using TrainingRun run = new(options.Out, model, sources, options.Trainer, options.Run, logger: ConsoleLog.Of(group), group: group);
        run.Resume();
        EvaluationResult? scores;
        try
        {
            scores = run.Run(fault is null ? null : new Injection(fault, model, stop), cancellationToken: stop.Token);
        }
        catch (OperationCanceledException)
        {
            return 143;
        }

        if (group is { Rank: > 0 }) return 0;
        model.SaveWeights(Path.Combine(options.Out, Weights));
        File.WriteAllText(Path.Combine(options.Out, Scores), JsonSerializer.Serialize(scores));
        return 0;
    }

    /// <summary>Something that goes wrong on one rank, right after a step.</summary>
    private sealed record Fault(string Kind, long Step, int Rank)
    {
        /// <summary>KIND@STEP:RANK.</summary>
        public static Fault Parse(string text)
        {
            string[] parts = text.Split('@', ':');
            return new(parts[0], long.Parse(parts[1], CultureInfo.InvariantCulture), int.Parse(parts[2], CultureInfo.InvariantCulture));
        }
    }

    private sealed partial class Injection(Fault fault, ByteLanguageModel model, CancellationTokenSource stop) : IProgress<TrainingProgress>
    {
        private const int StopSignal = 19;

        public void Report(TrainingProgress value)
        {
            if (fault.Kind == "slow" && value.Step >= fault.Step) Thread.Sleep(1000);
            if (value.Step != fault.Step) return;
            Console.WriteLine($"fault: {fault.Kind}");
            Console.Out.Flush();
            switch (fault.Kind)
            {
                case "kill":
                    System.Diagnostics.Process.GetCurrentProcess().Kill();
                    break;
                case "stop":
                    _ = Send(Environment.ProcessId, StopSignal);
                    break;
                case "sleep":
                    Thread.Sleep(Timeout.Infinite);
                    break;
                case "throw":
                    throw new InvalidDataException($"A fault was asked for after step {fault.Step}.");
                case "exit0":
                    Environment.Exit(0);
                    break;
                case "diverge":
                    model.parameters().First().bytes[0] ^= 1;
                    break;
                case "interrupt":
                    stop.Cancel();
                    break;
            }
        }

        [LibraryImport("libc", EntryPoint = "kill")]
        private static partial int Send(int process, int signal);
    }

    /// <summary>Prints what a run says, on rank 0.</summary>
    private sealed class ConsoleLog : ILogger
    {
        public static ConsoleLog? Of(IProcessGroup? group) => group is { Rank: > 0 } ? null : new();

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Console.WriteLine(formatter(state, exception));
    }

    private sealed record Options(string Out, string Corpus, TrainerOptions Trainer, TrainingRunOptions Run, Fault? Fault)
    {
        /// <summary>
        /// --out FOLDER, --corpus FOLDER, --steps N, --micro-batches N, --precision Float32 or BFloat16, --ordered true or false,
        /// --hang-seconds S, --checkpoint-seconds S (1 ms by default: after every step), --fault KIND@STEP:RANK.
        /// </summary>
        public static Options Parse(string[] args)
        {
            var given = args.Chunk(2).ToDictionary(pair => pair[0], pair => pair[1]);
            string Value(string name, string otherwise) => given.GetValueOrDefault(name, otherwise);
            int Number(string name, int otherwise) => int.Parse(Value(name, $"{otherwise}"), CultureInfo.InvariantCulture);
            TimeSpan Seconds(string name, double otherwise) => TimeSpan.FromSeconds(
                double.Parse(Value(name, otherwise.ToString(CultureInfo.InvariantCulture)), CultureInfo.InvariantCulture));
            return new(
                given["--out"], given["--corpus"],
                SmallCorpus.Options with
                {
                    Steps = Number("--steps", 12),
                    GradientAccumulationSteps = Number("--micro-batches", 2),
                    Precision = Enum.Parse<Precision>(Value("--precision", "Float32")),
                    ReportEverySteps = 1,
                    Distributed = new()
                    {
                        OrderedReduction = bool.Parse(Value("--ordered", "false")),
                        HangTimeout = Seconds("--hang-seconds", new DistributedOptions().HangTimeout.TotalSeconds),
                    },
                },
                new() { CheckpointEvery = Seconds("--checkpoint-seconds", 0.001) },
                given.TryGetValue("--fault", out string? fault) ? SharedTraining.Fault.Parse(fault) : null);
        }
    }
}
