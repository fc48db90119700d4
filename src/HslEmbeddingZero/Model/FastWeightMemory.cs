using TorchSharp;
using static TorchSharp.torch;

namespace HslEmbeddingZero;

/// <summary>
/// Causal linear attention (Katharopoulos et al. 2020) with φ(x) = elu(x) + 1:
/// o_t = φ(q_t)·Σ_{s≤t} φ(k_s) v_sᵀ / (φ(q_t)·Σ_{s≤t} φ(k_s) + 1e-6).
/// Computed in chunks, so the cost is linear in length. A chunk is computed as a masked square; earlier chunks enter through the summed
/// state [headDim, headDim]. Sums over positions are kept in float32 or wider.
/// </summary>
internal static class FastWeightMemory
{
    public const double Epsilon = 1e-6;

    /// <summary>
    /// An accelerator computes a sequence up to this length as one chunk: its square costs little compared with a launch.
    /// </summary>
    public const long LongestWhole = 1024;

    private const long SegmentLength = 512;

    /// <summary>
    /// φ, the positive feature map of queries and keys. Float16 is converted to float32 first: its range is too small for the sums, so long
    /// sequences would overflow.
    /// </summary>
    public static Tensor Positive(Tensor x)
    {
        Tensor wide = x.dtype == ScalarType.Float16 ? x.to(ScalarType.Float32) : x;
        return wide.elu(GcSafeScalar.One, GcSafeScalar.One, GcSafeScalar.One).add_(GcSafeScalar.One, GcSafeScalar.One);
    }

    /// <summary>
    /// Positions in a chunk: the option's value. An accelerator takes a whole sequence of up to <see cref="LongestWhole"/> positions.
    /// </summary>
    public static int ChunkFor(int option, long length, bool isAccelerator) =>
        isAccelerator && length <= LongestWhole ? (int)Math.Max(option, length) : option;

    /// <summary>
    /// Stores the summed state of [B, heads, L, headDim] keys (after φ) and values in the cache, so that <see cref="Step"/> can continue.
    /// </summary>
    public static void Prefill(Tensor keys, Tensor values, LayerCache state)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor k = keys.to(ScalarType.Float32);
        state.SetMemory(k.transpose(-2, -1).matmul(values.to(ScalarType.Float32)), k.sum(-2, keepdim: true));
    }

    /// <summary>
    /// Reads one position [B, heads, 1, headDim], query and key after φ, and adds it to the state. The cost does not depend on the number
    /// of earlier positions.
    /// </summary>
    public static Tensor Step(Tensor query, Tensor key, Tensor value, LayerCache state)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor q = query.to(ScalarType.Float32);
        Tensor k = key.to(ScalarType.Float32);
        state.SetMemory(state.MemoryState!.AddSafe(k.transpose(-2, -1).matmul(value.to(ScalarType.Float32))),
            state.MemoryKeySum!.AddSafe(k));
        Tensor denominator = q.matmul(state.MemoryKeySum!.transpose(-2, -1)).AddSafe(Epsilon); // [B, heads, 1, 1]
        return (q.matmul(state.MemoryState!) / denominator).to(value.dtype).MoveToOuterDisposeScope();
    }

    /// <summary>[B, heads, L, headDim] each; queries and keys after φ. Returns [B, heads, L, headDim] in the dtype of the values.</summary>
    public static Tensor Forward(Tensor queries, Tensor keys, Tensor values, int chunk)
    {
        using DisposeScope scope = NewDisposeScope();
        ScalarType result = values.dtype;
        if (result == ScalarType.Float16) values = values.to(ScalarType.Float32); // as φ does with queries and keys
        long length = queries.size(2);
        if (length <= SegmentLength || chunk >= length)
            return Segment(queries, keys, values, chunk, null, isLast: true).Read.to(result).MoveToOuterDisposeScope();

        // In segments, so that intermediate results stay small and in the caches at any length.
        long step = Math.Max(1, SegmentLength / chunk) * chunk;
        List<Tensor> reads = [];
        (Tensor State, Tensor KeySum)? earlier = null;
        for (long start = 0; start < length; start += step)
        {
            long count = Math.Min(step, length - start);
            (Tensor read, earlier) = Segment(
                queries.narrow(2, start, count), keys.narrow(2, start, count), values.narrow(2, start, count), chunk, earlier,
                isLast: start + count == length);
            reads.Add(read.to(result));
        }

        return cat(reads, 2).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// Computes one segment after the positions in an earlier state. Unless it is the last segment, also returns the state after it.
    /// </summary>
    private static (Tensor Read, (Tensor State, Tensor KeySum)? After) Segment(
        Tensor queries, Tensor keys, Tensor values, int chunk, (Tensor State, Tensor KeySum)? earlier, bool isLast)
    {
        using DisposeScope scope = NewDisposeScope();
        long batch = queries.size(0), heads = queries.size(1), length = queries.size(2), width = queries.size(3);
        long size = Math.Max(1, Math.Min(chunk, length)); // at least 1, so that a length of 0 gives 0 chunks
        long chunks = (length + size - 1) / size;
        ScalarType sums = queries.dtype == ScalarType.BFloat16 ? ScalarType.Float32 : queries.dtype;

        Tensor q = Chunked(queries);
        Tensor k = Chunked(keys); // Padding comes after φ, so padded keys have weight 0.
        Tensor v = Chunked(values);

        Tensor weights = q.matmul(k.transpose(-2, -1)).tril(); // [B, heads, chunks, size, size]
        Tensor numerator = weights.matmul(v);
        Tensor denominator = weights.sum(-1, keepdim: true, type: sums);
        (Tensor State, Tensor KeySum)? after = null;
        if (chunks > 1 || earlier is not null || !isLast)
        {
            // Chunk j sees the sums over all chunks before it and over the earlier segments. The sums of the last chunk are only for the
            // next segment.
            long summed = isLast ? chunks - 1 : chunks;
            Tensor summedKeys = k.narrow(2, 0, summed);
            Tensor state = summedKeys.transpose(-2, -1).matmul(v.narrow(2, 0, summed)).to(sums); // [B, heads, summed, width, width]
            Tensor keySum = summedKeys.sum(-2, keepdim: true, type: sums); // [B, heads, summed, 1, width]
            Tensor states = cat([earlier?.State ?? zeros([batch, heads, 1, width, width], sums, q.device), state], 2).cumsum(2);
            Tensor keySums = cat([earlier?.KeySum ?? zeros([batch, heads, 1, 1, width], sums, q.device), keySum], 2).cumsum(2);
            if (!isLast)
            {
                after = (states.narrow(2, chunks, 1).MoveToOuterDisposeScope(), keySums.narrow(2, chunks, 1).MoveToOuterDisposeScope());
                states = states.narrow(2, 0, chunks);
                keySums = keySums.narrow(2, 0, chunks);
            }

            numerator = numerator.AddSafe(q.matmul(states.to(q.dtype)));
            denominator = denominator.AddSafe((q * keySums).sum(-1, keepdim: true, type: sums));
        }

        Tensor read = numerator / denominator.AddSafe(Epsilon);
        return (read.view(batch, heads, chunks * size, width).narrow(2, 0, length).MoveToOuterDisposeScope(), after);

        Tensor Chunked(Tensor x)
        {
            long missing = chunks * size - length;
            if (missing > 0) x = nn.functional.pad(x, [0, 0, 0, missing]);
            return x.reshape(batch, heads, chunks, size, width);
        }
    }
}
