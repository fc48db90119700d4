namespace HslEmbeddingZero;

/// <summary>
/// Memory that begins at a cache line and stays at its address. The garbage collector frees it: keep this object while its address is in
/// use.
/// </summary>
internal sealed unsafe class AlignedMemory
{
    private const int LineBytes = 64;

    // Pinned, because the address points into it.
    private readonly byte[] _memory;

    /// <summary>Allocates zeros.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A block cannot have so many bytes.</exception>
    public AlignedMemory(long bytes)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(bytes, Array.MaxLength - LineBytes);
        _memory = GC.AllocateArray<byte>((int)bytes + LineBytes, pinned: true);
        fixed (byte* start = _memory) Address = (byte*)(((nuint)start + (LineBytes - 1)) & ~(nuint)(LineBytes - 1));
        Length = bytes;
    }

    public byte* Address { get; }

    public float* Floats => (float*)Address;

    public long Length { get; }

    public static AlignedMemory OfFloats(long count) => new(count * sizeof(float));
}
