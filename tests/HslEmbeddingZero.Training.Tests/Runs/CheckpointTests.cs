using System.Globalization;
using HslEmbeddingZero.Tests;
using TorchSharp;
using static TorchSharp.torch;

namespace HslEmbeddingZero.Training.Tests.Runs;

public sealed class CheckpointTests : IDisposable
{
    /// <summary>The bytes of a checkpoint after one step.</summary>
    private static readonly Lazy<byte[]> OneStep = new(() =>
    {
        using TemporaryFolder folder = new();
        using TinyRun run = new(TinyRun.Options);
        run.Trainer.Run(stopAt: 1);
        run.Trainer.SaveCheckpoint(folder.PathOf("one.checkpoint"));
        return File.ReadAllBytes(folder.PathOf("one.checkpoint"));
    });

    /// <summary>The weights after three steps without a checkpoint.</summary>
    private static readonly Lazy<SortedDictionary<string, byte[]>> ThreeSteps = new(() =>
    {
        using TinyRun run = new(TinyRun.Options);
        run.Trainer.Run(stopAt: 3);
        return run.Weights;
    });

    private readonly TemporaryFolder _folder = new();

    private string Checkpoint => _folder.PathOf("run.checkpoint.safetensors");

    public void Dispose() => _folder.Dispose();

    /// <summary>Stops at an odd step between two reports, so that the sums for the next report must be saved too.</summary>
    [Theory]
    [InlineData("zero", Precision.Float32)]
    [InlineData("learned", Precision.Float32)]
    [InlineData("embedding", Precision.BFloat16)]
    public void Resumed_equals_uninterrupted_bit_for_bit(string arm, Precision precision)
    {
        TrainerOptions options = TinyRun.Options with { Steps = 9, GradientAccumulationSteps = 3, Precision = precision };
        string[] expected = Train(options, arm, "whole.jsonl", out SortedDictionary<string, byte[]>? weights);

        using (TinyRun first = new(options, arm))
        {
            using MetricsLog log = new(_folder.PathOf("parts.jsonl"));
            first.Trainer.Run(log, stopAt: 5);
            first.Trainer.SaveCheckpoint(Checkpoint);
            first.Trainer.Run(log, stopAt: 8); // lost: the run continued after the checkpoint
        }

        using TinyRun second = new(options, arm);
        second.Trainer.LoadCheckpoint(Checkpoint);
        Assert.Equal(5, second.Trainer.Step);
        Assert.Equal(5 * options.BatchSize * TinyRun.IdsPerRow(TinyRun.Sources), second.Trainer.BytesRead);
        Assert.True(second.Trainer.Elapsed > TimeSpan.Zero);
        using (MetricsLog log = new(_folder.PathOf("parts.jsonl"), second.Trainer.Step))
            second.Trainer.Run(log);
        Assert.Equal(expected, WithoutTimes("parts.jsonl"));
        Assert.Equal(weights, second.Weights);
    }

    [Fact]
    public void A_checkpoint_of_the_start_and_one_of_the_end_are_good()
    {
        Train(TinyRun.Options, "zero", "whole.jsonl", out SortedDictionary<string, byte[]> weights);
        using (TinyRun start = new(TinyRun.Options)) start.Trainer.SaveCheckpoint(Checkpoint);
        using (TinyRun run = new(TinyRun.Options))
        {
            run.Trainer.LoadCheckpoint(Checkpoint);
            run.Trainer.Run();
            Assert.Equal(weights, run.Weights);
            run.Trainer.SaveCheckpoint(Checkpoint);
        }

        using TinyRun done = new(TinyRun.Options);
        done.Trainer.LoadCheckpoint(Checkpoint);
        done.Trainer.Run();
        Assert.Equal(weights, done.Weights);
    }

