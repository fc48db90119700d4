using HslEmbeddingZero.Training;

namespace HslEmbeddingZero.Samples;

/// <summary>Writes sound as a WAV file: 16-bit PCM, 8 kHz, mono.</summary>
internal static class WaveFile
{
    private const int SampleRate = 8000;
    private const int BytesPerSample = 2;

    /// <param name="path">File to write.</param>
    /// <param name="codes">μ-law codes of a window, one per sample.</param>
    public static void Save(string path, ReadOnlySpan<byte> codes)
    {
        using MemoryStream file = new();
        using BinaryWriter writer = new(file); // little-endian, as the format requires
        int length = codes.Length * BytesPerSample;
        writer.Write("RIFF"u8);
        writer.Write(36 + length);
        writer.Write("WAVEfmt "u8);
        writer.Write(16);
        writer.Write((short)1); // PCM
        writer.Write((short)1); // mono
        writer.Write(SampleRate);
        writer.Write(SampleRate * BytesPerSample);
        writer.Write((short)BytesPerSample);
        writer.Write((short)(8 * BytesPerSample));
        writer.Write("data"u8);
        writer.Write(length);
        foreach (byte code in codes) writer.Write((short)Math.Round(MuLaw.Decode(code) * short.MaxValue));
        AtomicFile.Write(path, temporary => File.WriteAllBytes(temporary, file.ToArray()));
    }
}
