using System.Diagnostics;
using System.Globalization;
using MathNet.Numerics.Statistics;
using TorchSharp;
using static TorchSharp.torch;

namespace HslEmbeddingZero.DeviceBenchmarks;

/// <summary>
/// Bytes of slots and of stream positions per second that a door without parameters writes, into new memory and into the caller's memory.
/// They are compared with filling the same output and with copying it from other memory of the device.
/// </summary>
internal static class DoorBandwidth
{
    private const int Length = 512;
    private const int MostCalls = 1000;

    /// <summary>Minimum duration of one timing, so that the resolution of the clock and one wait for the device do not matter.</summary>
    private const double TimingMilliseconds = 10;

    /// <param name="args">
    /// Any of device=cpu|cuda, mebibytes=64 (size of the output; several with commas; 64 and 2,048 on CUDA), precision=float32,bfloat16,
    /// k=8,16 (bytes per slot), arm=zero,zero-standardized,zero-ngram (zero unless given), dim=512, rounds=9, memory=freed|kept,
    /// parts=no|yes (also times the parts of the door's work on a device, one by one).
    /// </param>
    public static void Run(string[] args)
    {
        GivenOptions given = new(args);
        string place = given.Choice("device", "cpu", "cuda"), memory = given.Choice("memory", "freed", "kept");
        int[] sizes = given.Numbers("mebibytes", place == "cuda" ? [64, 2048] : [64]), bytesPerSlot = given.Numbers("k", 8, 16);
        int rounds = given.Number("rounds", 9);
        bool parts = given.Choice("parts", "no", "yes") == "yes";
        string[] arms = given.Choices("arm", "zero", "zero", "zero-standardized", "zero-ngram");
        int[] dims = given.Numbers("dim", 512);
        string[] precisions = given.Choices("precision", "float32,bfloat16", "float32", "bfloat16");
        given.RequireNoOther();
        MemoryOption.Apply(memory);
        TorchRuntime.EnsureLoaded();
        BenchmarkDevices.Require(place);

        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"libtorch {TorchRuntime.LibtorchVersion} {BenchmarkDevices.NameOf(place)}, memory {memory}; {Length} bytes a row; "
            + $"medians of {rounds} rounds, the calls in turn"));
        Console.WriteLine();
        Console.WriteLine("| door | dim | output | type | MiB | call | ms | least | most | GB/s | of fill_ | of copy_ |");
        Console.WriteLine("| --- | ---: | --- | --- | ---: | --- | ---: | ---: | ---: | ---: | ---: | ---: |");
        foreach (string precision in precisions)
        {
            ScalarType type = precision == "bfloat16" ? ScalarType.BFloat16 : ScalarType.Float32;
            foreach (int size in sizes)
            {
                foreach ((string arm, int dim) in arms.SelectMany(arm => dims.Select(dim => (arm, dim))))
                {
                    // Narrower slots have room for fewer bytes.
                    foreach (int bytes in bytesPerSlot.Where(bytes => bytes * HslFeatures.Dimension <= dim))
                        Measure(place, type, size, arm, dim, bytes, stream: false, rounds, parts);
                    Measure(place, type, size, arm, dim, bytesPerSlot[0], stream: true, rounds, parts);
                }
            }
        }
    }

    private static void Measure(
        string place, ScalarType type, int mebibytes, string arm, int dim, int bytesPerSlot, bool stream, int rounds, bool parts)
    {
        using IDisposable quiet = no_grad();
        using DisposeScope scope = NewDisposeScope();
        long positions = stream ? Length : Length / bytesPerSlot;
        long width = type == ScalarType.BFloat16 ? 2 : 4;
        long rows = Math.Max(1, ((long)mebibytes << 20) / (positions * dim * width));
        double gigabytes = rows * positions * dim * width / 1e9;
        using var door = (ZeroDoor)DoorArms.Create(arm, bytesPerSlot, dim);
        door.to(type).to(device(place));
        Tensor ids = randint(0, 256, [rows, Length], ScalarType.Byte).to(device(place));
        Tensor output = empty([rows, positions, dim], type, device(place)), other = ones_like(output);
        List<Candidate> candidates = stream
            ? [new("new tensor", () => door.Stream(ids).Dispose()), new("WriteStream", () => door.WriteStream(ids, output))]
            : [new("new tensor", () => door.forward(ids).Dispose()), new("WriteSlots", () => door.WriteSlots(ids, output))];
        if (parts)
        {
            Tensor features = door.Features(ids);
            if (!stream)
                features = features.narrow(2, 0, HslFeatures.Dimension).reshape(rows, positions, bytesPerSlot * HslFeatures.Dimension);
            long columns = features.size(2);
            candidates.AddRange(
            [
                new("features", () => door.Features(ids).Dispose()),
                new("rows alone", () => { using DisposeScope slice = NewDisposeScope(); output.narrow(2, 0, columns).copy_(features); }),
                new("ends alone", () => { using DisposeScope slice =
                    NewDisposeScope(); output.narrow(2, columns, dim - columns).zero_(); }),
            ]);
        }

        Candidate fill = new("fill_", () => output.fill_(1f)), copy = new("copy_", () => output.copy_(other));
        candidates.AddRange([fill, copy]);
        foreach (Candidate candidate in candidates) Prepare(candidate, place);

        // Every round times all candidates, so that a change of the machine's speed affects all of them.
        for (int round = 0; round < rounds; round++)
        {
            foreach (Candidate candidate in candidates) candidate.Milliseconds.Add(Time(candidate, place));
        }

        foreach (Candidate candidate in candidates)
        {
            double median = candidate.Milliseconds.Median();
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"| {arm} | {dim} | {(stream ? "stream" : $"slots, K={bytesPerSlot}")} | {(width == 2 ? "bfloat16" : "float32")} | "
                    + $"{gigabytes * 1e9 / (1 << 20):F0} | {candidate.Name} "
                + $"| {median:F4} | {candidate.Milliseconds.Min():F4} | {candidate.Milliseconds.Max():F4} | {gigabytes / median * 1000:F1} "
                + $"| {fill.Milliseconds.Median() / median:F2} | {copy.Milliseconds.Median() / median:F2} |"));
        }
    }

    /// <summary>Warms up, and finds how many calls one timing needs to be long enough.</summary>
    private static void Prepare(Candidate candidate, string place)
    {
        candidate.Call();
        double once = Time(candidate, place);
        candidate.Calls = (int)Math.Clamp(Math.Ceiling(TimingMilliseconds / Math.Max(once, 1e-3)), 1, MostCalls);
        Time(candidate, place);
    }

    /// <summary>Milliseconds of one call. The device receives all calls of a timing before the wait for it.</summary>
    private static double Time(Candidate candidate, string place)
    {
        BenchmarkDevices.Wait(place);
        long start = Stopwatch.GetTimestamp();
        for (int i = 0; i < candidate.Calls; i++) candidate.Call();
        BenchmarkDevices.Wait(place);
        return Stopwatch.GetElapsedTime(start).TotalMilliseconds / candidate.Calls;
    }

    private sealed class Candidate(string name, Action call)
    {
        public string Name { get; } = name;

        public Action Call { get; } = call;

        public int Calls { get; set; } = 1;

        public List<double> Milliseconds { get; } = [];
    }
}
