using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace HslEmbeddingZero.Samples.SyntheticData;

/// <summary>A sequence of random choices. It depends on the seed only: the same in every process and on every platform.</summary>
internal sealed class Draws(ulong seed)
{
    private ulong _state = seed;

    /// <summary>A whole number from 0 up to, but without, <paramref name="count"/>.</summary>
    public int Below(int count) => Below(SplitMix64.Finalise(_state += SplitMix64.GoldenGamma), count);

    /// <summary>One of several.</summary>
    public T OneOf<T>(IReadOnlyList<T> all) => all[Below(all.Count)];

    /// <summary>Several different ones, in random order.</summary>
    public T[] Some<T>(IReadOnlyList<T> all, int count)
    {
        T[] shuffled = [.. all];
        for (int i = 0; i < count; i++)
        {
            int other = i + Below(shuffled.Length - i);
            (shuffled[i], shuffled[other]) = (shuffled[other], shuffled[i]);
        }

        return shuffled[..count];
    }

    /// <summary>Scales a hash of 64 bits to the numbers below <paramref name="count"/>.</summary>
    public static int Below(ulong hash, int count) => (int)Math.BigMul(hash, (ulong)count, out _);

    /// <summary>A hash of several numbers.</summary>
    public static ulong Hash(ulong seed, params ReadOnlySpan<long> parts)
    {
        foreach (long part in parts) seed = SplitMix64.Mix(seed, part);
        return seed;
    }

    /// <summary>A hash of a text: the first 8 bytes of the SHA-256 of its UTF-8.</summary>
    public static ulong Hash(string text) => BinaryPrimitives.ReadUInt64LittleEndian(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
}
