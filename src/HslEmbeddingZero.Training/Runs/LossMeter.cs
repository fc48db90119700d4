using TorchSharp;
using static TorchSharp.torch;

namespace HslEmbeddingZero.Training;

/// <summary>
/// Loss sums by source since the last report. They stay on the device, so that no step waits for a copy to the host. They are float64: a
/// sum of a few thousand float32 losses is then exact, so that it does not depend on which process computed which micro-batch.
/// </summary>
internal sealed class LossMeter : IDisposable
{
    private readonly Collective _group;
    private readonly Scalar _share;
    private readonly long[] _counts; // micro-batches of all processes
    private Tensor _sums = null!; // nats per byte, summed over the micro-batches of this process
    private Tensor[] _places = [];

    /// <param name="sources">Number of sources.</param>
    /// <param name="parts">Parts into which the processes cut each micro-batch.</param>
    /// <param name="device">Device of the losses.</param>
    /// <param name="group">The processes that share the micro-batches.</param>
    public LossMeter(int sources, int parts, Device device, Collective group)
    {
        _group = group;
        _share = 1.0 / parts;
        _counts = new long[sources];
        Take(zeros(sources, ScalarType.Float64, device));
    }

    /// <summary>Moves the sums to another device.</summary>
    public void Move(Device device)
    {
        Tensor moved = _sums.to(device, copy: true);
        FreeSums();
        Take(moved);
    }

    private void Take(Tensor sums)
    {
        _sums = sums.DetachFromDisposeScope();
        _places = [.. Enumerable.Range(0, _counts.Length).Select(i => _sums.select(0, i).DetachFromDisposeScope())];
    }

    /// <summary>Adds the mean loss of this process' part of a micro-batch.</summary>
    public void Add(int source, Tensor loss)
    {
        using IDisposable quiet = no_grad();
        _places[source].add_(loss, _share);
    }

    /// <summary>Counts a micro-batch, whoever computes it.</summary>
    public void Count(int source) => _counts[source]++;

    /// <summary>
    /// Returns mean bits per byte over all sources and by source (NaN for a source that did not occur), then resets the sums. Waits for the
    /// device and for the other processes.
    /// </summary>
    public (double All, double[] BySource) Read()
    {
        double[] sums = [.. Sums().Select(s => s / Math.Log(2))];
        double[] means = [.. sums.Zip(_counts, (sum, count) => count == 0 ? double.NaN : sum / count)];
        double all = sums.Sum() / Math.Max(1, _counts.Sum());
        _sums.zero_().Dispose();
        Array.Clear(_counts);
        return (all, means);
    }

    /// <summary>
    /// State for a checkpoint: sums over all processes, then counts. With it, the next report after a resume is the same. Waits for the
    /// device and for the other processes.
    /// </summary>
    public Tensor Save()
    {
        double[] state = [.. Sums(), .. _counts.Select(c => (double)c)];
        return tensor(state, device: CPU);
    }

    /// <summary>Takes over the state of a checkpoint. The sums of all processes go to the first one.</summary>
    public void Restore(Tensor state)
    {
        double[] values = [.. state.data<double>()];
        using Tensor sums = tensor(values.Take(_counts.Length).Select(sum => _group.IsFirst ? sum : 0).ToArray(), device: CPU);
        using IDisposable quiet = no_grad();
        _sums.copy_(sums);
        for (int i = 0; i < _counts.Length; i++) _counts[i] = (long)values[_counts.Length + i];
    }

    public void Dispose()
    {
        FreeSums();
        _share.Dispose();
    }

    /// <summary>The sums over all processes.</summary>
    private double[] Sums()
    {
        using Tensor sums = _sums.clone();
        _group.Sum(sums);
        using Tensor host = sums.cpu();
        return [.. host.data<double>()];
    }

    private void FreeSums()
    {
        foreach (Tensor place in _places) place.Dispose();
        _sums.Dispose();
    }
}
