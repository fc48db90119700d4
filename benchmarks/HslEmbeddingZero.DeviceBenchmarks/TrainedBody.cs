using HslEmbeddingZero.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace HslEmbeddingZero.DeviceBenchmarks;

/// <summary>
/// A body with a text batch and an optimizer: TorchSharp's AdamW with its norm clipping, or the fused update of flat buffers.
/// </summary>
internal sealed class TrainedBody : IDisposable
{
    private readonly ByteTransformer _body;
    private readonly optim.Optimizer? _shipped;
    private readonly FusedAdamW? _fused;
    private readonly Tensor _slots;
    private readonly Tensor _stream;
    private readonly Tensor _targets;

    public TrainedBody(ByteTransformerOptions options, bool fused, Device device, ScalarType type = ScalarType.Float32, int batch = 4)
    {
        _body = new ByteTransformer(options);
        _body.to(type).to(device);
        if (fused)
        {
            _fused = new FusedAdamW(_body);
        }
        else
        {
            _shipped = optim.AdamW(_body.parameters(), lr: 3e-4, beta1: 0.9, beta2: 0.95, weight_decay: 0.1);
        }

        _slots = randn([batch, 64, options.Dim], type, device);
        _stream = randn([batch, 256, options.Dim], type, device);
        _targets = randint(0, 256, [batch, 256], ScalarType.Int64, device);
    }

    /// <summary>Forward and backward pass: leaves gradients.</summary>
    public void Pass()
    {
        using DisposeScope scope = NewDisposeScope();
        _shipped?.zero_grad();
        LanguageModelLoss.NatsPerByte(_body.forward(_slots, _stream), _targets).backward();
    }

    /// <summary>Clipping and update.</summary>
    public void Update()
    {
        if (_fused is not null)
        {
            _fused.Step(3e-4);
        }
        else
        {
            nn.utils.clip_grad_norm_(_body.parameters(), 1.0);
            _shipped!.step();
        }
    }

    public void Dispose()
    {
        _shipped?.Dispose();
        _fused?.Dispose();
        _body.Dispose();
        _slots.Dispose();
        _stream.Dispose();
        _targets.Dispose();
    }
}
