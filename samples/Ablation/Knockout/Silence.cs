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

/// <summary>The constants of a silence.</summary>
internal static class Silences
{
    /// <returns>27 values.</returns>
    public static float[] Constants(this Silence silence, ZeroDoor door, HeldOutSet heldOut, torch.Device device)
    {
        if (silence == Silence.Zero) return new float[HslFeatures.Dimension];
        using var quiet = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        List<torch.Tensor> rows = [];
        if (heldOut.Text is { } text) rows.Add(Rows(torch.tensor(text.Contexts, [text.Count, text.Contexts.Length / text.Count])));
        if (heldOut.Video is { } video) rows.Add(Rows(torch.tensor(video.Contexts, [video.Count, video.Contexts.Length / video.Count])));
        if (heldOut.Caption is { } caption) rows.Add(Rows(torch.tensor(caption.Contexts, [caption.Count, caption.Contexts.Length / caption.Count])));
        return [.. torch.cat(rows, 0).mean([0]).cpu().data<float>()];

        torch.Tensor Rows(torch.Tensor ids) => door.Features(ids.to(device)).reshape(-1, HslFeatures.Dimension);
    }
}
