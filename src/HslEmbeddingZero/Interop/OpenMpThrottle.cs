using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace HslEmbeddingZero;

/// <summary>Lets libtorch's OpenMP threads sleep instead of spin while other programs need the processors.</summary>
/// <remarks>
/// libgomp's threads spin for milliseconds at every barrier. This is fastest if no other program runs. Beside other work it is very slow: a
/// thread spins for its whole time slice while the thread it waits for is in the run queue. A fixed count (GOMP_SPINCOUNT) is bad in one of
/// the two cases. But libgomp spins 3,000 times less as soon as it manages more threads than there are processors. So a watcher reads from
/// /proc how long this process' threads have waited for a processor. While that time is long, it keeps a second, idle team of threads;
/// afterwards it ends that team. The program's own team keeps its size, so no sum changes. Nothing is done if the user has set
/// OMP_WAIT_POLICY or GOMP_SPINCOUNT, if OpenMP is not libgomp, or on systems other than Linux.
/// </remarks>
[SupportedOSPlatform("linux")]
internal static class OpenMpThrottle
{
    private static readonly string[] UserVariables = ["OMP_WAIT_POLICY", "GOMP_SPINCOUNT"];
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(200);

    /// <summary>
    /// Starts the watcher, for the life of the process, after libtorch is loaded. The watcher itself finds out whether there is anything to
    /// throttle.
    /// </summary>
    public static void Start()
    {
        if (Array.Exists(UserVariables, name => Environment.GetEnvironmentVariable(name) is not null)) return;
        new Thread(Watch) { IsBackground = true, Name = "HslEmbeddingZero OpenMP throttle" }.Start();
    }

    private static void Watch()
    {
        if (!RunQueue.IsReadable || !IdleTeam.IsAvailable()) return;
        RunQueue queue = new();
        Contention contention = new();
        IdleTeam? team = null;
        while (true)
        {
            Thread.Sleep(Interval);
            if (contention.Observe(queue.WaitingSinceLast()))
            {
                team ??= new IdleTeam();
            }
            else
            {
                team?.Dispose();
                team = null;
            }
        }
    }

    /// <summary>
    /// An idle OpenMP team with one thread more than there are processors. It belongs to a separate thread and ends with that thread.
    /// </summary>
    internal sealed unsafe class IdleTeam : IDisposable
    {
        private readonly ManualResetEventSlim _made = new();
        private readonly ManualResetEventSlim _release = new();
        private readonly Thread _holder;

        /// <summary>Makes the team and returns when it exists.</summary>
        public IdleTeam()
        {
            _holder = new Thread(Hold) { IsBackground = true, Name = "HslEmbeddingZero OpenMP idle team" };
            _holder.Start();
            _made.Wait();
        }

        /// <summary>Whether OpenMP in this process is libgomp.</summary>
        public static bool IsAvailable() => Find() is not null;

        /// <summary>One more than the processors that libgomp counts. Unlike .NET, it does not know a container's quota.</summary>
        public int Threads { get; private set; }

        /// <summary>Ends the team.</summary>
        public void Dispose()
        {
            _release.Set();
            _holder.Join();
            _release.Dispose();
            _made.Dispose();
        }

        private void Hold()
        {
            if (Find() is { } openMp)
            {
                Threads = ((delegate* unmanaged<int>)openMp.CountProcessors)() + 1;
                ((delegate* unmanaged<nint, nint, uint, uint, void>)openMp.Parallel)(openMp.Nothing, 0, (uint)Threads, 0);
            }

            _made.Set();
            _release.Wait();
        }

        /// <summary>
        /// libgomp's entry for parallel regions, its count of processors, and a native function without effect to run in the region. Null
        /// without libgomp.
        /// </summary>
        private static (nint Parallel, nint CountProcessors, nint Nothing)? Find()
        {
            return TorchLibraries.LoadedFile("libgomp") is { } path
                && NativeLibrary.TryLoad(path, out nint openMp) && NativeLibrary.TryGetExport(openMp, "GOMP_parallel", out nint parallel)
                && NativeLibrary.TryGetExport(openMp, "omp_get_num_procs", out nint count)
                && NativeLibrary.TryLoad("libc.so.6", out nint c) && NativeLibrary.TryGetExport(c, "sched_yield", out nint nothing)
                ? (parallel, count, nothing)
                : null;
        }
    }

    /// <summary>
    /// Whether others need the processors, by a mean over about two seconds. A garbage collection, or the compiler of a program that
    /// starts, needs them for a shorter time.
    /// </summary>
    internal sealed class Contention
    {
        /// <summary>
        /// Contention begins at this average number of waiting threads. One busy program beside two threads on two processors makes it 0.6
        /// to 0.8, whether the threads spin or not. Without the other program it stays under 0.05.
        /// </summary>
        public const double High = 0.4;

        /// <summary>Contention ends below this average.</summary>
        public const double Low = 0.2;

        private const double Fresh = 0.1; // weight of the newest observation: ten observations are two seconds

        private double _mean;
        private bool _isContended;

        /// <param name="waiting">Average number of threads of this process in the run queue since the last call.</param>
        public bool Observe(double waiting)
        {
            _mean += Fresh * (waiting - _mean);
            _isContended = _mean >= (_isContended ? Low : High);
            return _isContended;
        }
    }

    /// <summary>How long this process' threads have been ready to run without a processor.</summary>
    internal sealed class RunQueue
    {
        private const string Tasks = "/proc/self/task";
        private Dictionary<string, long> _last = Read();
        private long _at = Stopwatch.GetTimestamp();

        /// <summary>Whether this kernel provides the waiting times.</summary>
        public static bool IsReadable => File.Exists($"{Tasks}/{Environment.ProcessId}/schedstat");

        /// <summary>Average number of waiting threads since the last call. Threads that have ended since then are not counted.</summary>
        public double WaitingSinceLast()
        {
            Dictionary<string, long> now = Read();
            double seconds = Stopwatch.GetElapsedTime(_at).TotalSeconds;
            long waited = now.Sum(thread => thread.Value - _last.GetValueOrDefault(thread.Key, thread.Value));
            _last = now;
            _at = Stopwatch.GetTimestamp();
            return waited / 1e9 / Math.Max(seconds, 1e-3);
        }

        private static Dictionary<string, long> Read()
        {
            Dictionary<string, long> waited = new(StringComparer.Ordinal);
            foreach (string task in Directory.EnumerateDirectories(Tasks))
            {
                try
                {
                    // Nanoseconds on a processor, nanoseconds ready without one, and the number of time slices.
                    string[] fields = File.ReadAllText($"{task}/schedstat").Split(' ');
                    if (fields.Length > 1 && long.TryParse(fields[1], CultureInfo.InvariantCulture, out long nanoseconds))
                        waited[task] = nanoseconds;
                }
                catch (IOException)
                {
                    // The thread has ended in the meantime.
                }
            }

            return waited;
        }
    }
}
