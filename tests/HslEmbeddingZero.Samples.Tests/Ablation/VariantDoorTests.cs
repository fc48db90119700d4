using TorchSharp;
using static TorchSharp.torch;

namespace HslEmbeddingZero.Samples.Tests.Ablation;

public sealed class VariantDoorTests : IDisposable
{
    private const int Channels = HslFeatures.Dimension;
    private const int Bytes = 64;
    private const int Dim = 128;
    private const int Wide = 256; // room for codes
    private const string Coded = "zero-standardized+ngrams=2-4x64@0.5";

    private readonly DisposeScope _scope = NewDisposeScope();
    private readonly byte[] _bytes = new byte[Bytes];
    private readonly Tensor _ids;

    public VariantDoorTests()
    {
        new Random(5).NextBytes(_bytes);
        _ids = tensor(_bytes).unsqueeze(0);
    }

    public void Dispose() => _scope.Dispose();

    [Theory]
    [InlineData("zero")]
    [InlineData("zero-standardized")]
    public void Every_channel_by_name_is_the_door_itself(string arm)
    {
        using InputDoor plain = DoorVariant.Parse(arm, "all").Create(4, Dim, 0),
            chosen = DoorVariant.Parse(arm, "value,context").Create(4, Dim, 0);
        Assert.IsType<ZeroDoor>(plain);
        Same(plain.forward(_ids), chosen.forward(_ids));
        Same(plain.Stream(_ids), chosen.Stream(_ids));
    }

    [Fact]
    public void Bits_and_momentum_are_those_of_the_features()
    {
        using InputDoor bits = DoorVariant.Parse("zero+bits", "all").Create(2, Dim, 0),
            momentum = DoorVariant.Parse("zero+momentum", "all").Create(2, Dim, 0);
        Assert.Equal(HslFeatures.Encode(_bytes, new HslFeatureOptions(IncludeBits: true)), Floats(bits.Features(_ids)));
        float[] expected = HslFeatures.Encode(_bytes, new HslFeatureOptions(MomentumPhase: true)), actual = Floats(momentum.Features(_ids));
        Assert.Equal(expected.Length, actual.Length);
        Assert.All(expected.Zip(actual), pair => Assert.Equal(pair.First, pair.Second, 1e-6f));
    }

    [Theory]
    [InlineData("bits", 0, 1, 2, 3, 4, 5, 6, 7)]
    [InlineData("delta", 8, 9, 10, 11, 12, 13, 14, 15)]
    [InlineData("fft_re0,phase", 25, 33, 34)]
    public void Chosen_channels_stand_tight_in_the_order_of_their_columns(string channels, params int[] columns)
    {
        using InputDoor door = DoorVariant.Parse("zero", channels).Create(4, Dim, 0);
        float[] full = HslFeatures.Encode(_bytes, new HslFeatureOptions(IncludeBits: true)), slot = Floats(door.forward(_ids));
        Assert.Equal(
            Enumerable.Range(0, 4).SelectMany(i => columns.Select(column => full[(i * HslFeatures.FullDimension) + column])),
            slot[..(4 * columns.Length)]);
        Assert.All(slot[(4 * columns.Length)..Dim], padding => Assert.Equal(0, padding));
    }

    [Fact]
    public void Hadamard_keeps_lengths_and_undoes_itself()
    {
        using InputDoor plain = DoorVariant.Parse("zero", "all").Create(4, Dim, 0),
            spread = DoorVariant.Parse("zero+hadamard", "all").Create(4, Dim, 0);
        Tensor expected = plain.forward(_ids), actual = spread.forward(_ids);
        Near(expected.norm(2, p: 2f), actual.norm(2, p: 2f), 1e-4);
        Near(expected, actual.matmul(Hadamard.Orthonormal(Dim)), 1e-5);
        Near(eye(Dim), Hadamard.Orthonormal(Dim).matmul(Hadamard.Orthonormal(Dim).t()), 1e-5);
    }

    [Fact]
    public void Gain_gives_random_bytes_a_mean_square_of_one_whatever_K_is()
    {
        byte[] many = new byte[1 << 16];
        new Random(1).NextBytes(many);
        foreach (int bytesPerSlot in new[] { 1, 4 })
        {
            using InputDoor door = DoorVariant.Parse("zero-standardized+gain", "all").Create(bytesPerSlot, Dim, 0);
            Assert.Equal(1, door.forward(tensor(many).unsqueeze(0)).square().mean().item<float>(), 0.01f);
        }
    }

