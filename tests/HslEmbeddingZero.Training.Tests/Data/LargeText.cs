using System.Globalization;

namespace HslEmbeddingZero.Training.Tests.Data;

/// <summary>Texts that are treated as large at any size. They stay in their files, with an index next to each.</summary>
internal static class LargeText
{
    public static TextCorpus Load(
        string path, double share = 0.25, IProgress<TextIndexProgress>? progress = null, CancellationToken cancellationToken = default) =>
        TextCorpus.Load([path], share, largeFrom: 1, progress, cancellationToken);

    /// <summary>Documents of one or two lines, all different.</summary>
    public static string Of(int documents, string about = "text") => string.Concat(Enumerable.Range(0, documents).Select(i =>
        string.Create(
            CultureInfo.InvariantCulture, $"Document {i} of a {about}, {(i * 7919) % 1009}.\n{(i % 3 == 0 ? "Another line.\n" : "")}\n")));

    public static string IndexOf(string path) => path + IndexFile.Extension;

    /// <summary>Checks that the corpus equals the text read anew.</summary>
    public static void AssertHolds(byte[] text, TextCorpus corpus, double share = 0.25)
    {
        TextReference expected = new([[text]], share);
        Assert.True(expected.Train.AsSpan().SequenceEqual(corpus.Train.ToArray()), "the training ids");
        Assert.True(expected.HeldOut[0].AsSpan().SequenceEqual(corpus.HeldOut(0).ToArray()), "the held-out ids");
    }
}

/// <summary>The progress reports while files were read.</summary>
internal sealed class ReadingProgress(Action<TextIndexProgress>? then = null) : IProgress<TextIndexProgress>
{
    public List<TextIndexProgress> Told { get; } = [];

    public void Report(TextIndexProgress value)
    {
        Told.Add(value);
        then?.Invoke(value);
    }
}
