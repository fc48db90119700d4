using static TorchSharp.torch;

namespace HslEmbeddingZero.Training;

/// <summary>Loss sums by source since the last report. They stay on the device, so that no step waits for a copy to the host.</summary>
internal sealed class LossMeter : IDisposable
{
    private Tensor _sums = null!; // nats per byte, summed over micro-batches
    private Tensor[] _places = [];
    private readonly long[] _counts;

    public LossMeter(int sources, Device device)
    {
        _counts = new long[sources];
        Take(zeros(sources, ScalarType.Float32, device));
    }

    /// <summary>Moves the sums to another device.</summary>
    public void Move(Device device)
    {
        Tensor moved = _sums.to(device, copy: true);
        Dispose();
        Take(moved);
    }

    private void Take(Tensor sums)
    {
        _sums = sums.DetachFromDisposeScope();
        _places = [.. Enumerable.Range(0, _counts.Length).Select(i => _sums.select(0, i).DetachFromDisposeScope())];
    }

    public void Add(int source, Tensor loss)
    {
        using IDisposable quiet = no_grad();
        _places[source].AddSafeInPlace(loss);
        _counts[source]++;
    }

    /// <summary>
    /// Returns mean bits per byte over all sources and by source (NaN for a source that did not occur), then resets the sums. Waits for the
    /// device.
    /// </summary>
    public (double All, double[] BySource) Read()
    {
        using Tensor host = _sums.cpu();
        double[] sums = [.. host.data<float>().Select(s => s / Math.Log(2))];
        double[] means = [.. sums.Zip(_counts, (sum, count) => count == 0 ? double.NaN : sum / count)];
        double all = sums.Sum() / Math.Max(1, _counts.Sum());
        _sums.zero_().Dispose();
        Array.Clear(_counts);
        return (all, means);
    }

    /// <summary>Whether all losses since the last report are finite. Waits for the device.</summary>
    public bool IsFinite
    {
        get
        {
            using Tensor host = _sums.cpu();
            return host.data<float>().All(float.IsFinite);
        }
    }

    /// <summary>State for a checkpoint: sums, then counts. With it, the next report after a resume is the same.</summary>
    public Tensor Save()
    {
        using Tensor host = _sums.cpu();
        double[] state = [.. host.data<float>().Select(s => (double)s), .. _counts.Select(c => (double)c)];
        return tensor(state, device: CPU);
    }

    public void Restore(Tensor state)
    {
        double[] values = [.. state.data<double>()];
        using Tensor sums = tensor(values.Take(_counts.Length).Select(v => (float)v).ToArray(), device: CPU);
        using IDisposable quiet = no_grad();
        _sums.copy_(sums);
        for (int i = 0; i < _counts.Length; i++) _counts[i] = (long)values[_counts.Length + i];
    }

    public void Dispose()
    {
        foreach (Tensor place in _places) place.Dispose();
        _sums.Dispose();
    }
}
