namespace HslEmbeddingZero.Samples.Demo;

/// <summary>A prompt, continued byte by byte.</summary>
internal static class Continuation
{
    /// <summary>Yields a line for each byte as soon as it is drawn, and one for the end.</summary>
    /// <param name="model">The model.</param>
    /// <param name="request">Prompt, length and sampling.</param>
    /// <param name="interruption">Asked before each byte: why the generation must end now; null if it may go on.</param>
    /// <exception cref="NotFiniteNumberException">The model gave a logit that is NaN or infinite.</exception>
    public static IEnumerable<GenerationLine> Of(IByteModel model, GenerationRequest request, Func<GenerationEnd?>? interruption = null)
    {
        using IByteGenerator generator = model.CreateTextGenerator(request.Prompt);
        NextByte[] next = NextBytes.Of(generator.Probabilities());
        GenerationEnd? end = interruption?.Invoke();
        int drawn = 0;
        using IEnumerator<byte> bytes = generator.Generate(request.Length, request.Sampling()).GetEnumerator();
        while (end is null && bytes.MoveNext())
        {
            yield return new GenerationLine(bytes.Current, next);
            next = NextBytes.Of(generator.Probabilities()); // reads the byte just drawn
            drawn++;
            if (drawn < request.Length) end = interruption?.Invoke();
        }

        yield return new GenerationLine(null, next, end ?? (drawn < request.Length ? GenerationEnd.Document : GenerationEnd.Length));
    }
}
