namespace HslEmbeddingZero.Training.Tests.Data;

/// <summary>The corpus of samples/data, read once for all tests.</summary>
public static class EmbeddedCorpus
{
    private static readonly Lazy<TextCorpus> LazyText = new(() => TextCorpus.Load([PathOf("text.en.txt"), PathOf("text.ko.txt")]));
    private static readonly Lazy<WindowCorpus> LazyWindows = new(() => WindowCorpus.Load([PathOf("windows.bin")]));
    private static readonly Lazy<SampleSource[]> LazySources =
        new(() => [new TextSource(Text), new VideoSource(Windows), new CaptionSource(Windows)]);

    public static TextCorpus Text => LazyText.Value;

    public static WindowCorpus Windows => LazyWindows.Value;

    /// <summary>Text, video and captions with all defaults.</summary>
    public static IReadOnlyList<SampleSource> Sources => LazySources.Value;

    public static string PathOf(string name) => Path.Combine(AppContext.BaseDirectory, "data", name);
}
