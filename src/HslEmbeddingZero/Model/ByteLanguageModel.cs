using TorchSharp;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace HslEmbeddingZero;

/// <summary>
/// A door and a body as one model. Context bytes become prefix slots, target bytes become the stream, and the model predicts every target
/// byte.
/// </summary>
public sealed class ByteLanguageModel : nn.Module<Tensor, Tensor, Tensor>, IByteModel
{
    private const string BodyPrefix = "body.";
    private const ulong DoorStream = 0x9E3779B97F4A7C15; // separates the door's random numbers from the body's

    [ComponentName(Name = "door")]
    private readonly InputDoor _door;

    [ComponentName(Name = "body")]
    private readonly ByteBody _body;

    private bool _isDisposed;

    /// <summary>Joins a door and this library's body of the same width. The model owns both.</summary>
    /// <exception cref="ArgumentException">The widths differ.</exception>
    public ByteLanguageModel(InputDoor door, ByteTransformer body) : this(door, (ByteBody)body)
    {
    }

    /// <summary>Joins a door and any body of the same width. The model owns both.</summary>
    /// <exception cref="ArgumentException">The widths differ.</exception>
    public ByteLanguageModel(InputDoor door, ByteBody body) : base(nameof(ByteLanguageModel))
    {
        ArgumentNullException.ThrowIfNull(door);
        ArgumentNullException.ThrowIfNull(body);
        if (door.Dim != body.Dim)
            throw new ArgumentException($"The door gives slots of {door.Dim} columns, the body takes {body.Dim}.", nameof(door));
        _door = door;
        _body = body;
        RegisterComponents();
    }

    /// <summary>The door, through which bytes enter.</summary>
    public InputDoor Door => _door;

    /// <summary>The body, which reads the positions of the door and predicts bytes.</summary>
    public ByteBody Body => _body;

    /// <summary>
    /// Draws every weight of the body and of a learned door again, from a seed. Body and door have separate random streams, so one seed
    /// gives the same body behind every door. Values do not depend on the device; in bfloat16 they are rounded.
    /// </summary>
    /// <param name="seed">Seed of all weights, 0 or more.</param>
    /// <exception cref="ArgumentOutOfRangeException">The seed is below 0.</exception>
    public void ResetParameters(int seed)
    {
        RequireNotDisposed();
        ArgumentOutOfRangeException.ThrowIfNegative(seed);
        using var bodyRandom = new Generator((ulong)seed);
        _body.ResetParameters(bodyRandom);
        using var doorRandom = new Generator((ulong)seed ^ DoorStream);
        _door.ResetParameters(doorRandom);
    }

    /// <summary>Logits of every target byte, each from the context and the targets before it.</summary>
    /// <param name="contextIds">[B, Lc] ids; Lc may be 0.</param>
    /// <param name="targetIds">[B, L] ids.</param>
    /// <returns>[B, L, 258] logits.</returns>
    /// <exception cref="ArgumentException">Ids of a wrong type or rank, or different batch sizes.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An id outside 0..257.</exception>
    /// <exception cref="InvalidOperationException">The body gives logits of another shape.</exception>
    public override Tensor forward(Tensor contextIds, Tensor targetIds)
    {
        RequireNotDisposed();
        ArgumentNullException.ThrowIfNull(contextIds);
        ArgumentNullException.ThrowIfNull(targetIds);
        if (contextIds.dim() != 2 || targetIds.dim() != 2 || contextIds.size(0) != targetIds.size(0) || targetIds.size(1) == 0)
        {
            throw new ArgumentException(
                $"Expected context [B, Lc] and targets [B, L] with L of 1 or more; got [{string.Join(", ", contextIds.shape)}] and "
                + $"[{string.Join(", ", targetIds.shape)}].", nameof(targetIds));
        }

        using DisposeScope scope = NewDisposeScope();
        // Position j reads target j-1; the first reads the 0x00 origin.
        Tensor origin = zeros([targetIds.size(0), 1], targetIds.dtype, targetIds.device);
        Tensor shifted = cat([origin, targetIds.narrow(1, 0, targetIds.size(1) - 1)], 1);
        Tensor logits = _body.forward(_door.forward(contextIds), _door.Stream(shifted));
        if (logits.dim() == 3 && logits.size(0) == targetIds.size(0) && logits.size(1) == targetIds.size(1))
            return logits.MoveToOuterDisposeScope();
        throw new InvalidOperationException(
            $"{_body.GetName()} gave logits [{string.Join(", ", logits.shape)}] for targets [{string.Join(", ", targetIds.shape)}]; "
            + "expected one row of logits for each target.");
    }

    /// <summary>
    /// The weights by key. The body has the keys of the original models (self_blocks.0.qkv.weight, ...); keys of a learned door begin with
    /// "door.". The tensors are the model's own.
    /// </summary>
    public IReadOnlyDictionary<string, Tensor> Weights()
    {
        RequireNotDisposed();
        return state_dict().ToDictionary(
            e => e.Key.StartsWith(BodyPrefix, StringComparison.Ordinal) ? e.Key[BodyPrefix.Length..] : e.Key, e => e.Value);
    }

