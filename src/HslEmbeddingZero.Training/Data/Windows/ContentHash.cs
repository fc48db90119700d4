using System.Buffers.Binary;
using System.Security.Cryptography;

namespace HslEmbeddingZero.Training;

/// <summary>The first 128 bits of SHA-256. Equal bytes have equal hashes; in practice, different bytes have different hashes.</summary>
internal static class ContentHash
{
    public static UInt128 Of(ReadOnlySpan<byte> content)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(content, hash);
        return BinaryPrimitives.ReadUInt128LittleEndian(hash);
    }
}
