namespace HslEmbeddingZero.Knowledge;

/// <summary>An answer with its sources.</summary>
/// <param name="Text">The answer. Invalid UTF-8 of the model is U+FFFD.</param>
/// <param name="Facts">The facts that the prompt has, the best first; empty where none was found, or where none had room.</param>
/// <param name="Turns">The turns that the prompt has, the question last.</param>
public sealed record KnowledgeAnswer(string Text, IReadOnlyList<FoundFact> Facts, IReadOnlyList<ChatTurn> Turns);

/// <summary>What a byte of an answer costs a model: -log2 of its probability, after the bytes before it.</summary>
/// <param name="Value">The byte.</param>
/// <param name="WithFacts">Bits where the prompt has the facts, 0 or more.</param>
/// <param name="WithoutFacts">Bits where the prompt has the same turns, but no facts; 0 or more.</param>
public readonly record struct ByteBits(byte Value, double WithFacts, double WithoutFacts)
{
    /// <summary>Bits that the facts saved. Below 0 where they misled the model.</summary>
    public double Saved => WithoutFacts - WithFacts;
}
