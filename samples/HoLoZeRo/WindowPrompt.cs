using HslEmbeddingZero.Training;

namespace HslEmbeddingZero.Samples;

/// <summary>
/// A window of a film, and what the model generates from it. Training shows a model two things with windows: the next window of a film for
/// video, and the caption of a picture with its sound. What the window was for decides which of the two is generated.
/// </summary>
/// <param name="Window">The 539 bytes.</param>
/// <param name="IsForCaption">Whether the caption is generated, from the window's own picture and sound.</param>
internal sealed record WindowPrompt(byte[] Window, bool IsForCaption)
{
    /// <summary>Reads the requested window.</summary>
    /// <param name="which">An index into the window files, or the path of a file that holds one window.</param>
    /// <param name="windowFiles">The window files that an index refers to.</param>
    /// <exception cref="ArgumentException">The window does not exist. The message names it and the limit.</exception>
    public static WindowPrompt Read(string which, string[] windowFiles)
    {
        if (NumberText.TryWhole(which, long.MinValue, long.MaxValue, out long index))
        {
            var corpus = WindowCorpus.Load(windowFiles);
            if (index < 0 || index >= corpus.Count)
                throw new ArgumentException($"--window {index}: the windows are 0 to {corpus.Count - 1}.");
            byte[] window = corpus.Window((int)index).ToArray();
            Film[] films = [.. corpus.Films.Where(film => index >= film.First && index < film.First + film.Count)];
            return new(window, films.Length > 0 ? films.All(film => film.Use == FilmUse.Caption) : HasCaption(window));
        }

        if (!File.Exists(which)) throw new ArgumentException($"--window {which}: this is neither a whole number nor a file.");
        using FileStream file = new(which, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        byte[] bytes = new byte[WindowRecord.Size + 1];
        int length = file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false); // a pipe has no length to ask for
        if (length != WindowRecord.Size)
        {
            string found = length < WindowRecord.Size ? $"{length}" : file.CanSeek ? $"{file.Length}" : $"more than {WindowRecord.Size}";
            throw new ArgumentException($"--window {which}: it has {found} bytes; a window has {WindowRecord.Size}.");
        }

        Array.Resize(ref bytes, WindowRecord.Size);
        return new(bytes, HasCaption(bytes));
    }

    /// <summary>Generates the next window, all 539 bytes, or the same window with a generated caption.</summary>
    /// <exception cref="InvalidDataException">The model ended the window early.</exception>
    public async Task<byte[]> ContinueAsync(
        IByteModel model, GenerationOptions options, IProgress<WorkDone> progress, CancellationToken cancellationToken)
    {
        // The same contexts and targets as in training: VideoSource and CaptionSource.
        byte[] context = IsForCaption ? Window[..WindowRecord.CaptionOffset] : Window;
        int count = IsForCaption ? WindowRecord.CaptionSize : WindowRecord.Size;
        using IByteGenerator generator = model.CreateGenerator([.. context.Select(value => (short)value)], []);
        List<byte> next = new(count);
        await foreach (byte value in generator.GenerateAsync(count, options, cancellationToken).ConfigureAwait(false))
        {
            next.Add(value);
            progress.Report(new(next.Count, count));
        }

        if (next.Count < count)
        {
            throw new InvalidDataException(
                $"The model ended the {(IsForCaption ? "caption" : "window")} after {next.Count} of {count} bytes; another --seed may give "
                    + "a whole one.");
        }

        return IsForCaption ? [.. context, .. next, WindowRecord.RecordEnd] : [.. next];
    }

    private static bool HasCaption(byte[] window) => WindowRecord.Caption(window).ContainsAnyExcept((byte)' ');
}