    [Fact]
    public void A_checkpoint_can_be_loaded_into_a_run_that_went_further()
    {
        Train(TinyRun.Options, "zero", "whole.jsonl", out SortedDictionary<string, byte[]> weights);
        using TinyRun run = new(TinyRun.Options);
        run.Trainer.Run(stopAt: 3);
        run.Trainer.SaveCheckpoint(Checkpoint);
        run.Trainer.Run(stopAt: 7);
        run.Trainer.LoadCheckpoint(Checkpoint);
        run.Trainer.Run();
        Assert.Equal(weights, run.Weights);
    }

    [Fact]
    public void A_bfloat16_checkpoint_holds_float32_master_weights()
    {
        using TinyRun run = new(TinyRun.Options with { Precision = Precision.BFloat16 });
        run.Trainer.Run(stopAt: 3);
        run.Trainer.SaveCheckpoint(Checkpoint);
        Assert.All(run.Model.parameters(), p => Assert.Equal(ScalarType.BFloat16, p.dtype));
        using DisposeScope scope = NewDisposeScope();
        IReadOnlyDictionary<string, Tensor> saved = Safetensors.Load(Checkpoint);
        int finer = 0;
        foreach ((string name, TorchSharp.Modules.Parameter parameter) in run.Model.named_parameters())
        {
            foreach (string prefix in new[] { "model.", "first_moment.", "second_moment." })
                Assert.Equal(ScalarType.Float32, saved[prefix + name].dtype);
            Assert.True(saved["model." + name].to(ScalarType.BFloat16).equal(parameter).all().item<bool>());
            finer += saved["model." + name].ne(parameter.to(ScalarType.Float32)).sum().item<long>() > 0 ? 1 : 0;
        }

        Assert.True(finer > 5);
    }

    [Fact]
    public void Saving_replaces_the_file_and_leaves_nothing_beside_it()
    {
        File.WriteAllText(Checkpoint, "older");
        using TinyRun run = new(TinyRun.Options);
        run.Trainer.SaveCheckpoint(Checkpoint);
        run.Trainer.LoadCheckpoint(Checkpoint);
        Assert.Equal([Checkpoint], Directory.GetFiles(Path.GetDirectoryName(Checkpoint)!));
    }

    public static TheoryData<string, string> Others => new()
    {
        { "seed", "Seed is 5, and was 6" },
        { "dim", "body.Dim is 64, and was 128" },
        { "bytes per slot", "bytesPerSlot is 2, and was 1" },
        { "steps", "Steps is 8, and was 9" },
        { "precision", "Precision is Float32, and was BFloat16" },
        { "zero-standardized", "door" },
        { "projection", "door is ZeroDoor, and was ProjectionDoor" },
        { "learned", "door" },
        { "random", "door" },
        { "permuted", "door" },
    };