    [Fact]
    public void An_address_moves_stream_bytes_to_their_slot_places()
    {
        using InputDoor door = DoorVariant.Parse("zero+address", "all").Create(4, Dim, 0);
        float[] features = HslFeatures.Encode(_bytes), stream = Floats(door.Stream(_ids));
        for (int i = 0; i < Bytes; i++)
        {
            float[] row = stream[(i * Dim)..((i + 1) * Dim)];
            int place = Channels * (i % 4);
            Assert.Equal(features[(i * Channels)..((i + 1) * Channels)], row[place..(place + Channels)]);
            Assert.Equal(Channels, row.Length - row[..place].Concat(row[(place + Channels)..]).Count(value => value == 0));
        }
    }

    [Fact]
    public void Codes_by_their_numbers_are_those_of_the_arm()
    {
        using InputDoor arm = DoorVariant.Parse("zero-ngram", "all").Create(4, Wide, 0);
        using InputDoor named = DoorVariant.Parse(Coded, "all").Create(4, Wide, 0);
        Same(arm.Stream(_ids), named.Stream(_ids));
        Same(arm.forward(_ids), named.forward(_ids));
        using InputDoor inSlots = DoorVariant.Parse("zero-standardized+ngrams=2-4x16@0.5+inslots", "all").Create(4, Wide, 0);
        Assert.True(inSlots.Ngrams!.InSlots);
        using InputDoor projection = DoorVariant.Parse("projection+ngrams=2-2x8@1", "all").Create(4, Wide, 0);
        Assert.Equal(((4 * Channels) + 1 + Channels + 8 + 1) * Wide, projection.LearnedParameters);
    }

    [Fact]
    public void Codes_alone_are_the_columns_behind_the_features()
    {
        using InputDoor coded = DoorVariant.Parse(Coded, "all").Create(4, Wide, 0);
        using InputDoor only = DoorVariant.Parse(Coded + "+only", "all").Create(4, Wide, 0);
        Same(coded.Features(_ids).narrow(2, Channels, 192), only.Features(_ids));
        Same(only.Features(_ids), only.Stream(_ids).narrow(2, 0, 192));
        Same(coded.forward(_ids), only.forward(_ids));
    }

    /// <summary>Equal n-grams have equal codes. With two buckets most others have one of two, too.</summary>
    [Fact]
    public void Buckets_give_fixed_codes_that_ngrams_share()
    {
        using InputDoor coded = DoorVariant.Parse(Coded, "all").Create(4, Wide, 0);
        Tensor ids = cat([_ids, _ids], 1);
        foreach ((int bits, int codes) in new[] { (1, 2), (16, Bytes - 1) })
        {
            var variant = DoorVariant.Parse($"{Coded}+buckets={bits}", "all");
            using InputDoor door = variant.Create(4, Wide, 0), again = variant.Create(4, Wide, 0);
            Tensor rows = door.Features(ids);
            Same(rows, again.Features(ids));
            Same(coded.Features(ids).narrow(2, 0, Channels), rows.narrow(2, 0, Channels));
            float[][] bigrams = [.. Enumerable.Range(1, Bytes - 1).Select(i => Floats(rows[0, i].narrow(0, Channels, 64)))];
            Assert.All(bigrams, row => Assert.All(row, value => Assert.Equal(0.5f, Math.Abs(value))));
            Assert.Equal(codes, bigrams.Select(row => string.Join(' ', row)).Distinct().Count());
            Same(rows[0, 5], rows[0, Bytes + 5]);
            // Three bytes do not form a 4-gram.
            Assert.All(Floats(rows[0, 2].narrow(0, Channels + 128, 64)), value => Assert.Equal(0, value));
        }
    }

