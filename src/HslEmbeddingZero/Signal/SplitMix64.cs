namespace HslEmbeddingZero;

/// <summary>
/// SplitMix64 (Steele, Lea and Flood 2014): one output of the generator after a state, a bijection of 64 bits in which each bit of the
/// input sways every bit of the output.
/// </summary>
internal static class SplitMix64
{
    public static ulong Mix(ulong state)
    {
        state += 0x9E3779B97F4A7C15;
        state = (state ^ (state >> 30)) * 0xBF58476D1CE4E5B9;
        state = (state ^ (state >> 27)) * 0x94D049BB133111EB;
        return state ^ (state >> 31);
    }

    /// <summary>A number for one index of a seed's sequence; neighbours have nothing in common.</summary>
    public static ulong Mix(ulong seed, long index) => Mix(Mix(seed) + (ulong)index);
}
