using System.IO.Compression;
using Snappier;

namespace HslEmbeddingZero.Samples.PrepareData;

/// <summary>Decompresses the codecs of parquet text files. The result must fill the destination exactly.</summary>
internal static class PageDecompression
{
    private const int Uncompressed = 0;
    private const int SnappyCodec = 1;
    private const int Gzip = 2;
    private const int Brotli = 4;
    private const int Zstandard = 6;

    /// <summary>Refuses a codec that is not supported.</summary>
    public static void Require(int codec)
    {
        if (codec is not (Uncompressed or SnappyCodec or Gzip or Brotli or Zstandard))
            throw new ParquetFormatException($"compression number {codec} is not supported; none, snappy, gzip, brotli and zstd are");
    }

    /// <summary>Decompresses a page whose codec has passed <see cref="Require"/>.</summary>
    public static void Decompress(int codec, byte[] source, int start, int length, Span<byte> destination)
    {
        ReadOnlySpan<byte> compressed = source.AsSpan(start, length);
        int written = codec switch
        {
            Uncompressed => Copy(compressed, destination),
            SnappyCodec => Unsnap(compressed, destination),
            Gzip => Unzip(source, start, length, destination),
            Brotli => BrotliDecoder.TryDecompress(compressed, destination, out int count) ? count : -1,
            _ => Unstandard(compressed, destination),
        };
        if (written != destination.Length)
            throw new ParquetFormatException($"a page does not decompress to the {destination.Length} bytes that its header names");
    }

    private static int Copy(ReadOnlySpan<byte> source, Span<byte> destination)
    {
        if (source.Length != destination.Length) return -1;
        source.CopyTo(destination);
        return source.Length;
    }

    private static int Unsnap(ReadOnlySpan<byte> source, Span<byte> destination)
    {
        try
        {
            // The length is checked first: otherwise Snappier would report too little space, which is not the fault.
            return Snappy.GetUncompressedLength(source) == destination.Length && Snappy.TryDecompress(source, destination, out int count)
                ? count : -1;
        }
        catch (InvalidDataException)
        {
            return -1;
        }
    }

    private static int Unzip(byte[] source, int start, int length, Span<byte> destination)
    {
        try
        {
            using MemoryStream stream = new(source, start, length, writable: false);
            using GZipStream gzip = new(stream, CompressionMode.Decompress);
            int written = gzip.ReadAtLeast(destination, destination.Length, throwOnEndOfStream: false);
            return gzip.ReadByte() < 0 ? written : -1;
        }
        catch (InvalidDataException)
        {
            return -1;
        }
    }

    private static int Unstandard(ReadOnlySpan<byte> source, Span<byte> destination)
    {
        try
        {
            using ZstdSharp.Decompressor decompressor = new();
            return decompressor.TryUnwrap(source, destination, out int written) ? written : -1;
        }
        catch (ZstdSharp.ZstdException)
        {
            return -1;
        }
    }
}
