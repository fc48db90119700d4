using System.Globalization;
using HslEmbeddingZero.Training;

namespace HslEmbeddingZero.Samples;

/// <summary>A window of a film, and the one that the model lets follow.</summary>
internal static class WindowPrompt
{
    /// <summary>The bytes of the window that was asked for.</summary>
    /// <param name="which">An index into the files of windows, or a file of one window.</param>
    /// <param name="windowFiles">The files that an index counts over.</param>
    /// <exception cref="ArgumentException">There is no such window; the message names it and the limit.</exception>
    public static byte[] Read(string which, string[] windowFiles)
    {
        if (int.TryParse(which, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int index))
        {
            var corpus = WindowCorpus.Load(windowFiles);
            if (index < 0 || index >= corpus.Count)
                throw new ArgumentException($"--window {index}: the windows are 0 to {corpus.Count - 1}.");
            return corpus.Window(index).ToArray();
        }

        if (!File.Exists(which)) throw new ArgumentException($"--window {which}: neither a whole number nor a file.");
        long length = new FileInfo(which).Length;
        return length == WindowRecord.Size
            ? File.ReadAllBytes(which)
            : throw new ArgumentException($"--window {which}: it has {length} bytes; a window has {WindowRecord.Size}.");
    }

    /// <summary>The next window, whole.</summary>
    /// <exception cref="InvalidDataException">The model ended it early.</exception>
    public static async Task<byte[]> ContinueAsync(
        ByteLanguageModel model, byte[] window, GenerationOptions options, CancellationToken cancellationToken)
    {
        using ByteGenerator generator = new(model, window);
        List<byte> next = new(WindowRecord.Size);
        await foreach (byte value in generator.GenerateAsync(WindowRecord.Size, options,
            cancellationToken).ConfigureAwait(false)) next.Add(value);
        return next.Count == WindowRecord.Size
            ? [.. next]
            : throw new InvalidDataException(
                $"The model ended the window after {next.Count} of {WindowRecord.Size} bytes; another --seed may go on.");
    }
}