    [Fact]
    public void One_hot_codes_set_one_column_of_each_order_and_are_as_long()
    {
        using InputDoor coded = DoorVariant.Parse(Coded, "all").Create(4, Wide, 0);
        using InputDoor door = DoorVariant.Parse(Coded + "+onehot", "all").Create(4, Wide, 0);
        Tensor rows = door.Stream(_ids), codes = rows.narrow(2, Channels, 192).view(Bytes, 3, 64);
        Same(coded.Features(_ids).narrow(2, 0, Channels), rows.narrow(2, 0, Channels));
        for (int order = 0; order < 3; order++)
        {
            Assert.All(Floats(codes[.., order].ne(0).sum(1).narrow(0, 0, order + 1).to(ScalarType.Float32)),
                count => Assert.Equal(0, count));
            float[][] known = [.. Enumerable.Range(order + 1, Bytes - order - 1).Select(i => Floats(codes[i, order]))];
            Assert.All(known, code => Assert.Equal(4, Assert.Single(code, value => value != 0))); // 0.5 · √64
            Assert.InRange(known.Select(code => Array.IndexOf(code, 4)).Distinct().Count(), 25, 55);
        }

        Same(coded.forward(_ids), door.forward(_ids));
    }

    [Fact]
    public void A_learned_table_begins_as_the_zero_door_and_learns_the_rows_it_was_asked_for()
    {
        using InputDoor zero = DoorVariant.Parse("zero-standardized", "all").Create(4, Wide, 0);
        using InputDoor door = DoorVariant.Parse($"{Coded}+learned=10", "all").Create(4, Wide, 0);
        Assert.Equal(3 * 1024 * Wide, door.LearnedParameters);
        Same(zero.Stream(_ids), door.Stream(_ids));
        Same(zero.forward(_ids), door.forward(_ids));
        door.Stream(_ids).sum().backward();
        foreach ((string name, Tensor table) in door.named_parameters())
        {
            int asked = Bytes - 1 - int.Parse(name.Split('.')[^1], System.Globalization.CultureInfo.InvariantCulture);
            Assert.Equal(asked * Wide, table.grad!.sum().item<float>());
        }
    }

    /// <summary>Whole codes are dropped, in training only. The same ids always drop the same codes.</summary>
    [Fact]
    public void Training_leaves_out_whole_codes_and_scoring_reads_all()
    {
        using InputDoor coded = DoorVariant.Parse(Coded, "all").Create(4, Wide, 0);
        using InputDoor dropping = DoorVariant.Parse(Coded + "+drop=25", "all").Create(4, Wide, 0);
        Tensor ids = randint(0, 256, [2, 1000], ScalarType.Byte, generator: new Generator(3)), all = coded.Stream(ids);
        Same(coded.forward(ids), dropping.forward(ids));
        dropping.train();
        Tensor kept = dropping.Stream(ids);
        Tensor differs = kept.ne(all).narrow(2, Channels, 192).view(2, 1000, 3, 64).to(ScalarType.Float32).mean([3]);
        Same(kept, dropping.Stream(ids));
        Same(all.narrow(2, 0, Channels), kept.narrow(2, 0, Channels));
        Assert.All(Floats(differs), share => Assert.True(share is 0 or 1, $"{share} of a code"));
        Assert.All(Floats(differs.mean([0, 1])), share => Assert.InRange(share, 0.2f, 0.3f));
        Assert.NotEqual(Floats(differs[0, .., 0]), Floats(differs[0, .., 1]));
        Assert.NotEqual(Floats(differs[0]), Floats(differs[1]));
        dropping.eval();
        Same(all, dropping.Stream(ids));
    }

    // Found in use: a bfloat16 run failed at the first layer, because the mask of dropped codes was float32.
    [Theory]
    [InlineData("zero+hadamard")]
    [InlineData("zero-standardized+gain")]
    [InlineData("zero+bits")]
    [InlineData("zero+momentum")]
    [InlineData("zero+address")]
    [InlineData("projection+momentum")]
    [InlineData(Coded)]
    [InlineData(Coded + "+inslots")]
    [InlineData(Coded + "+only")]
    [InlineData(Coded + "+onehot")]
    [InlineData(Coded + "+buckets=12")]
    [InlineData(Coded + "+learned=8")]
    [InlineData(Coded + "+drop=50")]
    public void A_variant_of_a_bfloat16_model_gives_bfloat16(string door)
    {
        using InputDoor variant = DoorVariant.Parse(door, "all").Create(1, 256, 0);
        variant.to(ScalarType.BFloat16);
        variant.train();
        Assert.Equal(ScalarType.BFloat16, variant.forward(_ids).dtype);
        Assert.Equal(ScalarType.BFloat16, variant.Stream(_ids).dtype);
    }

