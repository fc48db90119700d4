using System.Diagnostics;
using System.Runtime.ExceptionServices;
using System.Text;
using static TorchSharp.torch;

namespace HslEmbeddingZero.Training;

/// <summary>
/// What the ranks of a group decide and do together. Without a group, each call is that of one process and costs nothing. All ranks make
/// the same calls in the same order.
/// </summary>
internal sealed class Collective : IDisposable
{
    private static readonly TimeSpan AbortTime = TimeSpan.FromSeconds(3);

    private readonly IProcessGroup? _group;
    private readonly Device _device;
    private readonly HangWatchdog? _watchdog;

    /// <param name="group">The group; null for one process. The caller keeps ownership.</param>
    /// <param name="options">How long a step may take.</param>
    /// <param name="device">Device of the group's tensors.</param>
    public Collective(IProcessGroup? group, DistributedOptions options, Device device)
    {
        _group = group;
        _device = device;
        if (group is not null) _watchdog = new(options.HangTimeout, End);
    }

    public int Rank => _group?.Rank ?? 0;

    public int Size => _group?.Size ?? 1;

    /// <summary>Whether this is rank 0, which writes the files, or the only process.</summary>
    public bool IsFirst => Rank == 0;

    /// <summary>
    /// Whether the ranks can ask each other at every step. On CUDA the answer would wait for the device.
    /// </summary>
    public bool AnswersAtOnce => _device.type == TorchSharp.DeviceType.CPU;

    /// <summary>Replaces the values by their sums over all ranks.</summary>
    public void Sum(Tensor values, bool inRankOrder = false)
    {
        if (_group is { } group) _watchdog!.WatchExchange("an exchange", () => group.AllReduce(values, inRankOrder));
    }

    /// <summary>Replaces the values by those of rank 0.</summary>
    public void Broadcast(Tensor values)
    {
        if (_group is { } group) _watchdog!.WatchExchange("an exchange", () => group.Broadcast(values));
    }

    /// <summary>Replaces the numbers by their sums over all ranks.</summary>
    public void Sum(double[] values)
    {
        if (_group is null) return;
        using Tensor host = tensor(values, device: CPU);
        using Tensor sums = host.to(_device);
        Sum(sums);
        using Tensor result = sums.cpu();
        result.data<double>().CopyTo(values);
    }

    /// <summary>Whether it is true on any rank.</summary>
    public bool Any(bool value) => _group is null ? value : RanksWhere(value).Length > 0;

    /// <summary>Whether it is true on rank 0.</summary>
    public bool OnFirst(bool value) => _group is null ? value : RanksWhere(IsFirst && value).Length > 0;

    /// <summary>The ranks on which it is true, in order.</summary>
    public int[] RanksWhere(bool value)
    {
        double[] flags = new double[Size];
        flags[Rank] = value ? 1 : 0;
        Sum(flags);
        return [.. flags.Index().Where(flag => flag.Item > 0).Select(flag => flag.Index)];
    }

    /// <summary>Numbers of rank 0, on every rank.</summary>
    public long[] OfFirst(long[] values)
    {
        if (_group is null) return values;
        using Tensor host = tensor(values, device: CPU);
        using Tensor shared = host.to(_device);
        Broadcast(shared);
        using Tensor result = shared.cpu();
        return [.. result.data<long>()];
    }

    /// <summary>A text of rank 0, on every rank.</summary>
    public string OfFirst(string text)
    {
        if (_group is null) return text;
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        byte[] shared = new byte[OfFirst([bytes.Length])[0]];
        if (IsFirst) bytes.CopyTo(shared, 0);
        return Encoding.UTF8.GetString(OfFirst(shared));
    }

    /// <summary>Bytes of rank 0, on every rank. All ranks pass the same number.</summary>
    public byte[] OfFirst(byte[] bytes)
    {
        if (_group is null || bytes.Length == 0) return bytes;
        using Tensor host = tensor(bytes, device: CPU);
        using Tensor shared = host.to(_device);
        Broadcast(shared);
        using Tensor result = shared.cpu();
        return result.bytes.ToArray();
    }

    /// <summary>Does something on rank 0 alone, such as to write a file, while the others wait.</summary>
    /// <exception cref="ProcessGroupException">It failed on rank 0, where its own exception is thrown.</exception>
    public void DoOnFirst(Action action)
    {
        if (_group is null)
        {
            action();
            return;
        }

        ExceptionDispatchInfo? failure = null;
        _watchdog!.WatchLong("the work of rank 0", () =>
        {
            try
            {
                if (IsFirst) action();
            }
            catch (Exception error)
            {
                failure = ExceptionDispatchInfo.Capture(error);
            }

            if (!Any(failure is not null)) return;
            failure?.Throw();
            throw new ProcessGroupException("Rank 0 failed; its own message says why.") { IsOfAnotherRank = true };
        });
    }

    /// <summary>Refuses to go on if something is wrong on any rank.</summary>
    /// <param name="isWrong">Whether it is wrong here.</param>
    /// <param name="here">The exception of a rank where it is wrong.</param>
    /// <param name="elsewhere">The message of the other ranks. Its argument names the ranks where it is wrong.</param>
    public void RequireOnAll(bool isWrong, Func<Exception> here, Func<string, string> elsewhere)
    {
        if (_group is null)
        {
            if (isWrong) throw here();
            return;
        }

        int[] ranks = RanksWhere(isWrong);
        if (ranks.Length == 0) return;
        string who = $"{(ranks.Length == 1 ? "rank" : "ranks")} {string.Join(", ", ranks)}";
        throw isWrong ? here() : new ProcessGroupException(elsewhere(who)) { IsOfAnotherRank = true };
    }

    /// <summary>Runs a step. If it takes too long, all ranks are ended.</summary>
    public void WatchStep(string what, Action step)
    {
        if (_watchdog is { } watchdog) watchdog.WatchStep(what, step);
        else step();
    }

    public void Dispose() => _watchdog?.Dispose();

    /// <summary>Ends all ranks. The library's own way may wait for a rank that hangs, so it has some seconds.</summary>
    private void End(string message)
    {
        Console.Error.WriteLine($"error: rank {Rank} of {Size}: {message} All ranks end. The last checkpoint stays.");
        Console.Error.Flush();
        Thread abort = new(_group!.Abort) { IsBackground = true };
        abort.Start();
        abort.Join(AbortTime);
        Process.GetCurrentProcess().Kill();
    }
}
