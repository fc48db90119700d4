namespace HslEmbeddingZero.Training.Tests.Data;

public sealed class HeldOutSetTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void The_default_set_of_the_embedded_corpus_has_the_expected_sizes()
    {
        var set = HeldOutSet.Create(EmbeddedCorpus.Text, EmbeddedCorpus.Windows);
        Assert.Equal((256, 128, 457), (set.Text!.Count, set.Video!.Count, set.Caption!.Count));
        Assert.Equal((256 * 512, 256 * 256), (set.Text.Contexts.Length, set.Text.Targets.Length));
        Assert.Equal((128 * 539, 128 * 539), (set.Video.Contexts.Length, set.Video.Targets.Length));
        Assert.Equal((457 * 514, 457 * 25), (set.Caption.Contexts.Length, set.Caption.Targets.Length));
    }

    [Fact]
    public void Text_windows_lie_in_their_source_with_targets_apart()
    {
        var set = HeldOutSet.Create(EmbeddedCorpus.Text, null).Text!;
        var lastEnd = new int[2];
        for (var window = 0; window < set.Count; window++)
        {
            short[] sample = [.. set.Contexts.AsSpan(window * 512, 512), .. set.Targets.AsSpan(window * 256, 256)];
            var source = set.Source[window];
            var at = EmbeddedCorpus.Text.HeldOut(source).Span.IndexOf(sample);
            Assert.True(at + 512 >= lastEnd[source]);
            lastEnd[source] = at + 768;
        }

        for (var source = 0; source < 2; source++)
            Assert.InRange(lastEnd[source], EmbeddedCorpus.Text.HeldOut(source).Length * 0.95, EmbeddedCorpus.Text.HeldOut(source).Length);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(50)]
    [InlineData(256)]
    public void Text_windows_are_shared_out_in_proportion(int most)
    {
        var set = HeldOutSet.Create(EmbeddedCorpus.Text, null, new(TextWindows: most)).Text!;
        Assert.Equal(most, set.Count);
        double first = EmbeddedCorpus.Text.HeldOut(0).Length;
        double second = EmbeddedCorpus.Text.HeldOut(1).Length;
        Assert.InRange(set.Source.Count(source => source == 0) - (most * first / (first + second)), -1, 1);
    }

    [Fact]
    public void All_places_are_taken_where_more_are_wanted()
    {
        var set = HeldOutSet.Create(EmbeddedCorpus.Text, EmbeddedCorpus.Windows, new(int.MaxValue, int.MaxValue, int.MaxValue));
        var places = Enumerable.Range(0, 2).Sum(source => (EmbeddedCorpus.Text.HeldOut(source).Length - 512) / 256);
        Assert.Equal((places, EmbeddedCorpus.Windows.HeldOutVideo.Count, 457), (set.Text!.Count, set.Video!.Count, set.Caption!.Count));
    }

    [Fact]
    public void Video_and_captions_are_held_out_windows()
    {
        var set = HeldOutSet.Create(null, EmbeddedCorpus.Windows);
        var corpus = EmbeddedCorpus.Windows;
        for (var i = 0; i < set.Caption!.Count; i++)
        {
            var window = corpus.Window(corpus.HeldOutCaption[i]);
            Assert.True(window[..514].SequenceEqual(set.Caption.Contexts.AsSpan(i * 514, 514)));
            Assert.True(window[514..].SequenceEqual(set.Caption.Targets.AsSpan(i * 25, 25)));
        }

        var previous = -1;
        for (var i = 0; i < set.Video!.Count; i++)
        {
            var index = corpus.HeldOutVideo.First(t => t > previous
                && corpus.Window(t).SequenceEqual(set.Video.Contexts.AsSpan(i * 539, 539))
                && corpus.Window(t + 1).SequenceEqual(set.Video.Targets.AsSpan(i * 539, 539)));
            previous = index;
        }
    }

    [Theory]
    [InlineData(457)]
    [InlineData(100)]
    public void Swapped_contexts_hold_another_films_sound_or_scene(int most)
    {
        var set = HeldOutSet.Create(null, EmbeddedCorpus.Windows, new(CaptionWindows: most)).Caption!;
        var corpus = EmbeddedCorpus.Windows;
        Assert.Equal(most, set.Count);
        for (var i = 0; i < set.Count; i++)
        {
            var partner = set.Partner(i);
            Assert.NotEqual(i, partner);
            Assert.NotEqual(FilmOf(i), FilmOf(partner));
            var (own, other) = (set.Contexts.AsSpan(i * 514, 514).ToArray(), set.Contexts.AsSpan(partner * 514, 514).ToArray());
            Assert.Equal([.. own[..257], .. other[257..513], .. own[513..]], set.AudioSwapped.AsSpan(i * 514, 514).ToArray());
            Assert.Equal(other, set.SceneSwapped.AsSpan(i * 514, 514).ToArray());
        }

        string FilmOf(int window)
        {
            var index = corpus.HeldOutCaption.First(t => corpus.Window(t)[..514].SequenceEqual(set.Contexts.AsSpan(window * 514, 514)));
            return corpus.Films.First(film => film.First <= index && index < film.First + film.Count).Name;
        }
    }

    [Fact]
    public void The_hash_names_the_set()
    {
        var set = HeldOutSet.Create(EmbeddedCorpus.Text, EmbeddedCorpus.Windows);
        Assert.Equal(64, set.Sha256.Length);
        Assert.Equal(set.Sha256, HeldOutSet.Create(EmbeddedCorpus.Text, EmbeddedCorpus.Windows, new HeldOutOptions()).Sha256);
        Assert.NotEqual(set.Sha256, HeldOutSet.Create(EmbeddedCorpus.Text, EmbeddedCorpus.Windows, new(TextWindows: 255)).Sha256);
        Assert.NotEqual(set.Sha256, HeldOutSet.Create(EmbeddedCorpus.Text, null).Sha256);
    }

    [Fact]
    public void A_missing_corpus_leaves_its_part_out()
    {
        Assert.Null(HeldOutSet.Create(EmbeddedCorpus.Text, null).Video);
        Assert.Null(HeldOutSet.Create(EmbeddedCorpus.Text, null).Caption);
        Assert.Null(HeldOutSet.Create(null, EmbeddedCorpus.Windows).Text);
    }

    [Fact]
    public void Impossible_requests_are_refused()
    {
        Assert.Throws<ArgumentException>(() => HeldOutSet.Create(null, null));
        Assert.Throws<ArgumentOutOfRangeException>(() => HeldOutSet.Create(EmbeddedCorpus.Text, null, new(TextWindows: 1)));
        Assert.Throws<ArgumentOutOfRangeException>(() => HeldOutSet.Create(null, EmbeddedCorpus.Windows, new(VideoWindows: 0)));
        Assert.Throws<ArgumentOutOfRangeException>(() => HeldOutSet.Create(null, EmbeddedCorpus.Windows, new(CaptionWindows: 0)));
        Assert.Throws<ArgumentException>(() => HeldOutSet.Create(null, EmbeddedCorpus.Windows, new(CaptionWindows: 1)));
    }

    [Fact]
    public void A_source_of_the_least_length_has_one_window()
    {
        var corpus = TextCorpus.Load([_folder.Write("least.txt", new string('x', 15_340)), EmbeddedCorpus.PathOf("text.ko.txt")]);
        Assert.Equal(1, HeldOutSet.Create(corpus, null).Text!.Source.Count(source => source == 0));
    }
}
