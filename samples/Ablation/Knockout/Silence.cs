using HslEmbeddingZero.Training;
using TorchSharp;

namespace HslEmbeddingZero.Samples;

/// <summary>The value of a silenced channel.</summary>
internal enum Silence
{
    /// <summary>0, the value of the zero padding.</summary>
    Zero,

    /// <summary>The mean of the channel over the held-out contexts. This removes its information and nothing else.</summary>
    Mean,
}

/// <summary>Computes the values of silenced channels.</summary>
internal static class SilenceValues
{
    /// <returns>27 values, one per channel.</returns>
    public static float[] Constants(this Silence silence, ZeroDoor door, IReadOnlyList<SampleSource> sources, torch.Device device)
    {
        if (silence == Silence.Zero) return new float[HslFeatures.Dimension];
        using IDisposable quiet = torch.no_grad();
        using DisposeScope scope = torch.NewDisposeScope();
        torch.Tensor[] rows = [.. sources.Select(source => source.HeldOut).OfType<HeldOutSamples>()
            .Select(samples => Rows(torch.tensor(samples.Contexts.ToArray(), [samples.Count, samples.Shape.ContextLength])))];
        return [.. torch.cat(rows, 0).mean([0]).cpu().data<float>()];

        torch.Tensor Rows(torch.Tensor ids) => door.Features(ids.to(device)).reshape(-1, HslFeatures.Dimension);
    }
}
