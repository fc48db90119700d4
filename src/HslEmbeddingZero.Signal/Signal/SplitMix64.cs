using System.Runtime.CompilerServices;

namespace HslEmbeddingZero;

/// <summary>
/// SplitMix64 (Steele, Lea and Flood 2014): the output of the generator for a state. It is a bijection of 64 bits in which each input bit
/// affects every output bit.
/// </summary>
internal static class SplitMix64
{
    /// <summary>The generator adds this to its state at every step: 2^64 divided by the golden ratio, made odd.</summary>
    public const ulong GoldenGamma = 0x9E3779B97F4A7C15;

    /// <summary>The first multiplier of the finaliser.</summary>
    public const ulong FirstMultiplier = 0xBF58476D1CE4E5B9;

    /// <summary>The second multiplier of the finaliser.</summary>
    public const ulong SecondMultiplier = 0x94D049BB133111EB;

    /// <summary>Right shift before the first multiplication.</summary>
    public const int FirstShift = 30;

    /// <summary>Right shift before the second multiplication.</summary>
    public const int SecondShift = 27;

    /// <summary>Right shift at the end.</summary>
    public const int LastShift = 31;

    public static ulong Mix(ulong state) => Finalise(state + GoldenGamma);

    /// <summary>A number for one index of a seed's sequence; neighbouring numbers are unrelated.</summary>
    public static ulong Mix(ulong seed, long index) => Mix(Mix(seed) + (ulong)index);

    /// <summary>
    /// The finaliser alone, with the constants of Vigna's splitmix64 (Stafford's variant 13). It is a bijection: a shifted xor is one, and
    /// so is a product with an odd number.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Finalise(ulong value)
    {
        value = (value ^ (value >> FirstShift)) * FirstMultiplier;
        value = (value ^ (value >> SecondShift)) * SecondMultiplier;
        return value ^ (value >> LastShift);
    }
}
