namespace HslEmbeddingZero;

/// <summary>How bytes are drawn from the logits, and where generation ends.</summary>
public sealed record GenerationOptions
{
    /// <summary>Divides the logits: below 1 sharpens, above 1 flattens, 0 always takes the most likely byte. 0 or more.</summary>
    /// <value>1 by default.</value>
    public double Temperature { get; init; } = 1;

    /// <summary>Only the k most likely bytes may be drawn; 0 allows all.</summary>
    /// <value>0 by default.</value>
    public int TopK { get; init; }

    /// <summary>
    /// Only the most likely bytes that together reach this probability may be drawn. Above 0 and at most 1; 1 allows all.
    /// </summary>
    /// <value>1 by default.</value>
    public double TopP { get; init; } = 1;

    /// <summary>
    /// Makes bytes of the last <see cref="RepetitionWindow"/> less likely (Keskar et al. 2019): a logit above 0 is divided by it, any other
    /// logit is multiplied by it. 1 or more; 1 turns it off.
    /// </summary>
    /// <value>1 by default.</value>
    public double RepetitionPenalty { get; init; } = 1;

    /// <summary>How many of the last bytes the penalty uses, including those of the prompt. 1 or more.</summary>
    /// <value>64 by default.</value>
    public int RepetitionWindow { get; init; } = 64;

    /// <summary>
    /// Texts that stop the generation, compared as UTF-8. The stop sequence is not returned. Bytes that may begin one are returned when it
    /// is known that they do not. No text may be empty.
    /// </summary>
    /// <value>None by default.</value>
    public IReadOnlyList<string> StopSequences { get; init; } = [];

    /// <summary>Seed of the draws, 0 or more: the same seed after the same context gives the same bytes.</summary>
    /// <value>0 by default.</value>
    public int Seed { get; init; }

    /// <summary>
    /// Maximum bytes of context before the stream while a text is continued, 0 or more. Use the context length of the training.
    /// </summary>
    /// <value>512 by default, the context length of the published training.</value>
    public int ContextBytes { get; init; } = TextPrompt.MostContext;

    /// <summary>
    /// Maximum positions of the stream while a text is continued, 64 or more. After them a new stream begins, and the text so far becomes
    /// its context: a model knows only streams as long as those of its training.
    /// </summary>
    /// <value>480 by default; the longest stream of the published training has 539.</value>
    public int StreamBytes { get; init; } = 480;

    /// <summary>Throws if a value is out of its range.</summary>
    /// <exception cref="ArgumentException">Names the option, its value and the limit.</exception>
    public void Validate()
    {
        OptionRange.Require(Temperature >= 0 && double.IsFinite(Temperature), nameof(Temperature), Temperature, "0 or more, and finite");
        OptionRange.Require(TopK >= 0, nameof(TopK), TopK, "0 or more");
        OptionRange.Require(TopP > 0 && TopP <= 1, nameof(TopP), TopP, "above 0 and at most 1");
        OptionRange.Require(
            RepetitionPenalty >= 1 && double.IsFinite(RepetitionPenalty), nameof(RepetitionPenalty), RepetitionPenalty,
            "1 or more, and finite");
        OptionRange.Require(RepetitionWindow >= 1, nameof(RepetitionWindow), RepetitionWindow, "1 or more");
        OptionRange.Require(Seed >= 0, nameof(Seed), Seed, "0 or more");
        OptionRange.Require(ContextBytes >= 0, nameof(ContextBytes), ContextBytes, "0 or more");
        OptionRange.Require(
            StreamBytes >= 2 * TextPrompt.StreamBytes, nameof(StreamBytes), StreamBytes, $"{2 * TextPrompt.StreamBytes} or more");
        ArgumentNullException.ThrowIfNull(StopSequences);
        if (StopSequences.Any(string.IsNullOrEmpty)) throw new ArgumentException("A stop sequence is empty.", nameof(StopSequences));
    }
}
