using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace HslEmbeddingZero;

/// <summary>
/// Lets libtorch's OpenMP threads sleep instead of spin while other programs want the processors.
/// </summary>
/// <remarks>
/// libgomp's threads spin for milliseconds at every barrier. Alone that is fastest. Beside other work it is ruinous: a thread spins away
/// its time slice while the thread it waits for stands in the run queue. A fixed count (GOMP_SPINCOUNT) must lose one of the two. libgomp
/// spins 3,000 times less, though, as soon as it manages more threads than there are processors. So a watcher reads from /proc how long
/// this process' threads have waited for a processor; while that is much, it keeps a second, idle team of threads, and lets go of it
/// afterwards. The team of the program keeps its size, so that no sum changes. Nothing is done where the user has set OMP_WAIT_POLICY or
/// GOMP_SPINCOUNT, where OpenMP is not libgomp, and on other systems than Linux.
/// </remarks>
[SupportedOSPlatform("linux")]
internal static class OpenMpThrottle
{
    private static readonly string[] UserVariables = ["OMP_WAIT_POLICY", "GOMP_SPINCOUNT"];
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(200);

    /// <summary>
    /// Begins to watch, for the life of the process, once libtorch is loaded. Whether there is anything to throttle is found out on the
    /// way.
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
    /// An OpenMP team of one thread more than there are processors, which does nothing. It belongs to a thread of its own, and ends with
    /// it.
    /// </summary>
    internal sealed unsafe class IdleTeam : IDisposable
    {
        private readonly ManualResetEventSlim _made = new();
        private readonly ManualResetEventSlim _release = new();
        private readonly Thread _holder;

        /// <summary>Makes the team, and returns when it is there.</summary>
        public IdleTeam()
        {
            _holder = new Thread(Hold) { IsBackground = true, Name = "HslEmbeddingZero OpenMP idle team" };
            _holder.Start();
            _made.Wait();
        }

        /// <summary>Whether OpenMP in this process is libgomp.</summary>
        public static bool IsAvailable() => Find() is not null;

        /// <summary>One more than the processors that libgomp counts. It does not know of a container's quota, as .NET does.</summary>
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
        /// libgomp's entry for parallel regions and its count of processors, and a native function that does nothing to run there; null
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
    /// Whether others want the processors, by a mean over about two seconds: a garbage collection, or the compiler of a program that
    /// starts, wants them for a shorter time.
    /// </summary>
    internal sealed class Contention
    {
        /// <summary>
        /// Waiting threads on average, from which on there is contention. One busy program beside two threads on two processors makes
        /// it 0.6 to 0.8, spinning or not; alone it stays under 0.05.
        /// </summary>
        public const double High = 0.4;

        /// <summary>Below this it is over.</summary>
        public const double Low = 0.2;

        private const double Fresh = 0.1; // share of the newest observation: ten of them are two seconds

        private double _mean;
        private bool _isContended;

        /// <param name="waiting">Threads of this process that stood in the run queue, on average since the last time.</param>
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

        /// <summary>Whether this kernel tells.</summary>
        public static bool IsReadable => File.Exists($"{Tasks}/{Environment.ProcessId}/schedstat");

        /// <summary>Threads that were waiting, on average since the last call. Threads that have ended since count no more.</summary>
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
                    // The thread has ended meanwhile.
                }
            }

            return waited;
        }
    }
}
