using System.Globalization;
using HslEmbeddingZero.Training;

namespace HslEmbeddingZero.Samples;

/// <summary>Reads a window of a film, and generates the next one with the model.</summary>
internal static class WindowPrompt
{
    /// <summary>Returns the bytes of the requested window.</summary>
    /// <param name="which">An index into the window files, or the path of a file that holds one window.</param>
    /// <param name="windowFiles">The window files that an index refers to.</param>
    /// <exception cref="ArgumentException">The window does not exist. The message names it and the limit.</exception>
    public static byte[] Read(string which, string[] windowFiles)
    {
        if (int.TryParse(which, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int index))
        {
            var corpus = WindowCorpus.Load(windowFiles);
            if (index < 0 || index >= corpus.Count)
                throw new ArgumentException($"--window {index}: the windows are 0 to {corpus.Count - 1}.");
            return corpus.Window(index).ToArray();
        }

        if (!File.Exists(which)) throw new ArgumentException($"--window {which}: this is neither a whole number nor a file.");
        long length = new FileInfo(which).Length;
        return length == WindowRecord.Size
            ? File.ReadAllBytes(which)
            : throw new ArgumentException($"--window {which}: it has {length} bytes; a window has {WindowRecord.Size}.");
    }

    /// <summary>Generates the next window, all 539 bytes.</summary>
    /// <exception cref="InvalidDataException">The model ended the window early.</exception>
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
                $"The model ended the window after {next.Count} of {WindowRecord.Size} bytes; another --seed may give a whole window.");
    }
}
