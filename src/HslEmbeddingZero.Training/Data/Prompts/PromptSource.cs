namespace HslEmbeddingZero.Training;

/// <summary>A prompt and the answer to it, as bytes.</summary>
/// <param name="Prompt">The prompt, such as <see cref="ChatPrompt.Encode"/> writes it.</param>
/// <param name="Answer">The answer, without EOS.</param>
public readonly record struct PromptSample(ReadOnlyMemory<byte> Prompt, ReadOnlyMemory<byte> Answer);

/// <summary>
/// Prompts with answers, of any length. The context is the prompt at its end, with MASK before it. The targets are the answer and EOS; the
/// rest of them is MASK, which is not scored.
/// </summary>
public sealed class PromptSource : SampleSource
{
    private readonly Func<SampleDraw, PromptSample> _draw;

    /// <summary>Creates the source.</summary>
    /// <param name="name">Name in progress, metrics and results: 1 to 64 letters, digits, '.', '-' or '_'.</param>
    /// <param name="shape">
    /// Lengths of context and target. A longer prompt loses its first bytes. A longer answer with EOS is an error.
    /// </param>
    /// <param name="fingerprint">Text that identifies the samples. Change it when the method or its data change.</param>
    /// <param name="draw">
    /// Gives the training sample of a draw: the same draw gives the same sample, on any thread. null: the source is only scored.
    /// </param>
    /// <param name="heldOut">The samples to score, from <see cref="Collect"/>; null for none.</param>
    /// <param name="weight">How often the source is sampled, relative to the weights of the other sources; 0: it is only scored.</param>
    /// <exception cref="ArgumentException">
    /// The name is invalid; the held-out samples have another shape; there is a weight, but nothing to draw.
    /// </exception>
    /// <exception cref="ArgumentOutOfRangeException">A length is below 1, or the weight is negative or not finite.</exception>
    public PromptSource(
        string name, SampleShape shape, string fingerprint, Func<SampleDraw, PromptSample>? draw, HeldOutSamples? heldOut = null,
        double weight = 1)
        : base(name, shape, weight)
    {
        ArgumentNullException.ThrowIfNull(fingerprint);
        if (heldOut is not null && heldOut.Shape != shape)
            throw new ArgumentException($"Source '{name}': its samples are {shape}, the held-out ones {heldOut.Shape}.", nameof(heldOut));
        if (draw is null && weight > 0)
            throw new ArgumentException($"Source '{name}' has no samples to draw: its weight must be 0, not {weight}.", nameof(draw));
        _draw = draw ?? (_ => throw new InvalidOperationException($"Source '{name}' has nothing to train on."));
        Fingerprint = fingerprint;
        HeldOut = heldOut;
    }

    /// <inheritdoc/>
    public override string Fingerprint { get; }

    /// <inheritdoc/>
    public override HeldOutSamples? HeldOut { get; }

    /// <inheritdoc/>
    public override bool HasPadding => true;

    /// <summary>Writes samples to score.</summary>
    /// <param name="shape">Lengths of context and target.</param>
    /// <param name="samples">The samples, at least one.</param>
    /// <exception cref="ArgumentException">There is no sample, or an answer is too long.</exception>
    public static HeldOutSamples Collect(SampleShape shape, IReadOnlyList<PromptSample> samples)
    {
        ArgumentNullException.ThrowIfNull(samples);
        short[] targets = new short[samples.Count * shape.TargetLength];
        for (int i = 0; i < samples.Count; i++)
            WriteTargets(samples[i].Answer.Span, targets.AsSpan(i * shape.TargetLength, shape.TargetLength));
        return new(shape, CollectContexts(shape, [.. samples.Select(sample => sample.Prompt)]), targets);
    }

    /// <summary>Writes the contexts of prompts, for example for <see cref="HeldOutSamples.WithSwap"/>.</summary>
    /// <param name="shape">Lengths of context and target.</param>
    /// <param name="prompts">The prompts.</param>
    /// <returns>The ids of all contexts, one after the other.</returns>
    public static short[] CollectContexts(SampleShape shape, IReadOnlyList<ReadOnlyMemory<byte>> prompts)
    {
        ArgumentNullException.ThrowIfNull(prompts);
        short[] contexts = new short[prompts.Count * shape.ContextLength];
        for (int i = 0; i < prompts.Count; i++)
            ChatPrompt.WriteContext(prompts[i].Span, contexts.AsSpan(i * shape.ContextLength, shape.ContextLength));
        return contexts;
    }

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">The answer is too long.</exception>
    public override void Fill(SampleDraw draw, Span<short> context, Span<short> targets)
    {
        PromptSample sample = _draw(draw);
        ChatPrompt.WriteContext(sample.Prompt.Span, context);
        WriteTargets(sample.Answer.Span, targets);
    }

    private static void WriteTargets(ReadOnlySpan<byte> answer, Span<short> targets)
    {
        if (answer.Length >= targets.Length)
        {
            throw new ArgumentException(
                $"An answer has {answer.Length} bytes; with EOS, at most {targets.Length} ids can be scored: "
                + $"\"{System.Text.Encoding.UTF8.GetString(answer[..Math.Min(answer.Length, 60)])}\".");
        }

        for (int i = 0; i < answer.Length; i++) targets[i] = answer[i];
        targets[answer.Length] = ByteIds.EndOfSequence;
        targets[(answer.Length + 1)..].Fill(ByteIds.Mask);
    }
}