    [Theory]
    [InlineData("+only")]
    [InlineData("+onehot")]
    [InlineData("+buckets=12")]
    [InlineData("+learned=8")]
    [InlineData("+drop=50")]
    public void A_variant_reads_no_further_back_than_it_says(string modifier)
    {
        using InputDoor door = DoorVariant.Parse(Coded + modifier, "all").Create(4, Wide, 0);
        foreach (Tensor table in door.parameters()) nn.init.normal_(table);
        door.eval();
        Tensor whole = door.Stream(_ids)[0, Bytes - 1], tail = _ids.narrow(1, Bytes - 1 - door.ContextBytes, door.ContextBytes + 1);
        Same(whole, door.Stream(tail)[0, door.ContextBytes]);
    }

    [Theory]
    [InlineData("mlp", "all", "mlp")]
    [InlineData("zero+magic", "all", "magic")]
    [InlineData("zero", "delta,gamma", "gamma")]
    [InlineData("embedding+bits", "all", "embedding")]
    [InlineData("random", "delta", "random")]
    [InlineData("projection+hadamard", "all", "hadamard")]
    [InlineData("zero+gain", "all", "gain")]
    [InlineData("zero+bits", "delta", "bits")]
    [InlineData("zero+ngrams=4-2x64@0.5", "all", "above the last")]
    [InlineData("zero+ngrams=2-9x64@0.5", "all", "ngrams=2-9x64@0.5")]
    [InlineData("zero+ngrams=2-4x64", "all", "ngrams=FIRST-LASTxCOLUMNS@AMPLITUDE")]
    [InlineData("zero+inslots", "all", "need ngrams")]
    [InlineData("zero+buckets=12", "all", "need ngrams")]
    [InlineData("zero+ngrams=2-4x64@0.5+buckets=21", "all", "1 to 20 bits")]
    [InlineData("zero+ngrams=2-4x64@0.5+hadamard", "all", "alone")]
    [InlineData("projection+ngrams=2-4x64@0.5+only", "all", "only")]
    [InlineData("zero+ngrams=2-4x64@0.5+onehot+buckets=12", "all", "without the others")]
    [InlineData("zero+ngrams=2-4x64@0.5+only+learned=8", "all", "without the others")]
    [InlineData("zero+drop=25", "all", "need ngrams")]
    [InlineData("zero+ngrams=2-4x64@0.5+drop=0", "all", "1 to 99 percent")]
    [InlineData("zero+ngrams=2-4x64@0.5+drop=25+learned=8", "all", "has none")]
    [InlineData("zero+ngrams=2-4x64@0.5", "delta", "all channels")]
    [InlineData("embedding+ngrams=2-4x64@0.5", "all", "embedding")]
    public void What_does_not_exist_or_go_together_is_named(string arm, string channels, string named) =>
        Assert.Contains(named, Assert.Throws<ArgumentException>(() => DoorVariant.Parse(arm, channels)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("zero+ngrams=2-4x65@0.5", "65")]
    [InlineData("zero+ngrams=2-4x64@0", "not 0")]
    public void Codes_out_of_range_are_named(string arm, string named)
    {
        ArgumentOutOfRangeException error = Assert.Throws<ArgumentOutOfRangeException>(() => DoorVariant.Parse(arm, "all"));
        Assert.Contains(named, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_width_without_a_Hadamard_matrix_is_named() =>
        Assert.Contains("216", Assert.Throws<ArgumentException>(() => DoorVariant.Parse("zero+hadamard", "all").Create(8, 216, 0)).Message,
            StringComparison.Ordinal);

    private static float[] Floats(Tensor values) => [.. values.contiguous().data<float>()];

    private static void Same(Tensor expected, Tensor actual) => Assert.Equal(Floats(expected), Floats(actual));

    private static void Near(Tensor expected, Tensor actual, double tolerance) =>
        Assert.InRange((expected - actual).abs().max().item<float>(), 0, tolerance);
}
