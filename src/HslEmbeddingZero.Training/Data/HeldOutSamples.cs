using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;

namespace HslEmbeddingZero.Training;

/// <summary>The held-out samples of one source. They are the same for every model, arm and seed, so that scores are comparable.</summary>
public sealed class HeldOutSamples
{
    private readonly ReadOnlyMemory<short> _contexts;
    private readonly ReadOnlyMemory<short> _targets;
    private readonly int[] _partOf;

    /// <summary>Copies the samples.</summary>
    /// <param name="shape">Lengths of context and target.</param>
    /// <param name="contexts">The contexts, sample after sample, ids 0 to 257.</param>
    /// <param name="targets">The ids to score, sample after sample.</param>
    /// <exception cref="ArgumentException">
    /// The spans are empty, or do not hold the same number of whole samples; an id is out of range.
    /// </exception>
    public HeldOutSamples(SampleShape shape, ReadOnlySpan<short> contexts, ReadOnlySpan<short> targets)
        : this(shape, contexts.ToArray(), targets.ToArray(), [], [])
    {
    }

    /// <summary>Keeps the given arrays without a copy.</summary>
    internal HeldOutSamples(SampleShape shape, short[] contexts, short[] targets, IReadOnlyList<string> parts, int[] partOf)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(shape.ContextLength, 1, nameof(shape));
        ArgumentOutOfRangeException.ThrowIfLessThan(shape.TargetLength, 1, nameof(shape));
        Shape = shape;
        Count = targets.Length / shape.TargetLength;
        if (Count == 0 || targets.Length != Count * shape.TargetLength)
        {
            throw new ArgumentException(
                $"{targets.Length} ids to score: at least one sample and only whole samples of {shape.TargetLength} are allowed.",
                nameof(targets));
        }

