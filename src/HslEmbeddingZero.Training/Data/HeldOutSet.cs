using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace HslEmbeddingZero.Training;

/// <summary>The held-out samples that every arm and every seed is scored on: a fixed, evenly spread choice from the corpora.</summary>
public sealed class HeldOutSet
{
    private HeldOutSet(HeldOutText? text, HeldOutVideo? video, HeldOutCaption? caption)
    {
        Text = text;
        Video = video;
        Caption = caption;
        Sha256 = Hash();
    }

    /// <summary>The text, or null where there is no text corpus.</summary>
    public HeldOutText? Text { get; }

    /// <summary>The video, or null where no corpus holds any out.</summary>
    public HeldOutVideo? Video { get; }

    /// <summary>The captions, or null where no corpus holds any out.</summary>
    public HeldOutCaption? Caption { get; }

    /// <summary>
    /// The SHA-256 of every id and byte of the set, in lower-case hexadecimal: equal sets, and only those, have comparable scores.
    /// </summary>
    public string Sha256 { get; }

    /// <summary>Chooses the held-out samples.</summary>
    /// <param name="text">The text, or null.</param>
    /// <param name="windows">The windows, or null.</param>
    /// <param name="options">How many samples at most; the defaults where null.</param>
    /// <exception cref="ArgumentException">
    /// Neither corpus is given, or the windows hold out a single caption, which has no partner to be swapped with.
    /// </exception>
    /// <exception cref="ArgumentOutOfRangeException">
    /// An option asks for no windows, or for fewer windows of text than there are sources.
    /// </exception>
    public static HeldOutSet Create(TextCorpus? text, WindowCorpus? windows, HeldOutOptions? options = null)
    {
        if (text is null && windows is null)
            throw new ArgumentException("A held-out set needs a corpus: text, windows or both.");
        options ??= new();
        return new(
            text is null ? null : HeldOutText.Create(text, options.TextWindows),
            windows is { HeldOutVideo.Count: > 0 } ? new HeldOutVideo(windows, options.VideoWindows) : null,
            windows is { HeldOutCaption.Count: > 0 } ? new HeldOutCaption(windows, options.CaptionWindows) : null);
    }

    private string Hash()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Append(Text?.Contexts);
        Append(Text?.Targets);
        Append(Text?.Source);
        Append(Video?.Contexts);
        Append(Video?.Targets);
        Append(Caption?.Contexts);
        Append(Caption?.Targets);
        Append(Caption?.AudioSwapped);
        Append(Caption?.SceneSwapped);
        return Convert.ToHexStringLower(hash.GetHashAndReset());

        // The length first, so that no two sets run together into the same bytes.
        void Append<T>(T[]? values)
            where T : struct
        {
            var bytes = MemoryMarshal.AsBytes(values.AsSpan());
            hash.AppendData(BitConverter.GetBytes(bytes.Length));
            hash.AppendData(bytes);
        }
    }
}
