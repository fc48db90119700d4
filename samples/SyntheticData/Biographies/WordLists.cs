using System.Text;

namespace HslEmbeddingZero.Samples.SyntheticData;

/// <summary>Lists of names and values, built from parts. They do not depend on a seed.</summary>
internal static class WordLists
{
    /// <summary>Most bytes of a value in UTF-8.</summary>
    public const int MostValueBytes = 24;

    /// <summary>Most values of a relation in one language.</summary>
    private const int MostValues = 320;

    /// <summary>
    /// Most given and family names of a language: so many that few persons share one. A search for a person then finds this person, and not
    /// everybody with the same family name.
    /// </summary>
    private const int MostNames = 2500;

    /// <summary>One given name in five is for held-out persons only.</summary>
    private const int HeldOutShare = 5;

    private static readonly Dictionary<(Language, Relation), string[]> Values = new()
    {
        [(Language.English, Relation.Birthplace)] = Choose(EnglishParts.Towns),
        [(Language.English, Relation.Birthday)] = [.. EnglishParts.Birthdays],
        [(Language.English, Relation.School)] = Choose(EnglishParts.Schools),
        [(Language.English, Relation.Occupation)] = Choose(EnglishParts.Occupations),
        [(Language.English, Relation.Collection)] = Choose(EnglishParts.Collections),
        [(Language.English, Relation.Dish)] = Choose(EnglishParts.Dishes),
        [(Language.Korean, Relation.Birthplace)] = Choose(KoreanParts.Towns),
        [(Language.Korean, Relation.Birthday)] = [.. KoreanParts.Birthdays],
        [(Language.Korean, Relation.School)] = Choose(KoreanParts.Schools),
        [(Language.Korean, Relation.Occupation)] = Choose(KoreanParts.Occupations),
        [(Language.Korean, Relation.Collection)] = Choose(KoreanParts.Collections),
        [(Language.Korean, Relation.Dish)] = Choose(KoreanParts.Dishes),
    };

    private static readonly string[] EnglishGiven = Choose(EnglishParts.GivenNames, MostNames);
    private static readonly string[] KoreanGiven = Choose(KoreanParts.GivenNames, MostNames);
    private static readonly string[] EnglishFamily = Choose(EnglishParts.FamilyNames, MostNames);
    private static readonly string[] KoreanFamily = KoreanParts.FamilyNames;

    /// <summary>The values of a relation.</summary>
    public static IReadOnlyList<string> ValuesOf(Language language, Relation relation) => Values[(language, relation)];

    /// <summary>Given names of the training persons, or of the held-out ones. No name is in both lists.</summary>
    public static string[] GivenNames(Language language, bool isHeldOut) =>
    [
        .. (language == Language.English ? EnglishGiven : KoreanGiven).Where((_, index) => index % HeldOutShare == 0 == isHeldOut),
    ];

    /// <summary>Family names, for all persons.</summary>
    public static string[] FamilyNames(Language language) => language == Language.English ? EnglishFamily : KoreanFamily;

    /// <summary>Chooses texts so that none is a part of another. A hash gives the order, so that no syllable or word is rare.</summary>
    private static string[] Choose(IEnumerable<string> candidates, int most = MostValues)
    {
        List<string> chosen = [];
        foreach (string candidate in candidates.Distinct().OrderBy(Draws.Hash))
        {
            if (chosen.Count == most) break;
            if (Encoding.UTF8.GetByteCount(candidate) <= MostValueBytes && !chosen.Exists(text => IsPart(text, candidate)))
                chosen.Add(candidate);
        }

        return [.. chosen];
    }

    private static bool IsPart(string text, string other) =>
        text.Contains(other, StringComparison.Ordinal) || other.Contains(text, StringComparison.Ordinal);
}
