namespace HslEmbeddingZero;

/// <summary>Draws bytes from any generator.</summary>
public static class ByteGeneration
{
    /// <summary>
    /// Processes a text to be continued. Its last 32 to 31 + K bytes begin the stream; the bytes before them are the context. With an empty
    /// text the stream begins with EOS, so the model begins a new document.
    /// </summary>
    /// <param name="model">The model.</param>
    /// <param name="prompt">The text. The model does not see bytes before the context.</param>
    /// <param name="contextBytes">Maximum bytes of context, 0 or more. Use the context length of the training. 512 by default.</param>
    /// <returns>A new generator, which belongs to the caller.</returns>
    /// <exception cref="ArgumentException">The model cannot generate now, for example because it is in training mode.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="contextBytes"/> is below 0.</exception>
    public static IByteGenerator CreateTextGenerator(
        this IByteModel model, ReadOnlySpan<byte> prompt, int contextBytes = TextPrompt.MostContext)
    {
        ArgumentNullException.ThrowIfNull(model);
        model.RequireReady();
        ArgumentOutOfRangeException.ThrowIfNegative(contextBytes);
        (short[] context, short[] stream) = TextPrompt.Present(prompt, model.BytesPerSlot, contextBytes);
        return model.CreateGenerator(context, stream);
    }

    /// <summary>Probabilities of the next id, before temperature, penalty, top-k and top-p.</summary>
    /// <param name="generator">The generator.</param>
    /// <returns>
    /// 258 numbers with the sum 1. The value of MASK, which is never drawn, is 0. Index 257 has the probability that the document ends.
    /// </returns>
    /// <exception cref="NotFiniteNumberException">The model gave a logit that is NaN or infinite.</exception>
    public static double[] Probabilities(this IByteGenerator generator)
    {
        ArgumentNullException.ThrowIfNull(generator);
        ReadOnlySpan<float> logits = generator.Logits;
        double[] probabilities = new double[logits.Length];
        double highest = double.NegativeInfinity, total = 0;
        for (int id = 0; id < logits.Length; id++)
            if (id != ByteIds.Mask) highest = Math.Max(highest, logits[id]);
        for (int id = 0; id < logits.Length; id++) total += probabilities[id] = id == ByteIds.Mask ? 0 : Math.Exp(logits[id] - highest);
        for (int id = 0; id < logits.Length; id++) probabilities[id] /= total;
        return probabilities;
    }

    /// <summary>Draws and accepts bytes until the count is reached, the model ends the document, or a stop sequence is complete.</summary>
    /// <param name="generator">The generator.</param>
    /// <param name="count">Maximum bytes, 0 or more.</param>
    /// <param name="options">How to draw and where to stop; the defaults when null.</param>
    /// <param name="cancellationToken">Stops the generation between two bytes.</param>
    /// <returns>
    /// The bytes, each as soon as it is drawn. Drawn bytes are accepted, so a later call continues after them. A stop sequence is also
    /// accepted, but it is not returned.
    /// </returns>
    /// <exception cref="ArgumentException">An option is out of its range.</exception>
    /// <exception cref="NotFiniteNumberException">The model gave a logit that is NaN or infinite.</exception>
    /// <exception cref="OperationCanceledException">Cancellation was requested.</exception>
    public static IEnumerable<byte> Generate(
        this IByteGenerator generator, int count, GenerationOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(generator);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        options ??= new GenerationOptions();
        return Draw(generator, count, new ByteSampler(options), new StopFilter(options.StopSequences), cancellationToken);
    }

    /// <summary>
    /// The same, asynchronously. Each byte is computed on the caller's thread. If that thread has a synchronization context, as a
    /// user-interface thread has, a thread of the pool computes it.
    /// </summary>
    /// <inheritdoc cref="Generate"/>
    public static IAsyncEnumerable<byte> GenerateAsync(
        this IByteGenerator generator, int count, GenerationOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(generator);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        options?.Validate();
        return OffTheContext.RunAsync(token => Generate(generator, count, options, token), cancellationToken);
    }

    private static IEnumerable<byte> Draw(
        IByteGenerator generator, int count, ByteSampler sampler, StopFilter stops, CancellationToken cancellationToken)
    {
        List<byte> released = [];
        for (int i = 0; i < count; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            int id = sampler.Draw(generator.Logits, generator.Ids);
            if (id == ByteIds.EndOfSequence) break;
            generator.Accept(id);
            bool isEnded = stops.Add((byte)id, released);
            foreach (byte value in released) yield return value;
            released.Clear();
            if (isEnded) yield break;
        }

        stops.Complete(released);
        foreach (byte value in released) yield return value;
    }
}
