namespace HslEmbeddingZero.Samples.SyntheticData;

/// <summary>The phrasings of a relation in one language. Facts name {name} and {value}, questions {name}.</summary>
/// <param name="Facts">Sentences of the store.</param>
/// <param name="Questions">Questions that name the person.</param>
/// <param name="FollowUps">Later questions about the same person, without the name.</param>
internal sealed record Phrasings(IReadOnlyList<string> Facts, IReadOnlyList<string> Questions, IReadOnlyList<string> FollowUps)
{
    public Phrasings(string facts, string questions, string followUps)
        : this(Phrasing.Lines(facts), Phrasing.Lines(questions), Phrasing.Lines(followUps))
    {
    }

    public static Phrasings Of(Language language, Relation relation) =>
        (language == Language.English ? EnglishPhrasings.All : KoreanPhrasings.All)[relation];
}
