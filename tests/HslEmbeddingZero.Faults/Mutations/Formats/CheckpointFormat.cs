using HslEmbeddingZero.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace HslEmbeddingZero.Faults;

/// <summary>
/// A checkpoint loaded into a run at another step. Afterwards the run has the state of the checkpoint, or it has not changed at all.
/// </summary>
internal sealed class CheckpointFormat : DamagedFormat
{
    private readonly string _path;
    private readonly string _other;
    private readonly byte[] _valid;
    private readonly byte[] _elsewhere;
    private readonly ByteLanguageModel _model;
    private readonly Trainer _trainer;

    public CheckpointFormat(string folder)
    {
        _path = Path.Combine(folder, "run.safetensors");
        _other = Path.Combine(folder, "state.safetensors");
        _model = SmallCorpus.Model();
        _trainer = new Trainer(_model, SmallCorpus.Sources(folder), SmallCorpus.Options);
        _trainer.Run(stopAt: 2);
        _valid = State();
        _trainer.Run(stopAt: 4);
        _elsewhere = State();
    }

    public override string? Read(Random random)
    {
        byte[] damaged = Mutator.Damage(_valid, random, isText: random.Next(3) == 0, 0);
        File.WriteAllBytes(_path, damaged);
        string? refusal = Refusal(_path, () => _trainer.LoadCheckpoint(_path),
            error => error is SafetensorsException or CheckpointException);
        Require(State().AsSpan().SequenceEqual(refusal is null ? _valid : _elsewhere),
            refusal is null ? "the run is not where its checkpoint was taken" : "a refused checkpoint has changed the run");
        if (refusal is not null) return refusal;
        File.WriteAllBytes(_path, _elsewhere);
        _trainer.LoadCheckpoint(_path);
        return null;
    }

    public override void Dispose()
    {
        _trainer.Dispose();
        _model.Dispose();
        base.Dispose();
    }

    /// <summary>The whole state of the run, as a checkpoint saves it.</summary>
    private byte[] State()
    {
        using DisposeScope scope = NewDisposeScope();
        _trainer.SaveCheckpoint(_other);
        return File.ReadAllBytes(_other);
    }
}
