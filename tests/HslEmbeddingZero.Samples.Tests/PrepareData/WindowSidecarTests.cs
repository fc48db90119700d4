using HslEmbeddingZero.Samples.PrepareData;
using HslEmbeddingZero.Tests;
using HslEmbeddingZero.Training;

namespace HslEmbeddingZero.Samples.Tests.PrepareData;

public sealed class WindowSidecarTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private static FilmEntry Film(string name, int first, int count, int firstCaption, int lastCaption) =>
        new(name, name + ".mp4", first, count, firstCaption, lastCaption, 1, 1, HasVideo: true, HasAudio: true);

    /// <summary>The entries as the corpus reads them: name, modality, split, first window and count.</summary>
    private string[] Read(SplitRule split, params FilmEntry[] films)
    {
        int count = films.Sum(film => film.Count);
        byte[] windows = new byte[count * WindowRecord.Size];
        for (int i = 0; i < count; i++)
        {
            Span<byte> window = windows.AsSpan(i * WindowRecord.Size, WindowRecord.Size);
            BitConverter.TryWriteBytes(window, i);
            window[WindowRecord.FrameOffset + WindowRecord.FrameSize] = WindowRecord.FieldSeparator;
            window[WindowRecord.AudioOffset + WindowRecord.AudioSize] = WindowRecord.FieldSeparator;
            window[WindowRecord.CaptionOffset + WindowRecord.CaptionSize] = WindowRecord.RecordEnd;
        }

        string path = _folder.Write("clips.bin", windows);
        File.WriteAllText(_folder.PathOf("clips.json"), WindowSidecar.Write(films, split));
        var corpus = WindowCorpus.Load([path]);
        Assert.Equal(WindowSidecar.HeldOut(films, split),
            corpus.Films.Where(film => film.IsHeldOut).DistinctBy(film => film.Name).Sum(film => film.Count));
        return [.. corpus.Films.Select(
            film => $"{film.Name} {film.Use} {(film.IsHeldOut ? "held-out" : "train")} {film.First}+{film.Count}")];
    }

    [Fact]
    public void A_film_is_divided_in_time_with_a_gap() => Assert.Equal(
        ["a Video train 0+170", "a Caption train 0+170", "a.later Video held-out 180+20", "a.later Caption held-out 180+20",
            "b Video train 200+13"],
        Read(SplitRule.Time, Film("a", 0, 200, 0, 199), Film("b", 200, 13, -1, -1)));

    /// <summary>Captions need not reach to the ends of a part.</summary>
    [Fact]
    public void Captions_are_used_from_the_first_to_the_last() => Assert.Equal(
        ["a Video train 0+170", "a Caption train 5+16", "a.later Video held-out 180+20"],
        Read(SplitRule.Time, Film("a", 0, 200, 5, 20)));

    [Fact]
    public void Whole_films_are_held_out()
    {
        Assert.Equal(["a Video train 0+9", "b Video held-out 9+9"], Read(SplitRule.Film, Film("a", 0, 9, -1, -1), Film("b", 9, 9, -1, -1)));
        FilmEntry[] many = [.. Enumerable.Range(0, 20).Select(i => Film($"f{i}", i * 3, 3, -1, -1))];
        Assert.Equal(["f5 Video held-out 15+3", "f15 Video held-out 45+3"],
            Read(SplitRule.Film, many).Where(film => film.Contains("held-out", StringComparison.Ordinal)));
    }
}
