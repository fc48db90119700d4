using System.Numerics;

namespace HslEmbeddingZero.Training;

/// <summary>xoshiro256** of Blackman and Vigna (2018), with a state that splitmix64 makes of the seed. Not for secrets.</summary>
internal struct Xoshiro256
{
    private ulong _s0, _s1, _s2, _s3;

    /// <param name="seed">Any number; the same seed gives the same outputs.</param>
    public Xoshiro256(int seed)
    {
        ulong state = (ulong)seed; // with its sign, as in earlier versions
        _s0 = Next(ref state);
        _s1 = Next(ref state);
        _s2 = Next(ref state);
        _s3 = Next(ref state);

        static ulong Next(ref ulong state) => SplitMix64.Finalise(state += SplitMix64.GoldenGamma);
    }

    /// <summary>The next output's high 53 bits, as a multiple of 2^-53 in [0, 1).</summary>
    public double NextDouble()
    {
        ulong output = BitOperations.RotateLeft(_s1 * 5, 7) * 9;
        ulong shifted = _s1 << 17;
        _s2 ^= _s0;
        _s3 ^= _s1;
        _s1 ^= _s2;
        _s0 ^= _s3;
        _s2 ^= shifted;
        _s3 = BitOperations.RotateLeft(_s3, 45);
        return (output >> 11) * (1.0 / (1UL << 53));
    }
}
