using TorchSharp;
using static TorchSharp.torch;

namespace HslEmbeddingZero.Training.Tests.Runs;

/// <summary>
/// libtorch's meta device has shapes and types, but no values. Like CUDA, it takes the accelerator's form of an operation, and refuses
/// operations that exist on a CPU only. The parts of a training step run on it, forward and backward, in the form that CUDA gets.
/// </summary>
/// <remarks>
/// The whole body cannot run on it: layer norm, rotary positions, attention and the gather of a door call operations without a meta kernel
/// in libtorch's C++ part (PyTorch has these kernels in Python). In the accelerator's form, they are tested on the CPU: BodyDeviceTests,
/// <see cref="OperationBudgetTests"/> and
/// <see cref="DropoutSeedTests"/>.
/// </remarks>
public sealed class MetaDeviceTests : IDisposable
{
    private static readonly Device Meta = device("meta");
    private static readonly DeviceForm Form = new();

    private readonly DisposeScope _scope = NewDisposeScope();

    public void Dispose() => _scope.Dispose();

    public static TheoryData<ScalarType> Types => new(ScalarType.Float32, ScalarType.BFloat16);

    [Theory]
    [MemberData(nameof(Types))]
    public void Memory_runs_forward_and_backward_as_one_chunk(ScalarType type)
    {
        Tensor qk = Leaf([2, 3, 4, 607, 16], type), value = Leaf([3, 4, 607, 16], type);
        Tensor[] features = FastWeightMemory.Positive(qk).unbind(0);
        Tensor read = FastWeightMemory.Forward(features[0], features[1], value,
            FastWeightMemory.ChunkFor(64, 607, Form.IsAccelerator(value)));
        Backward(read, [3, 4, 607, 16], type, qk, value);
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void The_feed_forward_its_flat_gradients_and_the_loss_run_forward_and_backward(ScalarType type)
    {
        using Dropout dropout = new(0.1, Form);
        using FeedForward module = new(ByteIds.Count, new LinearKernel(), dropout);
        module.to(type);
        module.to(Meta);
        module.train();
        using FlatParameters parameters = new(module);
        using LossMeter meter = new(3, 1, Meta, new Collective(null, new(), Meta));
        for (int microBatch = 0; microBatch < 2; microBatch++)
        {
            dropout.Seed(1, Meta);
            Tensor logits = module.forward(zeros([3, 70, ByteIds.Count], type, Meta));
            Tensor targets = zeros([3, 70], ScalarType.Byte, Meta);
            Tensor loss = LanguageModelLoss.NatsPerByte(logits, targets);
            meter.Add(1, loss.detach());
            loss.backward();
            parameters.AccumulateGradient();
            Assert.Equal(new long[] { 3, 70 }, LanguageModelLoss.NatsOfEachByte(logits.detach(), targets).shape);
        }

        Assert.All(module.parameters(), p => Assert.Equal(DeviceType.META, p.grad!.device_type));
        parameters.CopyMasterToModel();
        parameters.ZeroGradient();
        Assert.Equal((ScalarType.Float32, DeviceType.META), (parameters.Gradient.dtype, parameters.Gradient.device_type));
    }

    /// <summary>Shows that the tests above can fail: reading a value is refused on the meta device.</summary>
    [Fact]
    public void A_number_cannot_be_read()
    {
        Assert.ThrowsAny<Exception>(() => zeros([1], device: Meta).item<float>());
        using ZeroDoor door = new(2, 64);
        door.to(Meta);
        Assert.ThrowsAny<Exception>(() => door.forward(zeros([1, 4], ScalarType.Int16, Meta))); // its check of ids reads two values
    }

    private static Tensor Leaf(long[] shape, ScalarType type) => zeros(shape, type, Meta, requires_grad: true);

    private static void Backward(Tensor output, long[] shape, ScalarType type, params Tensor[] leaves)
    {
        Assert.Equal(shape, output.shape);
        Assert.Equal((type, DeviceType.META), (output.dtype, output.device_type));
        output.sum().backward();
        Assert.All(leaves, leaf => Assert.Equal((leaf.dtype, DeviceType.META), (leaf.grad!.dtype, leaf.grad!.device_type)));
    }
}
