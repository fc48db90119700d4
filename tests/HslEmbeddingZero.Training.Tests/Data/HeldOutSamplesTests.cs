using HslEmbeddingZero.Tests;

namespace HslEmbeddingZero.Training.Tests.Data;

public sealed class HeldOutSamplesTests : IDisposable
{
    private const int Context = 512, Targets = 256; // of a text sample
    private static readonly SampleShape Small = new(3, 2);

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("text", 512, 256)]
    [InlineData("video", 539, 539)]
    [InlineData("caption", 514, 25)]
    public void Shapes_are_those_of_the_byte_mix(string source, int context, int target)
    {
        SampleSource found = EmbeddedCorpus.Sources.Single(one => one.Name == source);
        Assert.Equal(new SampleShape(context, target), found.Shape);
        Assert.Equal(new SampleShape(context, target), found.HeldOut!.Shape);
        Assert.Equal(context + target, found.Shape.Length);
    }

    [Fact]
    public void The_default_samples_of_the_embedded_corpus_have_the_expected_sizes()
    {
        HeldOutSamples[] sets = [.. EmbeddedCorpus.Sources.Select(source => source.HeldOut!)];
        Assert.Equal([256, 128, 457], sets.Select(set => set.Count));
        Assert.Equal((256 * Context, 256 * Targets), (sets[0].Contexts.Length, sets[0].Targets.Length));
        Assert.Equal((128 * WindowRecord.Size, 128 * WindowRecord.Size), (sets[1].Contexts.Length, sets[1].Targets.Length));
        Assert.Equal((457 * WindowRecord.CaptionOffset, 457 * (WindowRecord.Size - WindowRecord.CaptionOffset)),
            (sets[2].Contexts.Length, sets[2].Targets.Length));
        Assert.Equal(["text.en.txt", "text.ko.txt"], sets[0].Parts);
        Assert.Empty(sets[0].Swaps);
        Assert.Equal(["binding", "scene"], sets[2].Swaps);
        Assert.All(sets[1..], set => Assert.Empty(set.Parts));
    }

    [Fact]
    public void Text_samples_lie_in_their_input_with_targets_apart()
    {
        HeldOutSamples set = Text();
        int[] lastEnd = new int[2];
        for (int sample = 0; sample < set.Count; sample++)
        {
            short[] ids = [.. set.Context(sample), .. set.Target(sample)];
            int input = set.PartOf(sample);
            int at = EmbeddedCorpus.Text.HeldOut(input).ToArray().AsSpan().IndexOf(ids);
            Assert.True(at >= 0);
            Assert.True(at + Context >= lastEnd[input]);
            lastEnd[input] = at + Context + Targets;
        }

        for (int input = 0; input < 2; input++)
            Assert.InRange(lastEnd[input], EmbeddedCorpus.Text.HeldOut(input).Length * 0.95, EmbeddedCorpus.Text.HeldOut(input).Length);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(50)]
    [InlineData(256)]
    public void Text_samples_are_shared_out_in_proportion(int most)
    {
        HeldOutSamples set = Text(most);
        Assert.Equal(most, set.Count);
        double first = EmbeddedCorpus.Text.HeldOut(0).Length;
        double second = EmbeddedCorpus.Text.HeldOut(1).Length;
        Assert.InRange(CountOf(set, part: 0) - (most * first / (first + second)), -1, 1);
    }

    [Fact]
    public void All_places_are_taken_where_more_are_wanted()
    {
        long places = Enumerable.Range(0, 2).Sum(input => (EmbeddedCorpus.Text.HeldOut(input).Length - Context) / Targets);
        Assert.Equal(places, Text(int.MaxValue).Count);
        Assert.Equal(EmbeddedCorpus.Windows.HeldOutVideo.Count, Video(int.MaxValue).Count);
        Assert.Equal(457, Caption(int.MaxValue).Count);
    }

    [Fact]
    public void Video_and_captions_are_held_out_windows()
    {
        (HeldOutSamples video, HeldOutSamples caption) = (Video(), Caption());
        WindowCorpus corpus = EmbeddedCorpus.Windows;
        for (int i = 0; i < caption.Count; i++)
        {
            short[] window = Ids.Of(corpus.Window(corpus.HeldOutCaption[i]));
            Assert.Equal(window[..WindowRecord.CaptionOffset], caption.Context(i).ToArray());
            Assert.Equal(window[WindowRecord.CaptionOffset..], caption.Target(i).ToArray());
        }

        int previous = -1;
        for (int i = 0; i < video.Count; i++)
        {
            int index = corpus.HeldOutVideo.First(t => t > previous
                && Ids.Of(corpus.Window(t)).AsSpan().SequenceEqual(video.Context(i))
                && Ids.Of(corpus.Window(t + 1)).AsSpan().SequenceEqual(video.Target(i)));
            previous = index;
        }
    }

    [Theory]
    [InlineData(457)]
    [InlineData(100)]
    public void Swapped_contexts_hold_another_films_sound_or_scene(int most)
    {
        HeldOutSamples set = Caption(most);
        WindowCorpus corpus = EmbeddedCorpus.Windows;
        Assert.Equal(most, set.Count);
        for (int i = 0; i < set.Count; i++)
        {
            int partner = (i + (most / 2)) % most;
            Assert.NotEqual(i, partner);
            Assert.NotEqual(FilmOf(i), FilmOf(partner));
            (short[] own, short[] other) = (set.Context(i).ToArray(), set.Context(partner).ToArray());
            const int sound = WindowRecord.AudioOffset, soundEnd = sound + WindowRecord.AudioSize;
            Assert.Equal([.. own[..sound], .. other[sound..soundEnd], .. own[soundEnd..]], set.SwappedContext(0, i).ToArray());
            Assert.Equal(other, set.SwappedContext(1, i).ToArray());
        }

        string FilmOf(int sample)
        {
            int index = corpus.HeldOutCaption.First(
                t => Ids.Of(corpus.Window(t)[..WindowRecord.CaptionOffset]).AsSpan().SequenceEqual(set.Context(sample)));
            return corpus.Films.First(film => film.First <= index && index < film.First + film.Count).Name;
        }
    }

    [Fact]
    public void The_hash_names_the_samples()
    {
        Assert.All(EmbeddedCorpus.Sources, source => Assert.Equal(64, source.HeldOut!.Sha256.Length));
        Assert.Equal(3, EmbeddedCorpus.Sources.Select(source => source.HeldOut!.Sha256).Distinct().Count());
        Assert.Equal(Text().Sha256, Text().Sha256);
        Assert.Equal(Video().Sha256, Video().Sha256);
        Assert.Equal(Caption().Sha256, Caption().Sha256);
        Assert.NotEqual(Text().Sha256, Text(255).Sha256);
        Assert.NotEqual(Video().Sha256, Video(127).Sha256);
        Assert.NotEqual(Caption().Sha256, Caption(456).Sha256);

        HeldOutSamples plain = new(Small, [1, 2, 3, 4, 5, 6], [7, 8, 9, 10]);
        HeldOutSamples[] others =
        [
            new(Small, [1, 2, 3, 4, 5, ByteIds.EndOfSequence], [7, 8, 9, 10]),
            new(Small, [1, 2, 3, 4, 5, 6], [7, 8, 9, 11]),
            new(new(6, 4), [1, 2, 3, 4, 5, 6], [7, 8, 9, 10]),
            plain.WithParts(["a", "b"], [0, 1]),
            plain.WithParts(["a", "b"], [1, 1]),
            plain.WithSwap("other", [6, 5, 4, 3, 2, 1]),
        ];
        Assert.Equal(7, others.Append(plain).Select(samples => samples.Sha256).Distinct().Count());
        Assert.Equal(plain.Sha256, new HeldOutSamples(Small, [1, 2, 3, 4, 5, 6], [7, 8, 9, 10]).Sha256);
    }

    [Fact]
    public void A_source_without_held_out_windows_has_no_samples_to_score()
    {
        _folder.Write("film.json", """{"films":[{"name":"a","modality":"video","split":"train","first":0,"count":40,"group":"a"}]}""");
        var corpus = WindowCorpus.Load([_folder.Write("film.bin", TestWindows.Bytes(40))]);
        Assert.Null(new VideoSource(corpus).HeldOut);
        Assert.Null(new CaptionSource(corpus, weight: 0).HeldOut);
        Assert.Null(new TextSource(EmbeddedCorpus.Text, heldOutSamples: 0).HeldOut);
    }

    [Fact]
    public void Impossible_requests_are_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => Text(1)); // one value for two inputs
        Assert.Throws<ArgumentOutOfRangeException>(() => Text(-1));
        Assert.Throws<ArgumentOutOfRangeException>(() => Video(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => Caption(0));
        Assert.Throws<ArgumentException>(() => Caption(1)); // has no partner
        Assert.Throws<ArgumentNullException>(() => new TextSource(null!));
        Assert.Throws<ArgumentNullException>(() => new VideoSource(null!));
        Assert.Throws<ArgumentNullException>(() => new CaptionSource(null!));
    }

    [Fact]
    public void An_input_of_the_least_length_has_one_sample()
    {
        var corpus = TextCorpus.Load([_folder.Write("least.txt", new string('x', 15_340)), EmbeddedCorpus.PathOf("text.ko.txt")]);
        Assert.Equal(1, CountOf(new TextSource(corpus).HeldOut!, part: 0));
    }

    [Fact]
    public void Samples_that_are_no_samples_are_refused()
    {
        Refused("5 ids of context; 2 samples need 6", () => new(Small, [1, 2, 3, 4, 5], [1, 2, 3, 4]));
        Refused("3 ids to score", () => new(Small, [1, 2, 3, 4, 5, 6], [1, 2, 3]));
        Refused("0 ids to score", () => new(Small, [], []));
        Refused("The id at 1 is 258", () => new(Small, [1, ByteIds.Count, 3], [1, 2]));
        Refused("The id at 0 is -1", () => new(Small, [1, 2, 3], [-1, 2]));
        Assert.Throws<ArgumentOutOfRangeException>(() => new HeldOutSamples(new(0, 1), [], [1]));
        Assert.Throws<ArgumentOutOfRangeException>(() => new HeldOutSamples(new(1, 0), [1], []));

        HeldOutSamples samples = new(Small, [1, 2, 3, 4, 5, 6], [7, 8, 9, 10]);
        Refused("named twice", () => samples.WithParts(["a", "a"], [0, 1]));
        Refused("1 indices of parts for 2 samples", () => samples.WithParts(["a"], [0]));
        Refused("Part 1", () => samples.WithParts(["a"], [0, 1]));
        Refused("Part -1", () => samples.WithParts(["a"], [-1, 0]));
        Refused("3 ids of context; 2 samples need 6", () => samples.WithSwap("other", [1, 2, 3]));
        Refused("The id at 5 is 300", () => samples.WithSwap("other", [1, 2, 3, 4, 5, 300]));
        Refused("a swap 'other' already", () => samples.WithSwap("other", [1, 2, 3, 4, 5, 6]).WithSwap("other", [1, 2, 3, 4, 5, 6]));
        Refused("empty", () => samples.WithSwap("", [1, 2, 3, 4, 5, 6]));

        static void Refused(string expected, Func<HeldOutSamples> make) =>
            Assert.Contains(expected, Assert.ThrowsAny<ArgumentException>(make).Message, StringComparison.Ordinal);
    }

    /// <summary>Later writes to the caller's arrays change nothing.</summary>
    [Fact]
    public void Parts_and_swaps_are_copies_and_leave_the_samples_as_they_are()
    {
        short[] contexts = [1, 2, 3, 4, 5, 6], targets = [7, 8, 9, 10], other = [6, 5, 4, 3, 2, 1];
        int[] partOf = [1, 0];
        string[] parts = ["a", "b"];
        HeldOutSamples plain = new(Small, contexts, targets);
        HeldOutSamples rich = plain.WithSwap("reversed", other).WithParts(parts, partOf).WithSwap("same", contexts);
        contexts[0] = targets[0] = other[0] = 99;
        partOf[0] = 0;
        parts[0] = "z";
        Assert.Equal([1, 2, 3, 4, 5, 6], rich.Contexts.ToArray());
        Assert.Equal([4, 5, 6], rich.Context(1).ToArray());
        Assert.Equal([9, 10], rich.Target(1).ToArray());
        Assert.Equal([6, 5, 4], rich.SwappedContext(0, 0).ToArray());
        Assert.Equal([4, 5, 6], rich.SwappedContext(1, 1).ToArray());
        Assert.Equal(["reversed", "same"], rich.Swaps);
        Assert.Equal(["a", "b"], rich.Parts);
        Assert.Equal((1, 0), (rich.PartOf(0), rich.PartOf(1)));
        Assert.Empty(plain.Swaps);
        Assert.Empty(plain.Parts);
        Assert.Equal(0, plain.PartOf(1));
    }

    private static HeldOutSamples Text(int most = 256) => new TextSource(EmbeddedCorpus.Text, heldOutSamples: most).HeldOut!;

    private static HeldOutSamples Video(int most = 128) => new VideoSource(EmbeddedCorpus.Windows, heldOutSamples: most).HeldOut!;

    private static HeldOutSamples Caption(int most = int.MaxValue) =>
        new CaptionSource(EmbeddedCorpus.Windows, heldOutSamples: most).HeldOut!;

    private static int CountOf(HeldOutSamples samples, int part) =>
        Enumerable.Range(0, samples.Count).Count(i => samples.PartOf(i) == part);
}
