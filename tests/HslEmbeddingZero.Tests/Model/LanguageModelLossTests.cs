using TorchSharp;
using static TorchSharp.torch;

namespace HslEmbeddingZero.Tests;

public sealed class LanguageModelLossTests : IDisposable
{
    private const int Rows = 4, Length = 6;

    private readonly DisposeScope _scope = NewDisposeScope();

    private readonly Tensor _logits;
    private readonly Tensor _targets;

    public LanguageModelLossTests()
    {
        using Generator random = new(3);
        _logits = randn([Rows, Length, ByteIds.Count], ScalarType.Float32, CPU, generator: random) * 2;
        _targets = randint(0, 256, [Rows, Length], ScalarType.Int16, CPU, generator: random);
    }

    public void Dispose() => _scope.Dispose();

    /// <summary>Row i has i + 1 ids to score. Its mean is that of the row without its padding.</summary>
    [Fact]
    public void Padded_samples_are_scored_as_each_one_alone()
    {
        Tensor padded = Padded();
        double[] alone = [.. Enumerable.Range(0, Rows).Select(row =>
            Value(LanguageModelLoss.NatsPerByte(Cut(_logits, row), Cut(_targets, row))))];
        Assert.Equal(alone.Average(), Value(LanguageModelLoss.NatsPerByteOfSamples(_logits, padded)), 1e-5);
        Tensor each = LanguageModelLoss.NatsOfEachByte(_logits, padded);
        for (int row = 0; row < Rows; row++)
        {
            Assert.Equal(alone[row] * (row + 1), each[row].sum().item<float>(), 1e-4);
            Assert.All(each[row, (row + 1)..].data<float>(), nats => Assert.Equal(0, nats));
        }

        static Tensor Cut(Tensor tensor, int row) => tensor.narrow(0, row, 1).narrow(1, 0, row + 1);
    }

    /// <summary>The mean over bytes would count a long sample more than a short one.</summary>
    [Fact]
    public void The_mean_over_samples_is_not_the_mean_over_bytes()
    {
        Tensor padded = Padded();
        Tensor each = LanguageModelLoss.NatsOfEachByte(_logits, padded);
        Assert.Equal(each.sum().item<float>() / 10, Value(LanguageModelLoss.NatsPerByte(_logits, padded)), 1e-5);
        Assert.NotEqual(
            Value(LanguageModelLoss.NatsPerByte(_logits, padded)), Value(LanguageModelLoss.NatsPerByteOfSamples(_logits, padded)), 1e-3);
    }

    [Fact]
    public void Without_padding_both_means_are_one() => Assert.Equal(
        Value(LanguageModelLoss.NatsPerByte(_logits, _targets)), Value(LanguageModelLoss.NatsPerByteOfSamples(_logits, _targets)), 1e-5);

    [Fact]
    public void Padding_has_no_gradient()
    {
        Tensor logits = _logits.detach().requires_grad_();
        LanguageModelLoss.NatsPerByteOfSamples(logits, Padded()).backward();
        for (int row = 0; row < Rows; row++)
        {
            Assert.All(logits.grad![row, (row + 1)..].contiguous().data<float>(), value => Assert.Equal(0, value));
            Assert.All(
                logits.grad[row, ..(row + 1)].abs().sum(1).data<float>(), sum => Assert.True(sum > 0.1 / (Rows * (row + 1)), $"{sum}"));
        }
    }

    [Fact]
    public void The_loss_of_a_batch_is_the_mean_of_any_division_of_it()
    {
        Tensor padded = Padded();
        double whole = Value(LanguageModelLoss.NatsPerByteOfSamples(_logits, padded));
        foreach (long[] first in (long[][])[[0, 1], [0, 3], [1, 2]])
        {
            long[] others = [.. Enumerable.Range(0, Rows).Select(row => (long)row).Except(first)];
            Assert.Equal(whole, (Of(first) + Of(others)) / 2, 1e-5);
        }

        double Of(long[] rows) => Value(LanguageModelLoss.NatsPerByteOfSamples(
            _logits.index_select(0, tensor(rows)), padded.index_select(0, tensor(rows))));
    }

    [Fact]
    public void What_the_logits_of_padding_are_does_not_matter()
    {
        Tensor padded = Padded(), others = _logits.clone();
        double before = Value(LanguageModelLoss.NatsPerByteOfSamples(_logits, padded));
        for (int row = 0; row < Rows; row++) others[row, (row + 1)..].fill_(-30);
        Assert.Equal(before, Value(LanguageModelLoss.NatsPerByteOfSamples(others, padded)));
    }

    [Fact]
    public void The_result_is_a_float32_scalar_in_the_open_scope_and_nothing_else_is_left()
    {
        Tensor logits = _logits.to(ScalarType.BFloat16);
        using DisposeScope scope = NewDisposeScope();
        Tensor loss = LanguageModelLoss.NatsPerByteOfSamples(logits, _targets);
        Assert.Equal((ScalarType.Float32, 0L), (loss.dtype, loss.dim()));
        Assert.Equal(1, scope.DisposablesCount);
    }

    /// <summary>The targets, with MASK after the first i + 1 ids of row i.</summary>
    private Tensor Padded()
    {
        Tensor padded = _targets.clone();
        for (int row = 0; row < Rows; row++) padded[row, (row + 1)..].fill_(ByteIds.Mask);
        return padded;
    }

    private static double Value(Tensor loss) => loss.item<float>();
}