    [Theory]
    [MemberData(nameof(Others))]
    public void Another_runs_checkpoint_is_refused(string difference, string named)
    {
        TrainerOptions options = TinyRun.Options;
        using (TinyRun other = difference switch
        {
            "seed" => new(options with { Seed = 6 }),
            "dim" => new(options, dim: 128),
            "bytes per slot" => new(options, bytesPerSlot: 1),
            "steps" => new(options with { Steps = 9 }),
            "precision" => new(options with { Precision = Precision.BFloat16 }),
            _ => new(options, arm: difference),
        })
        {
            other.Trainer.Run(stopAt: 1);
            other.Trainer.SaveCheckpoint(Checkpoint);
        }

        CheckpointException error = Refused<CheckpointException>();
        Assert.Contains("another run", error.Message, StringComparison.Ordinal);
        Assert.Contains(named, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('{', error.Message); // names and values, not two lines of JSON
    }

    [Fact]
    public void A_checkpoint_of_other_codes_is_refused_and_one_of_the_same_goes_on()
    {
        NgramCodes codes = new() { Orders = [2, 3], ColumnsPerOrder = 5 };
        using (TinyRun run = new(TinyRun.Options, codes: codes))
        {
            run.Trainer.Run(stopAt: 1);
            run.Trainer.SaveCheckpoint(Checkpoint);
        }

        foreach (NgramCodes? others in new[] { null, codes with { Orders = [2, 4] }, codes with { Amplitude = 1 },
            codes with { InSlots = true } })
        {
            using TinyRun other = new(TinyRun.Options, codes: others);
            Assert.Contains("door", Assert.Throws<CheckpointException>(() => other.Trainer.LoadCheckpoint(Checkpoint)).Message,
                StringComparison.Ordinal);
        }

        using TinyRun same = new(TinyRun.Options, codes: codes with { });
        same.Trainer.LoadCheckpoint(Checkpoint);
        Assert.Equal(1, same.Trainer.Step);
    }

    [Theory]
    [InlineData(0.0)]
    [InlineData(0.001)]
    [InlineData(0.5)]
    [InlineData(0.9999)]
    public void A_truncated_file_is_refused(double share)
    {
        SaveOne();
        using (FileStream file = File.OpenWrite(Checkpoint)) file.SetLength((long)(file.Length * share));
        Refused<SafetensorsException>();
    }

    [Fact]
    public void Plain_weights_are_no_checkpoint()
    {
        using (TinyRun run = new(TinyRun.Options)) run.Model.SaveWeights(Checkpoint);
        Assert.Contains("not a checkpoint", Refused<CheckpointException>().Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("step", "-1")]
    [InlineData("step", "9")]
    [InlineData("step", "2.5")]
    [InlineData("step", "")]
    [InlineData("step", null)]
    [InlineData("bytes_read", "-5")]
    [InlineData("bytes_read", null)]
    [InlineData("seconds", "NaN")]
    [InlineData("seconds", "-1")]
    [InlineData("seconds", null)]
    [InlineData("format", "HslEmbeddingZero checkpoint 0")]
    [InlineData("run", null)]
    [InlineData("sha256", "00")]
    [InlineData("sha256", null)]
    public void Metadata_out_of_range_is_refused(string key, string? value)
    {
        Rewrite((_, metadata) =>
        {
            if (value is null) metadata.Remove(key);
            else metadata[key] = value;
        });
        CheckpointException error = Refused<CheckpointException>();
        if (key != "run") Assert.Contains($"'{value}'", error.Message, StringComparison.Ordinal);
        if (key == "step") Assert.Contains("0 to 8", error.Message, StringComparison.Ordinal);
    }

    /// <summary>21 and 42 ticks have no exact value in seconds. Converted back, they come out lower.</summary>
    [Theory]
    [InlineData(21)]
    [InlineData(42)]
    [InlineData(36_000_000_001)]
    public void The_time_of_a_run_is_kept_to_the_tick(long ticks)
    {
        SaveOne();
        Dictionary<string, string> metadata = new(Safetensors.ReadHeader(Checkpoint).Metadata)
        {
            ["seconds"] = new TimeSpan(
            ticks).TotalSeconds.ToString("R", CultureInfo.InvariantCulture)
        };
        using (DisposeScope scope = NewDisposeScope())
        {
            IReadOnlyDictionary<string, Tensor> tensors = Safetensors.Load(Checkpoint);
            CheckpointDigest.Seal(metadata, tensors);
            Safetensors.Save(Checkpoint, tensors, metadata);
        }

        using TinyRun run = new(TinyRun.Options);
        run.Trainer.LoadCheckpoint(Checkpoint);
        Assert.Equal(ticks, run.Trainer.Elapsed.Ticks);
    }

    [Theory]
    [InlineData("model.body.head.weight")]
    [InlineData("first_moment.body.norm.bias")]
    [InlineData("second_moment.body.norm.bias")]
    [InlineData("loss.since_report")]
    public void A_missing_or_misshapen_tensor_is_refused(string name)
    {
        Rewrite((tensors, _) => tensors.Remove(name));
        Assert.Contains(name, Refused<SafetensorsException>().Message, StringComparison.Ordinal);
        Rewrite((tensors, _) => tensors[name] = tensors[name].narrow(0, 0, 1).contiguous());
        Assert.Contains(name, Refused<IOException>().Message, StringComparison.Ordinal);
    }

    /// <summary>
    /// The first format resumed dropout from a saved state, and the second had samples of three modalities. Neither run could continue
    /// unchanged.
    /// </summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void A_checkpoint_of_an_earlier_format_is_refused_by_its_name(int version)
    {
        Rewrite((_, metadata) => metadata["format"] = $"HslEmbeddingZero checkpoint {version}");
        string message = Refused<CheckpointException>().Message;
        Assert.Contains(
            $"a checkpoint of another version (format 'HslEmbeddingZero checkpoint {version}', expected 'HslEmbeddingZero checkpoint 3')",
            message, StringComparison.Ordinal);
        Assert.Contains("Delete the file", message, StringComparison.Ordinal);
    }

    /// <summary>At any place: weights, moments or metadata. Only the spaces after the header have no meaning.</summary>
    [Fact]
    public void A_flipped_bit_is_refused()
    {
        SaveOne();
        using TinyRun run = new(TinyRun.Options);
        byte[] whole = File.ReadAllBytes(Checkpoint);
        int header = 8 + BitConverter.ToInt32(whole);
        Random random = new(1);
        for (int i = 0; i < 60; i++)
        {
            byte[] damaged = whole.ToArray();
            damaged[i % 2 == 0 ? random.Next(8, header - 8) : random.Next(header, whole.Length)] ^= (byte)(1 << random.Next(7));
            File.WriteAllBytes(Checkpoint, damaged);
            Assert.ThrowsAny<IOException>(() => run.Trainer.LoadCheckpoint(Checkpoint));
        }

        File.WriteAllBytes(Checkpoint, whole);
        run.Trainer.LoadCheckpoint(Checkpoint);
    }

    [Fact]
    public void A_missing_file_is_an_IO_error() => Refused<IOException>();

    private string[] Train(TrainerOptions options, string arm, string metrics, out SortedDictionary<string, byte[]> weights)
    {
        using TinyRun run = new(options, arm);
        using (MetricsLog log = new(_folder.PathOf(metrics))) run.Trainer.Run(log);
        weights = run.Weights;
        return WithoutTimes(metrics);
    }

    /// <summary>The lines of a metrics file without its times. There is at least one.</summary>
    private string[] WithoutTimes(string name)
    {
        string[] lines = LogFile.WithoutTimes(_folder.PathOf(name));
        Assert.NotEmpty(lines);
        return lines;
    }

    private void SaveOne() => File.WriteAllBytes(Checkpoint, OneStep.Value);

    private void Rewrite(Action<Dictionary<string, Tensor>, Dictionary<string, string>> change)
    {
        SaveOne();
        using DisposeScope scope = NewDisposeScope();
        Dictionary<string, string> metadata = new(Safetensors.ReadHeader(Checkpoint).Metadata);
        Dictionary<string, Tensor> tensors = new(Safetensors.Load(Checkpoint));
        change(tensors, metadata);
        Safetensors.Save(Checkpoint, tensors, metadata);
    }

    /// <summary>Loads the checkpoint into a new run, which must refuse it and continue as if nothing had happened.</summary>
    private TException Refused<TException>()
        where TException : Exception
    {
        using TinyRun run = new(TinyRun.Options);
        run.Trainer.Run(stopAt: 2);
        TException error = Assert.ThrowsAny<TException>(() => run.Trainer.LoadCheckpoint(Checkpoint));
        Assert.Contains(Checkpoint, error.Message, StringComparison.Ordinal);
        Assert.Equal(2, run.Trainer.Step);
        run.Trainer.Run(stopAt: 3);
        Assert.Equal(ThreeSteps.Value, run.Weights);
        return error;
    }
}
