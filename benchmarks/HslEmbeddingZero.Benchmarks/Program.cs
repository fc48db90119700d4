using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Diagnosers;
using BenchmarkDotNet.Exporters;
using BenchmarkDotNet.Exporters.Json;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Loggers;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using HslEmbeddingZero;
using Perfolizer.Horology;

// dotnet run -c Release --project benchmarks/HslEmbeddingZero.Benchmarks -- --filter '*' [--quick] [--keep-freed-memory]
// dotnet run -c Release --project benchmarks/HslEmbeddingZero.Benchmarks -- step|doors|generate|soak|corpus ...     runs a device benchmark
//
// Everything runs inside this process. The default toolchain would build a separate program in another folder, without the copy of the
// native library that this project's build prepares.
if (args is ["--help" or "-h" or "-?" or "help", ..])
{
    Console.WriteLine($"""
        --filter '*'          measure with BenchmarkDotNet what the pattern names, such as --filter '*Door*'
        --list flat           list the names
        --quick               fewer iterations
        --keep-freed-memory   keep freed memory for reuse, as the samples do
        Other options are those of BenchmarkDotNet; --filter '*' --help lists them.

        Device benchmarks, in one plain process. Name a command and, as name=value, its options:
        {DeviceProgram.Help}
        """);
    return 0;
}

TorchRuntime.EnsureLoaded(); // before anything touches torch
if (args is [[not '-', ..], ..]) return DeviceProgram.Main(args); // refuses an unknown command

bool quick = args.Contains("--quick");
MemoryOption.Apply(args.Contains("--keep-freed-memory") ? "kept" : "freed");
(int warmups, int iterations) = quick ? (1, 5) : (4, 15);
Job job = Job.Default.WithWarmupCount(warmups).WithIterationCount(iterations).WithIterationTime(TimeInterval.FromMilliseconds(100))
    .WithToolchain(InProcessEmitToolchain.Instance);

IConfig config = ManualConfig.CreateEmpty()
    .AddJob(job)
    .AddDiagnoser(MemoryDiagnoser.Default)
    .AddColumnProvider(DefaultColumnProviders.Instance)
    .AddColumn(StatisticColumn.Median)
    .AddExporter(MarkdownExporter.GitHub, JsonExporter.Full)
    .AddLogger(ConsoleLogger.Default);

BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(
    [.. args.Where(argument => argument is not ("--quick" or "--keep-freed-memory"))], config);
return 0;
