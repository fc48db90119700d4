using HslEmbeddingZero.Training;
using TorchSharp;

namespace HslEmbeddingZero.Samples;

/// <summary>What a silenced channel says instead.</summary>
internal enum Silence
{
    /// <summary>0, the value of the zero padding.</summary>
    Zero,

    /// <summary>Its mean over the held-out contexts: the channel tells nothing, but nothing the model has not seen either.</summary>
    Mean,
}

/// <summary>The values that a silenced channel says.</summary>
internal static class SilenceValues
{
    /// <returns>27 values.</returns>
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
