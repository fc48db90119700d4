namespace HslEmbeddingZero;

/// <summary>
/// MT19937 of Matsumoto and Nishimura (1998), seeded by their <c>init_genrand</c>: 32 bits at a time. Not for secrets.
/// </summary>
internal sealed class MersenneTwister
{
    private const int Length = 624, Offset = 397;

    private readonly uint[] _state = new uint[Length];
    private int _next = Length;

    /// <param name="seed">Any number; the same seed gives the same outputs.</param>
    public MersenneTwister(uint seed)
    {
        _state[0] = seed;
        for (uint i = 1; i < Length; i++) _state[i] = (1812433253 * (_state[i - 1] ^ (_state[i - 1] >> 30))) + i;
    }

    /// <summary>The next output.</summary>
    public uint NextUInt32()
    {
        if (_next == Length) Twist();
        uint value = _state[_next++];
        value ^= value >> 11;
        value ^= (value << 7) & 0x9D2C5680;
        value ^= (value << 15) & 0xEFC60000;
        return value ^ (value >> 18);
    }

    /// <summary>The next output as a multiple of 2^-32 in [0, 1).</summary>
    public double NextDouble() => NextUInt32() * (1 / 4294967296.0);

    private void Twist()
    {
        for (int i = 0; i < Length; i++)
        {
            uint joined = (_state[i] & 0x80000000) | (_state[(i + 1) % Length] & 0x7FFFFFFF);
            uint twisted = (joined & 1) == 0 ? joined >> 1 : (joined >> 1) ^ 0x9908B0DF;
            _state[i] = _state[(i + Offset) % Length] ^ twisted;
        }

        _next = 0;
    }
}
