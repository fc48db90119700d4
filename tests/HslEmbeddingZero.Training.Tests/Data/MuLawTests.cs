using CsCheck;

namespace HslEmbeddingZero.Training.Tests.Data;

public class MuLawTests
{
    /// <summary>Values of torchaudio.functional.mu_law_encoding with 256 channels, computed from its formula.</summary>
    [Theory]
    [InlineData(-1f, 0)]
    [InlineData(0f, 128)]
    [InlineData(1f, 255)]
    [InlineData(0.5f, 239)]
    [InlineData(-0.5f, 16)]
    [InlineData(0.1f, 203)]
    [InlineData(-0.1f, 52)]
    [InlineData(0.001f, 133)]
    [InlineData(2f, 255)]
    [InlineData(float.NegativeInfinity, 0)]
    public void Known_samples_have_known_codes(float sample, byte code) => Assert.Equal(code, MuLaw.Encode(sample));

    [Fact]
    public void Every_code_survives_decoding_and_encoding()
    {
        for (int code = 0; code < 256; code++)
            Assert.Equal(code, MuLaw.Encode(MuLaw.Decode((byte)code)));
        Assert.Equal((-1f, 1f), (MuLaw.Decode(0), MuLaw.Decode(255)));
        Assert.Equal(8.62e-5, MuLaw.Decode(128), 1e-6);
        Assert.Equal(-MuLaw.Decode(128), MuLaw.Decode(127));
    }

    [Fact]
    public void Decoding_returns_a_sample_within_half_a_step() => Gen.Float[-1, 1].Sample(sample =>
        Math.Abs(MuLaw.Decode(MuLaw.Encode(sample)) - sample) <= ((1 / 255d) + Math.Abs(sample)) * 0.022);

    [Fact]
    public void Codes_rise_with_the_sample() => Gen.Select(Gen.Float[-1, 1], Gen.Float[-1, 1]).Sample((a, b) =>
        MuLaw.Encode(Math.Min(a, b)) <= MuLaw.Encode(Math.Max(a, b)));

    [Fact]
    public void Spans_are_the_scalars_one_by_one()
    {
        float[] samples = [-1, -0.3f, 0, 0.3f, 1];
        byte[] codes = new byte[5];
        MuLaw.Encode(samples, codes);
        Assert.Equal(samples.Select(MuLaw.Encode), codes);

        float[] decoded = new float[5];
        MuLaw.Decode(codes, decoded);
        Assert.Equal(codes.Select(MuLaw.Decode), decoded);
    }

    [Fact]
    public void A_destination_too_short_is_refused()
    {
        Assert.Throws<ArgumentException>(() => MuLaw.Encode(new float[3], new byte[2]));
        Assert.Throws<ArgumentException>(() => MuLaw.Decode(new byte[3], new float[2]));
    }

    [Fact]
    public void NaN_is_refused_with_its_place_and_writes_nothing()
    {
        Assert.Throws<NotFiniteNumberException>(() => MuLaw.Encode(float.NaN));
        byte[] codes = [1, 2, 3];
        NotFiniteNumberException error = Assert.Throws<NotFiniteNumberException>(() => MuLaw.Encode([0, float.NaN, 0], codes));
        Assert.Contains("Sample 1 of 3", error.Message, StringComparison.Ordinal);
        Assert.Equal([1, 2, 3], codes);
    }
}
