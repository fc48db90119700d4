using TorchSharp;
using static TorchSharp.torch;

namespace HslEmbeddingZero.Tests.Inference;

/// <summary>Small models with random weights in all places, and their files.</summary>
internal static class DecoderModels
{
    /// <summary>K of an arm whose slots take many columns must be small.</summary>
    public static int BytesPerSlot(string arm) => arm == "one-hot" ? 1 : 3;

    /// <summary>Makes a model in evaluation mode. The head dimension, 40, is no multiple of a panel.</summary>
    public static ByteLanguageModel Create(
        string arm = "zero", bool hasMemory = true, SlotTail tail = SlotTail.Pad, int dim = 320, int heads = 8,
        ScalarType dtype = ScalarType.Float32, NgramCodes? ngrams = null)
    {
        ByteTransformerOptions options = new() { Dim = dim, Layers = 2, Heads = heads, FastWeightMemory = hasMemory, MemoryChunk = 16 };
        ByteLanguageModel model = new(DoorArms.Create(arm, BytesPerSlot(arm), dim, seed: 3, tail, ngrams), new ByteTransformer(options));
        model.ResetParameters(5);
        using (no_grad())
        using (Generator random = new(11))
        {
            // Gates, biases and norms are 0 or 1 at first, which would hide an error.
            foreach ((string name, Tensor weight) in model.named_parameters())
                if (weight.dim() == 1) weight.add_(randn(weight.shape, ScalarType.Float32, CPU, generator: random), 0.3);
        }

        model.to(dtype);
        model.eval();
        return model;
    }

    /// <summary>Ids of all kinds, with some MASK and EOS.</summary>
    public static short[] Ids(int count, int seed)
    {
        Random random = new(seed);
        return [.. Enumerable.Range(0, count).Select(_ => (short)(random.Next(12) == 0 ? random.Next(256, 258) : random.Next(256)))];
    }

    /// <summary>The largest difference between the logits of two generators that accept the same ids.</summary>
    public static double Difference(IByteGenerator first, IByteGenerator second, ReadOnlySpan<short> ids)
    {
        double most = 0;
        for (int i = 0; ; i++)
        {
            for (int id = 0; id < ByteIds.Count; id++) most = Math.Max(most, Math.Abs(first.Logits[id] - second.Logits[id]));
            if (i == ids.Length) return most;
            first.Accept(ids[i]);
            second.Accept(ids[i]);
        }
    }

    /// <summary>The bits of the logits after every id.</summary>
    public static uint[] Bits(IByteGenerator generator, ReadOnlySpan<short> ids)
    {
        List<uint> bits = [];
        for (int i = 0; ; i++)
        {
            foreach (float logit in generator.Logits) bits.Add(BitConverter.SingleToUInt32Bits(logit));
            if (i == ids.Length) return [.. bits];
            generator.Accept(ids[i]);
        }
    }
}
