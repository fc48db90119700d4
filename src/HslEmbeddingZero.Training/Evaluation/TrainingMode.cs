using static TorchSharp.torch;

namespace HslEmbeddingZero.Training;

/// <summary>
/// Puts a module into training or evaluation mode until it is disposed. Then every submodule has its own earlier mode again: a caller may
/// keep a part of a model in evaluation mode while the rest is trained.
/// </summary>
internal sealed class TrainingMode : IDisposable
{
    private readonly (nn.Module Module, bool WasTraining)[] _before;

    public TrainingMode(nn.Module module, bool isTraining)
    {
        _before = [(module, module.training), .. module.modules().Select(part => (part, part.training))];
        module.train(isTraining);
    }

    public void Dispose()
    {
        // A mode is set for all submodules, so the inner modules come after those around them.
        foreach ((nn.Module module, bool wasTraining) in _before) module.train(wasTraining);
    }
}
