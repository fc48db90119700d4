using HslEmbeddingZero.Training;

namespace HslEmbeddingZero.Samples;

/// <summary>The score of a model on held-out text bytes of one kind.</summary>
/// <param name="Bytes">Number of bytes of the kind.</param>
/// <param name="BitsPerByte">Mean bits per byte; 0 where there are no bytes.</param>
internal sealed record NoveltyScore(int Bytes, double BitsPerByte);

/// <summary>
/// Divides the held-out text bytes by how often the training text has the same byte after the same four bytes. The codes of
/// <c>zero-ngram</c> cover four bytes.
/// </summary>
internal sealed class TextNovelty
{
    private const int Order = 5; // the byte and the four before it
    private const int BitsOfAnId = 9;
    private const int Chunk = 1 << 20;

    /// <summary>Names of the kinds, as tables show them.</summary>
    public static IReadOnlyList<string> Kinds { get; } =
        ["4 bytes never seen", "seen, not before this byte", "5 bytes seen 1 to 9 times", "10 to 99 times", "100 times or more"];

    private readonly int[] _kinds; // of each held-out byte

    public TextNovelty(TextIds train, HeldOutSamples heldOut)
    {
        HashSet<long> contexts = [];
        Dictionary<long, int> seen = [];
        short[] chunk = new short[(int)Math.Min(train.Length, Chunk)];
        // Chunks overlap: the last ids of a chunk are the first contexts of the next.
        for (long next = 0; next + Order <= train.Length; next += chunk.Length - Order + 1)
        {
            Span<short> ids = chunk.AsSpan(0, (int)Math.Min(chunk.Length, train.Length - next));
            train.CopyTo(next, ids);
            for (int end = Order; end <= ids.Length; end++)
            {
                long context = Pack(ids[(end - Order)..(end - 1)]);
                contexts.Add(context);
                long whole = (context << BitsOfAnId) | (ushort)ids[end - 1];
                seen[whole] = seen.GetValueOrDefault(whole) + 1;
            }
        }

        SampleShape shape = heldOut.Shape;
        _kinds = new int[heldOut.Targets.Length];
        short[] window = new short[shape.Length];
        for (int i = 0; i < heldOut.Count; i++)
        {
            heldOut.Context(i).CopyTo(window);
            heldOut.Target(i).CopyTo(window.AsSpan(shape.ContextLength));
            for (int target = 0; target < shape.TargetLength; target++)
            {
                int at = shape.ContextLength + target;
                long context = Pack(window.AsSpan(at - Order + 1, Order - 1));
                int times = seen.GetValueOrDefault((context << BitsOfAnId) | (ushort)window[at]);
                _kinds[(i * shape.TargetLength) + target] = !contexts.Contains(context)
                    ? 0 : times switch { 0 => 1, < 10 => 2, < 100 => 3, _ => 4 };
            }
        }
    }

    /// <param name="bits">Bits of each held-out byte, in the order of the held-out samples.</param>
    /// <returns>A score for each kind.</returns>
    public IReadOnlyList<NoveltyScore> Score(IReadOnlyList<double> bits)
    {
        if (bits.Count != _kinds.Length) throw new ArgumentException($"{bits.Count} scores for {_kinds.Length} bytes.", nameof(bits));
        int[] bytes = new int[Kinds.Count];
        double[] sums = new double[Kinds.Count];
        foreach ((int i, int kind) in _kinds.Index())
        {
            bytes[kind]++;
            sums[kind] += bits[i];
        }

        return [.. bytes.Zip(sums, (count, sum) => new NoveltyScore(count, count == 0 ? 0 : sum / count))];
    }

    private static long Pack(ReadOnlySpan<short> ids)
    {
        long packed = 0;
        foreach (short id in ids) packed = (packed << BitsOfAnId) | (ushort)id;
        return packed;
    }
}