    /// <summary>Reads a model that <see cref="Save"/> wrote: door, body and weights.</summary>
    /// <param name="path">
    /// The file, or the index of a model in several files, see <see cref="Safetensors.Load(string)"/>.
    /// <see cref="Safetensors.ReadHeader"/> reads the rest of a file's metadata, such as its origin.
    /// </param>
    /// <returns>A new model on the CPU in float32, in evaluation mode; it belongs to the caller.</returns>
    /// <exception cref="SafetensorsException">
    /// The file is damaged, is not a model file, or contradicts itself. The message names the file, the key and the value. Sizes are
    /// checked before memory is allocated.
    /// </exception>
    /// <exception cref="IOException">The file cannot be found or read.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be read.</exception>
    public static ByteLanguageModel Load(string path)
    {
        using IDisposable ordinary = inference_mode(false); // A model that was loaded in inference mode could not be trained.
        (InputDoor door, ByteTransformer body) = ModelFile.Build(path);
        ByteLanguageModel model = new(door, body);
        try
        {
            model.LoadWeights(path);
            model.eval();
            return model;
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Writes a complete model file: the weights as <see cref="SaveWeights"/> writes them, and the description of door and body in the
    /// metadata. The write is atomic. <see cref="Load"/> reads the file.
    /// </summary>
    /// <param name="path">File to write.</param>
    /// <param name="dtype">The weights are rounded to this dtype: float32, bfloat16 or float16. Null keeps their dtype.</param>
    /// <param name="metadata">
    /// More text for the file's header, such as corpus, licence and scores. The keys "format", "door" and "body" are reserved.
    /// </param>
    /// <exception cref="ArgumentException">Another dtype, a reserved key, or a door or body that a model file cannot hold.</exception>
    /// <exception cref="NotFiniteNumberException">
    /// A weight is NaN or infinite, or too large for <paramref name="dtype"/>. An existing file is not changed.
    /// </exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public void Save(string path, ScalarType? dtype = null, IReadOnlyDictionary<string, string>? metadata = null)
    {
        if (dtype is not (null or ScalarType.Float32 or ScalarType.BFloat16 or ScalarType.Float16))
            throw new ArgumentException($"Weights are saved as Float32, BFloat16 or Float16, not as {dtype}.", nameof(dtype));
        Dictionary<string, string> described = ModelFile.Describe(_door, _body, metadata);
        using IDisposable quiet = no_grad();
        using DisposeScope scope = NewDisposeScope();
        Safetensors.Save(path, Weights().ToDictionary(e => e.Key, e => Rounded(e.Key, e.Value, dtype ?? e.Value.dtype)), described);
    }

    /// <summary>Writes the weights alone as safetensors, atomically.</summary>
    /// <param name="path">File to write.</param>
    /// <param name="metadata">Text kept in the file's header.</param>
    public void SaveWeights(string path, IReadOnlyDictionary<string, string>? metadata = null) =>
        Safetensors.Save(path, Weights(), metadata);

    /// <summary>
    /// Reads weights that <see cref="SaveWeights"/> or the original models wrote. Nothing changes unless every key and shape fits.
    /// </summary>
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

    /// <summary>Copies weights by the keys of <see cref="Weights"/>. Nothing changes unless every key and shape fits.</summary>
    /// <param name="tensors">Weights by key. They still belong to the caller.</param>
    /// <param name="source">Name of the source in error messages.</param>
    /// <exception cref="SafetensorsException">A missing or extra key; a wrong shape.</exception>
    public void LoadWeights(IReadOnlyDictionary<string, Tensor> tensors, string source) =>
        Safetensors.LoadInto(Weights(), tensors, source, nameof(ByteLanguageModel));

    /// <summary>Throws if the model is not ready to generate.</summary>
    /// <exception cref="ArgumentException">The model is in training mode.</exception>
    /// <exception cref="ObjectDisposedException">The model, its door or its body is disposed.</exception>
    internal void RequireReady()
    {
        RequireNotDisposed();
        if (training) throw new ArgumentException("The model is in training mode; call eval() first.");
    }

    /// <exception cref="ObjectDisposedException">The model, its door or its body is disposed.</exception>
    internal void RequireNotDisposed()
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        _door.RequireNotDisposed();
        ObjectDisposedException.ThrowIf(_body.IsDisposed, _body);
    }

    int IByteModel.BytesPerSlot => _door.BytesPerSlot;

    IByteGenerator IByteModel.CreateGenerator(ReadOnlySpan<short> context, ReadOnlySpan<short> stream) =>
        new ByteGenerator(this, context, stream);

    void IByteModel.RequireReady() => RequireReady();

    void IByteModel.Forward(ReadOnlySpan<short> context, ReadOnlySpan<short> stream, Span<float> logits)
    {
        RequireReady();
        ByteIds.Require(context);
        ByteIds.Require(stream);
        IByteModel.RequireRoom(stream, logits);
        if (stream.IsEmpty) return;
        using IDisposable quiet = inference_mode();
        using DisposeScope scope = NewDisposeScope();
        Device device = _body.parameters().First().device;
        Tensor result = forward(Row(context), Row(stream)).to(ScalarType.Float32).cpu().contiguous();
        result.data<float>().CopyTo(logits);

        Tensor Row(ReadOnlySpan<short> ids) => tensor(ids.ToArray(), ScalarType.Int16, CPU).view(1, ids.Length).to(device);
    }

    /// <summary>The weight in a dtype, all finite.</summary>
    private static Tensor Rounded(string key, Tensor weight, ScalarType type)
    {
        Tensor rounded = weight.to(type);
        double infinite = rounded.isfinite().logical_not().sum().cpu().item<long>();
        if (infinite == 0) return rounded;
        bool wasFinite = weight.isfinite().all().cpu().item<bool>();
        throw new NotFiniteNumberException(
            $"{infinite} numbers of '{key}' {(wasFinite ? $"are too large for {type}" : "are NaN or infinite")}.", infinite);
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        _isDisposed = true;
        base.Dispose(disposing);
    }
}
