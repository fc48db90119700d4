using System.Buffers.Binary;
using System.Numerics;
using System.Text.Json.Nodes;
using HslEmbeddingZero.Tests;
using HslEmbeddingZero.Training;
using Tensorboard;

namespace HslEmbeddingZero.Samples.Tests.HoLoZeRo;

public sealed class TrainTests(TrainedModel trained) : IClassFixture<TrainedModel>, IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private string Out => _folder.PathOf("out");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_run_leaves_weights_metrics_events_and_a_checkpoint()
    {
        (int exitCode, string output, string error) = trained.Result;
        Assert.True(exitCode == 0, error + output);
        Assert.All(error.Split('\n', StringSplitOptions.RemoveEmptyEntries), line => // only the progress
            Assert.Matches(@"^(smoke  (step \d/6 |scoring )|reading |scoring )", line));
        Assert.Contains("held out at step 4: text ", output, StringComparison.Ordinal);
        Assert.Contains("binding gap", output, StringComparison.Ordinal);
        Assert.Equal(
            ["checkpoint.safetensors", "evaluations.jsonl", "lock", "metrics.jsonl", "model.safetensors", "tensorboard"],
            Directory.GetFileSystemEntries(trained.Out).Select(Path.GetFileName).Order());
        Assert.Equal([2, 4, 6], Lines("metrics.jsonl").Select(line => (int)line["step"]!));
        Assert.Equal([2, 4, 6], Lines("evaluations.jsonl").Select(line => (int)line["step"]!));
        foreach (string name in (string[])["text", "video", "caption"])
            Assert.All(Lines("evaluations.jsonl"), line => Assert.InRange((double)line[name + "BitsPerByte"]!, 1, 9));
        Assert.All(Lines("evaluations.jsonl"), line => Assert.InRange((double)line["gaps"]!["caption"]!["binding"]!, -1, 1));
    }

    [Fact]
    public void The_weights_are_the_best_ones_with_their_provenance()
    {
        IReadOnlyDictionary<string, string> metadata = Safetensors.ReadHeader(trained.Weights).Metadata;
        Assert.Equal(["body", "corpus", "door", "format", "held_out", "licence", "mix", "name", "preset", "scores", "step", "training"],
            metadata.Keys.Order());
        JsonNode best = Lines("evaluations.jsonl").MinBy(line =>
            (double)line["textBitsPerByte"]! + (double)line["videoBitsPerByte"]! + (double)line["captionBitsPerByte"]!)!;
        Assert.Equal(best["step"]!.ToString(), metadata["step"]);
        // has been rounded to bfloat16
        Assert.Equal((double)best["textBitsPerByte"]!, (double)JsonNode.Parse(metadata["scores"])!["text"]!, 0.01);
        Assert.Equal((6, 0), ((int)JsonNode.Parse(metadata["training"])!["steps"]!, (int)JsonNode.Parse(metadata["training"])!["seed"]!));
        Assert.Equal(["text.en.txt", "text.ko.txt", "windows.bin"],
            JsonNode.Parse(metadata["corpus"])!.AsObject().Select(file => file.Key));
        Assert.All(JsonNode.Parse(metadata["corpus"])!.AsObject(), file => Assert.Equal(64, ((string)file.Value!).Length));
        Assert.Equal("CC-BY-SA-3.0", metadata["licence"]);
        using var model = ByteLanguageModel.Load(trained.Weights);
        Assert.Equal(216, ((ByteTransformer)model.Body).Options.Dim);
        Assert.All(Safetensors.ReadHeader(trained.Weights).Tensors.Values,
            tensor => Assert.Equal(SafetensorsDtype.BFloat16, tensor.Dtype));
    }

    /// <summary>Records in TensorBoard's format: length, checksum of the length, event, checksum of the event.</summary>
    [Fact]
    public void TensorBoard_finds_every_number_of_the_json_lines()
    {
        List<Event> events = Events(Assert.Single(Directory.GetFiles(Path.Combine(trained.Out, "tensorboard"))));
        Assert.Equal("brain.Event:2", events[0].FileVersion);
        var shown = events.Skip(1).SelectMany(e => e.Summary.Value.Select(value => (value.Tag, e.Step, value.SimpleValue))).ToHashSet();
        var kept = Lines("metrics.jsonl").SelectMany(line => Numbers("train", line)).Concat(
            Lines("evaluations.jsonl").SelectMany(line => Numbers("held-out", line))).ToHashSet();
        Assert.True(kept.Count > 20);
        Assert.Equal(kept, shown);

        static IEnumerable<(string, long, float)> Numbers(string group, JsonNode line) => Nested(group, line).Select(number =>
            (number.Name, (long)line["step"]!, number.Value));

        static IEnumerable<(string Name, float Value)> Nested(string group, JsonNode node) => node.AsObject()
            .Where(number => number.Key is not ("step" or "seconds"))
            .SelectMany(number => number.Value is JsonValue
                ? [($"{group}/{number.Key}", (float)number.Value)] : Nested($"{group}/{number.Key}", number.Value!));
    }

    [SkippableFact]
    public void An_interrupted_run_goes_on_to_the_same_weights()
    {
        SampleProcess.SkipUnlessInterruptible();
        string[] arguments = ["--steps", "14", "--door", "zero-standardized", "--seed", "3"];
        using (SampleProcess process = new(TrainedModel.Assembly, TrainedModel.TrainArguments(Out, arguments)))
        {
            process.WaitUntil(() => File.Exists(Path.Combine(Out, "evaluations.jsonl"))
                && File.ReadLines(Path.Combine(Out, "evaluations.jsonl")).Count() >= 2);
            process.Interrupt();
            (int exitCode, _, string error) = process.Finish();
            Assert.Equal(130, exitCode);
            Assert.Contains("--resume", error, StringComparison.Ordinal);
        }

        Assert.Empty(Directory.GetFiles(Out, ".*"));
        Assert.InRange(File.ReadLines(Path.Combine(Out, "evaluations.jsonl")).Count(), 2, 6);
        (int ExitCode, string Output, string Error) resumed = TrainedModel.Train(Out, [.. arguments, "--resume"]);
        Assert.True(resumed.ExitCode == 0, resumed.Error);
        Assert.Contains("going on from step", resumed.Output, StringComparison.Ordinal);

        string whole = _folder.PathOf("whole");
        Assert.Equal(0, TrainedModel.Train(whole, arguments).ExitCode);
        Assert.Equal(0, TrainedModel.Train(Out, [.. arguments, "--resume"]).ExitCode); // A finished run does not change.
        Assert.Equal(File.ReadAllBytes(Path.Combine(whole, "model.safetensors")),
            File.ReadAllBytes(Path.Combine(Out, "model.safetensors")));
        foreach (string name in (string[])["evaluations.jsonl", "metrics.jsonl"])
            Assert.Equal(LogFile.WithoutTimes(Path.Combine(whole, name)), LogFile.WithoutTimes(Path.Combine(Out, name)));
        Assert.Equal(Scalars(whole), Scalars(Out));

        static string[] Scalars(string folder) =>
        [
            .. Events(Assert.Single(Directory.GetFiles(Path.Combine(folder, "tensorboard")))).Skip(1)
                .SelectMany(e => e.Summary.Value.Select(value => $"{value.Tag} {e.Step} {value.SimpleValue}")).Where(
                    line => !line.Contains("bytesPerSecond", StringComparison.Ordinal)).Order(),
        ];
    }

    /// <summary>One base name in two folders, for text and for windows: their entries are told apart, also after an interruption.</summary>
    [Fact]
    public void Inputs_of_one_name_in_two_folders_are_told_apart()
    {
        string data = Path.Combine(AppContext.BaseDirectory, "data");
        byte[] text = File.ReadAllBytes(Path.Combine(data, "text.en.txt")), windows = File.ReadAllBytes(Path.Combine(data, "windows.bin"));
        const int half = 2000 * WindowRecord.Size;
        string[] arguments =
        [
            "--text", Copy("a", "part.txt", text[..200_000]), Copy("b", "part.txt", text[^200_000..]),
            "--windows", Copy("a", "part.bin", windows[..half]), Copy("b", "part.bin", windows[half..(2 * half)]),
        ];
        (int exitCode, string output, string error) = TrainedModel.Train(Out, arguments);
        Assert.True(exitCode == 0, error);
        Assert.Contains("a/part.txt", output, StringComparison.Ordinal);
        Assert.Contains("b/part.txt", output, StringComparison.Ordinal);
        IReadOnlyDictionary<string, string> metadata = Safetensors.ReadHeader(Path.Combine(Out, "model.safetensors")).Metadata;
        Assert.Equal(["a/part.txt", "b/part.txt", "a/part.bin", "b/part.bin"],
            JsonNode.Parse(metadata["corpus"])!.AsObject().Select(file => file.Key));
        Assert.Equal(0, TrainedModel.Train(Out, [.. arguments, "--resume"]).ExitCode);

        string Copy(string folder, string name, byte[] content)
        {
            string path = Path.Combine(_folder.Make(folder), name);
            File.WriteAllBytes(path, content);
            return path;
        }
    }

    public static TheoryData<string, string, string> Wrong => new()
    {
        { "train --bogus", "--bogus", "" },
        { "train --preset huge", "'huge'", "smoke, small or full" },
        { "train --door projection", "'projection'", "zero, zero-standardized or zero-ngram" },
        { "train --preset smoke --door zero-ngram", "219", "more than dim 216" },
        { "train --steps 0", "'0'", "from 1" },
        { "train --seed -1", "'-1'", "from 0" },
        { "train --precision float8", "'float8'", "bfloat16" },
        { "train --text missing.txt", "missing.txt", "no such file" },
        { "train --windows missing.bin", "missing.bin", "no such file" },
        { "evaluate --weights missing.safetensors", "missing.safetensors", "" },
        { "evaluate --device tpu", "'tpu'", "auto, cpu or cuda" },
        { "generate --weights missing.safetensors", "missing.safetensors", "" },
        { "generate --bytes -1", "'-1'", "from 0 to 1000000" },
        { "generate --bytes many", "'many'", "from 0 to 1000000" },
        { "generate --temperature -0.1", "'-0.1'", "from 0 to 100" },
        { "generate --temperature NaN", "'NaN'", "from 0 to 100" },
        { "generate --temperature 0,5", "'0,5'", "Write a point: 0.5." },
        { "generate --bytes 1,000", "'1,000'", "from 0 to 1000000" },
        { "generate --top-p 0", "'0'", "above 0 up to 1" },
        { "generate --top-k 259", "'259'", "from 0 to 258" },
        { "generate --seed x", "'x'", "from 0" },
        { "generate --window 4498", "4498", "0 to 4497" },
        { "generate --window -1", "-1", "0 to 4497" },
        { "generate --window missing.bin", "missing.bin", "neither" },
        { "generate --window 0 --prompt x", "--window", "--prompt" },
        { "frobnicate", "frobnicate", "" },
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public void A_wrong_option_is_refused(string arguments, string value, string limit)
    {
        string[] output = arguments.StartsWith("train", StringComparison.Ordinal)
            || arguments.StartsWith("generate --window", StringComparison.Ordinal) ? ["--out", Out] : [];
        (int exitCode, _, string error) = SampleProcess.Run(TrainedModel.Assembly, [.. arguments.Split(' '), .. output]);
        Assert.Equal(1, exitCode);
        Assert.Contains(value, error, StringComparison.Ordinal);
        Assert.Contains(limit, error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", error, StringComparison.Ordinal); // no stack trace
        Assert.False(Directory.Exists(Out));
    }

    /// <summary>Another run cannot resume from a checkpoint, and a new run cannot overwrite it.</summary>
    [Theory]
    [InlineData("belongs to another run", "--resume", "--seed", "1")]
    [InlineData("--resume")]
    public void An_earlier_runs_checkpoint_is_safe(string message, params string[] arguments)
    {
        Directory.CreateDirectory(Out);
        foreach (string name in (string[])["checkpoint.safetensors", "evaluations.jsonl", "model.safetensors"])
            File.Copy(Path.Combine(trained.Out, name), Path.Combine(Out, name));
        (int exitCode, _, string error) = TrainedModel.Train(Out, arguments);
        Assert.Equal(1, exitCode);
        Assert.Contains("checkpoint.safetensors", error, StringComparison.Ordinal);
        Assert.Contains(message, error, StringComparison.Ordinal);
        Assert.Equal(trained.Read("evaluations.jsonl"), File.ReadAllText(Path.Combine(Out, "evaluations.jsonl")));
    }

    private JsonNode[] Lines(string name) =>
        [.. trained.Read(name).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonNode.Parse(line)!)];

    private static List<Event> Events(string path)
    {
        List<Event> events = [];
        ReadOnlySpan<byte> rest = File.ReadAllBytes(path);
        while (rest.Length > 0)
        {
            int length = (int)BinaryPrimitives.ReadUInt64LittleEndian(rest);
            Assert.Equal(Masked(rest[..8]), BinaryPrimitives.ReadUInt32LittleEndian(rest[8..]));
            ReadOnlySpan<byte> content = rest.Slice(12, length);
            Assert.Equal(Masked(content), BinaryPrimitives.ReadUInt32LittleEndian(rest[(12 + length)..]));
            events.Add(Event.Parser.ParseFrom(content.ToArray()));
            rest = rest[(16 + length)..];
        }

        return events;
    }

    /// <summary>CRC-32C, rotated and offset as TensorFlow's record format requires.</summary>
    private static uint Masked(ReadOnlySpan<byte> bytes)
    {
        uint crc = uint.MaxValue;
        foreach (byte value in bytes) crc = BitOperations.Crc32C(crc, value);
        return BitOperations.RotateRight(~crc, 15) + 0xA282EAD8;
    }

    /// <summary>With --checkpoint-minutes 0, a finished run leaves no checkpoint.</summary>
    [Theory]
    [InlineData()]
    [InlineData("--resume")]
    public void An_earlier_model_without_a_checkpoint_is_safe(params string[] arguments)
    {
        Directory.CreateDirectory(Out);
        string weights = Path.Combine(Out, "model.safetensors");
        File.Copy(trained.Weights, weights);
        (int exitCode, _, string error) = TrainedModel.Train(Out, arguments);
        Assert.Equal(1, exitCode);
        Assert.Contains($"{weights} exists from an earlier run", error, StringComparison.Ordinal);
        Assert.Equal(File.ReadAllBytes(trained.Weights), File.ReadAllBytes(weights));
    }

    /// <summary>Training may write better weights while the earlier ones are scored.</summary>
    [Fact]
    public void Scores_are_written_only_into_the_file_that_was_scored()
    {
        Directory.CreateDirectory(Out);
        string weights = Path.Combine(Out, "model.safetensors");
        File.Copy(trained.Weights, weights);
        (Scores scores, _) = Provenance.Read(weights);
        string digest = Provenance.Digest(weights);
        Provenance.Update(weights, digest, scores with { Text = 1.5 });
        Assert.Equal(1.5, Provenance.Read(weights).Scores.Text);
        SafetensorsHeader before = Safetensors.ReadHeader(trained.Weights), after = Safetensors.ReadHeader(weights);
        Assert.Equal(before.Metadata.Where(entry => entry.Key != "scores"), after.Metadata.Where(entry => entry.Key != "scores"));
        Assert.Equal(File.ReadAllBytes(trained.Weights)[(int)before.DataStart..], File.ReadAllBytes(weights)[(int)after.DataStart..]);

        byte[] updated = File.ReadAllBytes(weights);
        Assert.Contains("has changed", Assert.Throws<IOException>(() => Provenance.Update(weights, digest, scores)).Message,
            StringComparison.Ordinal);
        Assert.Equal(updated, File.ReadAllBytes(weights));
    }

    [Fact]
    public void A_stored_score_of_NaN_is_an_error()
    {
        Directory.CreateDirectory(Out);
        string weights = Path.Combine(Out, "model.safetensors");
        File.Copy(trained.Weights, weights);
        Provenance.Update(weights, Provenance.Digest(weights), Provenance.Read(weights).Scores with { Text = double.NaN });
        InvalidDataException error = Assert.Throws<InvalidDataException>(() => Provenance.Read(weights));
        Assert.Contains("not finite", error.Message, StringComparison.Ordinal);
    }
}
