using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using HslEmbeddingZero.Training;
using TorchSharp;

namespace HslEmbeddingZero.Samples.Tests.HoLoZeRo;

/// <summary>The small model that comes with the sample, and its card.</summary>
public sealed partial class ShippedWeightsTests
{
    private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "weights");
    private static readonly string Weights = Path.Combine(Folder, "holo-zero-small.safetensors");
    private static readonly string Card = File.ReadAllText(Path.Combine(Folder, "README.md"));

    [Fact]
    public void They_are_small_and_say_where_they_come_from()
    {
        Assert.InRange(new FileInfo(Weights).Length, 1, 10 << 20);
        using var model = ByteLanguageModel.Load(Weights);
        Assert.Equal(0, model.Door.LearnedParameters);
        Assert.Contains(model.Body.ParameterCount.ToString("N0", CultureInfo.InvariantCulture), Card, StringComparison.Ordinal);

        IReadOnlyDictionary<string, string> metadata = Safetensors.ReadHeader(Weights).Metadata;
        Assert.Equal(("small", "CC-BY-SA-3.0"), (metadata["preset"], metadata["licence"]));
        Assert.Contains(metadata["licence"], Card, StringComparison.Ordinal);
        JsonObject corpus = JsonNode.Parse(metadata["corpus"])!.AsObject();
        Assert.NotEmpty(corpus);
        foreach (KeyValuePair<string, JsonNode?> file in corpus)
        {
            byte[] bytes = File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "data", file.Key));
            Assert.Equal((string)file.Value!, Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(bytes)));
        }
    }

    [Fact]
    public void The_cards_numbers_are_those_of_the_file()
    {
        JsonNode scores = JsonNode.Parse(Safetensors.ReadHeader(Weights).Metadata["scores"])!;
        foreach ((string row, string key) in (ReadOnlySpan<(string, string)>)[("text", "text"), ("video", "video"), ("caption", "caption"),
            ("binding gap", "bindingGap"), ("scene gap", "sceneGap")])
            Assert.Equal(Math.Round((double)scores[key]!, 4), Number(row));
        Assert.Equal(Math.Round((double)scores["textBySource"]![0]!, 4), Number("text.en.txt"));
        Assert.Equal(Math.Round((double)scores["textBySource"]![1]!, 4), Number("text.ko.txt"));
        Assert.Contains(((int)scores["step"]!).ToString("N0", CultureInfo.InvariantCulture), Card, StringComparison.Ordinal);

        static double Number(string row) =>
            double.Parse(Regex.Match(Card, $@"^\| {Regex.Escape(row)} \| ([-+.\d]+) \|", RegexOptions.Multiline).Groups[1].Value,
                CultureInfo.InvariantCulture);
    }

    [Fact]
    public void Evaluate_reproduces_the_cards_numbers()
    {
        (int exitCode, string output, string error) = SampleProcess.Run(TrainedModel.Assembly, "evaluate", "--device", "cpu");
        Assert.True(exitCode == 0, error);
        Match difference = Difference().Match(output);
        Assert.True(difference.Success, output);
        // other processors round differently
        Assert.InRange(double.Parse(difference.Groups[1].Value, CultureInfo.InvariantCulture), 0, 5e-4);
    }

    [Theory]
    [InlineData("stored")]
    [InlineData("float32")]
    [InlineData("bfloat16")]
    [InlineData("int8")]
    public void Generate_writes_text(string precision)
    {
        (int exitCode, string output, string error) = SampleProcess.Run(TrainedModel.Assembly, "generate", "--device", "cpu", "--prompt",
            "And he said unto them, ", "--bytes", "200", "--precision", precision);
        Assert.True(exitCode == 0, error);
        Assert.DoesNotContain("\\x", output, StringComparison.Ordinal);
        Assert.InRange(output.Count(character => char.IsAsciiLetterLower(character) || character == ' ') / (double)output.Length, 0.8, 1);
    }

    [Fact]
    public void Two_thousand_greedy_bytes_of_the_decoder_are_those_of_libtorch_with_the_same_logits()
    {
        using var model = ByteLanguageModel.Load(Weights);
        model.to(torch.ScalarType.Float32);
        model.eval();
        using var expected = ByteGenerator.ForText(model, "And he said unto them, "u8);
        using IByteGenerator actual = ByteDecoder.Load(Weights).CreateTextGenerator("And he said unto them, "u8);
        for (int i = 0; i < 2000; i++)
        {
            ReadOnlySpan<float> first = expected.Logits, second = actual.Logits;
            int likeliest = 0, decoded = 0;
            double difference = 0;
            for (int id = 0; id < first.Length; id++)
            {
                if (first[id] > first[likeliest]) likeliest = id;
                if (second[id] > second[decoded]) decoded = id;
                difference = Math.Max(difference, Math.Abs(first[id] - second[id]));
            }

            Assert.InRange(difference, 0, 1e-4);
            Assert.Equal(likeliest, decoded);
            expected.Accept(likeliest);
            actual.Accept(likeliest);
        }
    }

    /// <summary>The loss of precision is far below the differences between doors, on text that the model has not seen.</summary>
    [Fact]
    public void Int8_costs_held_out_text_less_than_5_thousandths_of_a_bit_a_byte()
    {
        using var corpus = TextCorpus.Load(CorpusOptions.TextOrEmbedded(null));
        ByteDecoder stored = ByteDecoder.Load(Weights), int8 = ByteDecoder.Load(Weights, new() { Weights = DecoderPrecision.Int8 });
        short[] ids = new short[512 + 256];
        double nats = 0, int8Nats = 0;
        int count = 0;
        for (int input = 0; input < 2; input++)
        {
            TextIds heldOut = corpus.HeldOut(input);
            for (int sample = 0; sample < 12; sample++, count += 256)
            {
                heldOut.CopyTo((heldOut.Length - ids.Length) * sample / 12, ids);
                nats += Nats(stored, ids);
                int8Nats += Nats(int8, ids);
            }
        }

        double bits = nats / count / Math.Log(2), int8Bits = int8Nats / count / Math.Log(2);
        Assert.InRange(bits, 1, 3.5);
        Assert.InRange(int8Bits - bits, -0.005, 0.005);

        static double Nats(ByteDecoder decoder, short[] ids)
        {
            using DecoderGenerator generator = decoder.CreateGenerator(ids.AsSpan(0, 512));
            double nats = 0;
            foreach (short id in ids.AsSpan(512))
            {
                ReadOnlySpan<float> logits = generator.Logits;
                double total = 0;
                foreach (float logit in logits) total += Math.Exp(logit - logits[id]);
                nats += Math.Log(total);
                generator.Accept(id);
            }

            return nats;
        }
    }

    /// <summary>More than one part of a long text: after 448 bytes, the text so far becomes the prompt.</summary>
    [Theory]
    [InlineData("And he said unto them, ")]
    [InlineData("데비안 ")]
    [InlineData("")]
    public void The_likeliest_bytes_are_the_same_by_either_engine(string prompt)
    {
        string decoded = Generate("decoder");
        Assert.True(decoded.Length > prompt.Length + 1, "Nothing was generated."); // an end of line follows
        Assert.Equal(Generate("torch"), decoded);

        string Generate(string engine)
        {
            (int exitCode, string output, string error) = SampleProcess.Run(TrainedModel.Assembly, "generate", "--device", "cpu",
                "--engine", engine, "--prompt", prompt, "--bytes", "500", "--temperature", "0");
            Assert.True(exitCode == 0, error);
            return output;
        }
    }

    [GeneratedRegex(@"Same held-out samples; the largest difference is ([.\d]+)\.\s")]
    private static partial Regex Difference();
}
