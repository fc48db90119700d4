using System.Globalization;

namespace HslEmbeddingZero.Knowledge;

/// <summary>How a <see cref="KnowledgeChat"/> writes its prompts and draws its answers.</summary>
public sealed record KnowledgeChatOptions
{
    /// <summary>Key of <see cref="PromptBytes"/> in the metadata of a model file: "prompt_bytes".</summary>
    public const string PromptBytesKey = "prompt_bytes";

    private const int FewestPromptBytes = 64, MostBytes = 1 << 20;

    /// <summary>Ids of a prompt: the context length that the model was trained with on facts. 64 to 1,048,576.</summary>
    /// <value>No default: it belongs to the model. <see cref="FromMetadata"/> reads it.</value>
    public required int PromptBytes { get; init; }

    /// <summary>Most facts to search for, 1 to 1,000. The prompt has as many of them as it has room for.</summary>
    /// <value>8 by default.</value>
    public int MostFacts { get; init; } = 8;

    /// <summary>
    /// How many earlier questions with their answers a prompt has, 0 or more. Facts get the room that they leave. Where not even the best
    /// fact has room, the oldest questions are left out. The store is searched with the words of all these questions.
    /// </summary>
    /// <value>3 by default: the dialogues of the training have up to four questions.</value>
    public int EarlierQuestions { get; init; } = 3;

    /// <summary>Most bytes of an answer, 1 to 1,048,576. A longer one is cut.</summary>
    /// <value>256 by default.</value>
    public int MostAnswerBytes { get; init; } = 256;

    /// <summary>How to draw the bytes. An answer also stops at EOS and at <see cref="ChatPrompt.MarkerStart"/>.</summary>
    /// <value>By default always the most likely byte: <see cref="GenerationOptions.Temperature"/> is 0.</value>
    public GenerationOptions Generation { get; init; } = new() { Temperature = 0 };

    /// <summary>The defaults for a model, with the length of its prompts.</summary>
    /// <param name="metadata">The metadata of the model file, such as <see cref="ByteDecoder.Metadata"/>.</param>
    /// <exception cref="InvalidDataException">
    /// The metadata has no <see cref="PromptBytesKey"/>, so the model was not trained to read facts; or it is no number in the range.
    /// </exception>
    public static KnowledgeChatOptions FromMetadata(IReadOnlyDictionary<string, string> metadata)
    {
        ArgumentNullException.ThrowIfNull(metadata);
        if (!metadata.TryGetValue(PromptBytesKey, out string? text))
        {
            throw new InvalidDataException(
                $"The metadata of the model has no '{PromptBytesKey}', the length of the prompts of its training: it was not trained to "
                + "read facts.");
        }

        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int bytes)
            && bytes is >= FewestPromptBytes and <= MostBytes
                ? new() { PromptBytes = bytes }
                : throw new InvalidDataException(
                    $"The metadata of the model has '{PromptBytesKey}' = '{text}'; it must be a number from {FewestPromptBytes} to "
                    + $"{MostBytes}.");
    }

    /// <summary>Throws if a value is out of its range.</summary>
    /// <exception cref="ArgumentException">Names the option, its value and the limit.</exception>
    public void Validate()
    {
        OptionRange.Require(
            PromptBytes is >= FewestPromptBytes and <= MostBytes, nameof(PromptBytes), PromptBytes, $"{FewestPromptBytes} to {MostBytes}");
        OptionRange.Require(MostFacts is >= 1 and <= 1000, nameof(MostFacts), MostFacts, "1 to 1000");
        OptionRange.Require(EarlierQuestions >= 0, nameof(EarlierQuestions), EarlierQuestions, "0 or more");
        OptionRange.Require(MostAnswerBytes is >= 1 and <= MostBytes, nameof(MostAnswerBytes), MostAnswerBytes, $"1 to {MostBytes}");
        ArgumentNullException.ThrowIfNull(Generation);
        Generation.Validate();
    }
}
