namespace HslEmbeddingZero.Training.Tests.Data;

public sealed class DelegateSourceTests
{
    private static readonly SampleShape Shape = new(6, 4);

    [Fact]
    public void The_method_is_told_which_sample_is_wanted()
    {
        List<SampleDraw> draws = [];
        DelegateSource source = new("draws", Shape, "1", (draw, context, targets) =>
        {
            Assert.Equal((6, 4), (context.Length, targets.Length));
            draws.Add(draw);
            context.Fill(1);
            targets.Fill(2);
        });
        TextSource text = new(EmbeddedCorpus.Text);
        BatchSampler sampler = new([text, source], 3, 11);
        for (long microBatch = 0; microBatch < 200; microBatch++)
        {
            (short[] context, short[] targets) = BatchSamplerTests.Fill(sampler, microBatch);
            if (sampler.SourceAt(microBatch) != 1) continue;
            Assert.All(context, id => Assert.Equal(1, id));
            Assert.All(targets, id => Assert.Equal(2, id));
        }

        Assert.Equal(Enumerable.Range(0, 300).Select(i => (long)i), draws.Select(draw => draw.Index));
        Assert.All(draws, draw => Assert.Equal(11, draw.Seed));
        Assert.All(draws, draw => Assert.InRange(draw.Uniform, 0, 1 - 1e-12));
        Assert.Equal(300, draws.Select(draw => draw.Uniform).Distinct().Count());
        Assert.InRange(draws.Average(draw => draw.Uniform), 0.4, 0.6);

        // The same micro-batch again gives the same draws.
        SampleDraw[] first = [.. draws];
        long last = 199 - (sampler.SourceAt(199) == 1 ? 0 : 1);
        BatchSamplerTests.Fill(sampler, last);
        Assert.Equal(first[^3..], draws[^3..]);
    }

    [Theory]
    [InlineData(0.0, 10, 0)]
    [InlineData(0.999_999_999_999_999_9, 10, 9)]
    [InlineData(0.5, 1L << 50, 1L << 49)]
    [InlineData(0.75, 1, 0)]
    public void A_draw_chooses_below_a_count(double uniform, long count, long expected) =>
        Assert.Equal(expected, new SampleDraw(0, 0, uniform).Below(count));

    [Fact]
    public void Samples_with_ids_that_are_missing_or_out_of_range_are_refused_by_source_and_number()
    {
        Refused("id 5 of its context is -1 or was not written", (draw, context, targets) =>
        {
            context[..(draw.Index == 4 ? 5 : 6)].Clear();
            targets.Clear();
        });
        Refused("id 0 of its targets is -1 or was not written", (draw, context, targets) =>
        {
            context.Clear();
            if (draw.Index != 4) targets.Clear();
        });
        Refused("id 2 of its targets is 258", (draw, context, targets) =>
        {
            context.Clear();
            targets.Clear();
            if (draw.Index == 4) targets[2] = ByteIds.Count;
        });
        Refused("id 1 of its context is -300", (draw, context, targets) =>
        {
            context.Fill(ByteIds.EndOfSequence);
            targets.Fill(ByteIds.EndOfSequence);
            if (draw.Index == 4) context[1] = -300;
        });

        // No data of one sample appears in another, even where the spans were used before.
        static void Refused(string expected, SampleFill fill)
        {
            BatchSampler sampler = new([new DelegateSource("mine", Shape, "1", fill)], 3, 0);
            (short[] context, short[] targets) = (new short[3 * Shape.ContextLength], new short[3 * Shape.TargetLength]);
            sampler.Fill(0, context, targets);
            string message = Assert.Throws<InvalidOperationException>(() => sampler.Fill(1, context, targets)).Message;
            Assert.Contains("'mine', sample 4", message, StringComparison.Ordinal);
            Assert.Contains(expected, message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("two words")]
    [InlineData("caf\u00e9")]
    [InlineData("a/b")]
    [InlineData("a\"b")]
    [InlineData("12345678901234567890123456789012345678901234567890123456789012345")]
    public void A_bad_name_is_refused(string name)
    {
        Assert.Contains($"'{name}'", Assert.Throws<ArgumentException>(() => Create(name)).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => new TextSource(EmbeddedCorpus.Text, name: name));
        Assert.Throws<ArgumentException>(() => new VideoSource(EmbeddedCorpus.Windows, name: name));
        Assert.Throws<ArgumentException>(() => new CaptionSource(EmbeddedCorpus.Windows, name: name));
    }

    [Theory]
    [InlineData("a")]
    [InlineData("My-source_2.b")]
    [InlineData("1234567890123456789012345678901234567890123456789012345678901234")]
    public void A_good_name_is_kept(string name) => Assert.Equal(name, Create(name).Name);

    [Fact]
    public void Impossible_sources_are_refused()
    {
        Assert.Throws<ArgumentNullException>(() => Create(null!));
        Assert.Throws<ArgumentNullException>(() => new DelegateSource("a", Shape, null!, (_, _, _) => { }));
        Assert.Throws<ArgumentNullException>(() => new DelegateSource("a", Shape, "1", null!));
        Assert.Throws<ArgumentOutOfRangeException>(() => Create("a", shape: new(0, 1)));
        Assert.Throws<ArgumentOutOfRangeException>(() => Create("a", shape: new(1, 0)));
        Assert.Throws<ArgumentOutOfRangeException>(() => Create("a", weight: -1));
        Assert.Throws<ArgumentOutOfRangeException>(() => Create("a", weight: double.NaN));
        HeldOutSamples other = new(new(4, 6), new short[4], new short[6]);
        string message = Assert.Throws<ArgumentException>(() => new DelegateSource("mine", Shape, "1", (_, _, _) => { }, other)).Message;
        Assert.Contains("'mine'", message, StringComparison.Ordinal);
        Assert.Contains("ContextLength = 4, TargetLength = 6", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Two_sources_of_one_name_are_refused()
    {
        SampleSource[] twice = [Create("mine"), Create("other"), Create("mine")];
        Assert.Contains("'mine'", Assert.Throws<ArgumentException>(() => new BatchSampler(twice, 1, 0)).Message, StringComparison.Ordinal);
        Assert.Contains("'mine'", Assert.Throws<ArgumentException>(() => new Evaluator(twice)).Message, StringComparison.Ordinal);
    }

    private static DelegateSource Create(string name, SampleShape? shape = null, double weight = 1) =>
        new(name, shape ?? Shape, "1", (_, context, targets) =>
        {
            context.Clear();
            targets.Clear();
        }, weight: weight);
}
