using static TorchSharp.torch;

namespace HslEmbeddingZero;

/// <summary>A door and a body joined: context bytes become prefix slots, target bytes the stream, and every target byte is predicted.</summary>
public sealed class ByteLanguageModel : nn.Module<Tensor, Tensor, Tensor>
{
    private const string BodyPrefix = "body.";

#pragma warning disable IDE1006 // A field's name is its key in the state dictionary.
    private readonly InputDoor door;
    private readonly ByteTransformer body;
#pragma warning restore IDE1006

    /// <summary>Joins a door and a body of the same width; the model owns both.</summary>
    /// <exception cref="ArgumentException">The widths differ.</exception>
    public ByteLanguageModel(InputDoor door, ByteTransformer body) : base(nameof(ByteLanguageModel))
    {
        ArgumentNullException.ThrowIfNull(door);
        ArgumentNullException.ThrowIfNull(body);
        if (door.Dim != body.Options.Dim)
            throw new ArgumentException($"The door gives slots of {door.Dim} columns, the body takes {body.Options.Dim}.", nameof(door));
        this.door = door;
        this.body = body;
        RegisterComponents();
    }

    /// <summary>How bytes enter.</summary>
    public InputDoor Door => door;

    /// <summary>What reads them.</summary>
    public ByteTransformer Body => body;

    /// <summary>Logits of every target byte, each from the context and the targets before it.</summary>
    /// <param name="contextIds">[B, Lc] ids; Lc may be 0.</param>
    /// <param name="targetIds">[B, L] ids.</param>
    /// <returns>[B, L, 258] logits.</returns>
    /// <exception cref="ArgumentException">Ids of a wrong type or rank, or different batch sizes.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An id outside 0..257.</exception>
    public override Tensor forward(Tensor contextIds, Tensor targetIds)
    {
        ArgumentNullException.ThrowIfNull(contextIds);
        ArgumentNullException.ThrowIfNull(targetIds);
        if (contextIds.dim() != 2 || targetIds.dim() != 2 || contextIds.shape[0] != targetIds.shape[0] || targetIds.shape[1] == 0)
        {
            throw new ArgumentException(
                $"Expected context [B, Lc] and targets [B, L] with L of 1 or more; got [{string.Join(", ", contextIds.shape)}] and "
                + $"[{string.Join(", ", targetIds.shape)}].", nameof(targetIds));
        }

        using var scope = NewDisposeScope();
        // Position j reads target j-1; the first reads the 0x00 origin.
        Tensor origin = zeros([targetIds.shape[0], 1], targetIds.dtype, targetIds.device);
        Tensor shifted = cat([origin, targetIds.narrow(1, 0, targetIds.shape[1] - 1)], 1);
        return body.forward(door.forward(contextIds), door.Stream(shifted)).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// The weights by the originals' key names (self_blocks.0.qkv.weight, ...), those of a learned door under "door.". The tensors are
    /// the model's own.
    /// </summary>
    public IReadOnlyDictionary<string, Tensor> Weights() =>
        state_dict().ToDictionary(e => e.Key.StartsWith(BodyPrefix, StringComparison.Ordinal) ? e.Key[BodyPrefix.Length..] : e.Key, e => e.Value);

    /// <summary>Writes the weights as safetensors, atomically.</summary>
    /// <param name="path">File to write.</param>
    /// <param name="metadata">Text kept in the file's header.</param>
    public void SaveWeights(string path, IReadOnlyDictionary<string, string>? metadata = null) => Safetensors.Save(path, Weights(), metadata);

    /// <summary>Reads weights that <see cref="SaveWeights"/> or the originals wrote. Nothing changes unless every key and shape fits.</summary>
    /// <exception cref="SafetensorsException">A damaged or foreign file; a missing or extra key; a wrong shape.</exception>
    public void LoadWeights(string path)
    {
        IReadOnlyDictionary<string, Tensor> tensors = Safetensors.Load(path);
        try
        {
            LoadWeights(tensors, path);
        }
        finally
        {
            foreach (Tensor tensor in tensors.Values) tensor.Dispose();
        }
    }

    /// <summary>Takes over weights by the originals' key names. Nothing changes unless every key and shape fits.</summary>
    /// <param name="tensors">Weights by key; they stay the caller's.</param>
    /// <param name="source">Name used in errors.</param>
    /// <exception cref="SafetensorsException">A missing or extra key; a wrong shape.</exception>
    public void LoadWeights(IReadOnlyDictionary<string, Tensor> tensors, string source) => Safetensors.LoadInto(Weights(), tensors, source, nameof(ByteLanguageModel));
}