        _contexts = Checked(contexts, nameof(contexts));
        SampleIds.Require(targets, nameof(targets));
        _targets = targets;
        Parts = parts;
        _partOf = partOf;
    }

    /// <summary>Lengths of context and target.</summary>
    public SampleShape Shape { get; }

    /// <summary>How many samples there are.</summary>
    public int Count { get; }

    /// <summary>
    /// Names of the parts that are also scored separately, such as the files of a corpus. Empty if there is only one part.
    /// </summary>
    public IReadOnlyList<string> Parts { get; }

    /// <summary>
    /// Names of the swaps. A swap gives other contexts to the same targets. The increase of the loss shows how much the model uses what was
    /// swapped.
    /// </summary>
    public IReadOnlyList<string> Swaps { get; private init; } = [];

    /// <summary>The SHA-256 of all ids, in lower-case hexadecimal. Scores are comparable if and only if these hashes are equal.</summary>
    public string Sha256 => field ??= Hash();

    /// <summary>Contexts under each swap, in the order of <see cref="Swaps"/>.</summary>
    internal IReadOnlyList<ReadOnlyMemory<short>> SwappedContexts { get; private init; } = [];

    /// <summary>All contexts, sample after sample.</summary>
    public ReadOnlySpan<short> Contexts => _contexts.Span;

    /// <summary>All targets, sample after sample.</summary>
    public ReadOnlySpan<short> Targets => _targets.Span;

    /// <summary>The context of one sample.</summary>
    /// <param name="sample">A sample, from 0 to <see cref="Count"/> - 1.</param>
    public ReadOnlySpan<short> Context(int sample) => Contexts.Slice(sample * Shape.ContextLength, Shape.ContextLength);

    /// <summary>The targets of one sample.</summary>
    /// <param name="sample">A sample, from 0 to <see cref="Count"/> - 1.</param>
    public ReadOnlySpan<short> Target(int sample) => Targets.Slice(sample * Shape.TargetLength, Shape.TargetLength);

    /// <summary>The context of one sample under a swap.</summary>
    /// <param name="swap">An index into <see cref="Swaps"/>.</param>
    /// <param name="sample">A sample, from 0 to <see cref="Count"/> - 1.</param>
    public ReadOnlySpan<short> SwappedContext(int swap, int sample) =>
        SwappedContexts[swap].Span.Slice(sample * Shape.ContextLength, Shape.ContextLength);

    /// <summary>The part that a sample belongs to: an index into <see cref="Parts"/>, or 0 if there are no parts.</summary>
    /// <param name="sample">A sample, from 0 to <see cref="Count"/> - 1.</param>
    public int PartOf(int sample) => _partOf.Length == 0 ? 0 : _partOf[sample];

    /// <summary>The same samples, divided into named parts that are also scored separately.</summary>
    /// <param name="parts">Names of the parts, all different.</param>
    /// <param name="partOf">For each sample, the index of its part.</param>
    /// <exception cref="ArgumentException">
    /// The number of indices differs from the number of samples, an index is out of range, or a name is given twice.
    /// </exception>
    public HeldOutSamples WithParts(IReadOnlyList<string> parts, ReadOnlySpan<int> partOf)
    {
        ArgumentNullException.ThrowIfNull(parts);
        if (parts.Distinct().Count() != parts.Count) throw new ArgumentException($"A part is named twice: {string.Join(", ", parts)}.",
            nameof(parts));
        if (partOf.Length != Count) throw new ArgumentException($"{partOf.Length} indices of parts for {Count} samples.", nameof(partOf));
        foreach (int part in partOf)
            if (part < 0 || part >= parts.Count)
                throw new ArgumentException($"Part {part}: there are parts 0 to {parts.Count - 1}.", nameof(partOf));
        return Copy([.. parts], partOf.ToArray(), Swaps, SwappedContexts);
    }

    /// <summary>The same samples, with one more swap: other contexts for the same targets.</summary>
    /// <param name="name">Name of the swap in results.</param>
    /// <param name="contexts">A context for each sample, as in the constructor.</param>
    /// <exception cref="ArgumentException">The name is already used, an id is out of range, or the length is wrong.</exception>
    public HeldOutSamples WithSwap(string name, ReadOnlySpan<short> contexts)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        if (Swaps.Contains(name)) throw new ArgumentException($"There is a swap '{name}' already.", nameof(name));
        return Copy(Parts, _partOf, [.. Swaps, name], [.. SwappedContexts, Checked(contexts.ToArray(), nameof(contexts))]);
    }

    private HeldOutSamples Copy(
        IReadOnlyList<string> parts, int[] partOf, IReadOnlyList<string> swaps, IReadOnlyList<ReadOnlyMemory<short>> swappedContexts) =>
        new(Shape, Count, _contexts, _targets, parts, partOf) { Swaps = swaps, SwappedContexts = swappedContexts };

    private HeldOutSamples(
        SampleShape shape, int count, ReadOnlyMemory<short> contexts, ReadOnlyMemory<short> targets, IReadOnlyList<string> parts,
        int[] partOf)
    {
        (Shape, Count, _contexts, _targets, Parts, _partOf) = (shape, count, contexts, targets, parts, partOf);
    }

    private ReadOnlyMemory<short> Checked(short[] contexts, string name)
    {
        if (contexts.Length != Count * Shape.ContextLength)
            throw new ArgumentException($"{contexts.Length} ids of context; {Count} samples need {Count * Shape.ContextLength}.", name);
        SampleIds.Require(contexts, name);
        return contexts;
    }

    private string Hash()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.UTF8.GetBytes($"{Shape.ContextLength} {Shape.TargetLength} {Count} {string.Join(' ', _partOf)}"));
        foreach (ReadOnlyMemory<short> ids in (IEnumerable<ReadOnlyMemory<short>>)[_contexts, _targets, .. SwappedContexts])
            hash.AppendData(MemoryMarshal.AsBytes(ids.Span));
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}

/// <summary>The ids that a sample may hold.</summary>
internal static class SampleIds
{
    /// <summary>The index of the first id that is out of range, or -1.</summary>
    public static int FirstFault(ReadOnlySpan<short> ids) => ids.IndexOfAnyExceptInRange((short)0, (short)(ByteIds.Count - 1));

    public static void Require(ReadOnlySpan<short> ids, string name)
    {
        if (FirstFault(ids) is >= 0 and var at)
            throw new ArgumentException($"The id at {at} is {ids[at]}; an id is 0 to {ByteIds.Count - 1}.", name);
    }
}
