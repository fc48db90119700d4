namespace HslEmbeddingZero.Samples.SyntheticData;

/// <summary>The language of a text.</summary>
public enum Language
{
    English,
    Korean,
}

/// <summary>What a fact says about a person. Each person has one value of each.</summary>
public enum Relation
{
    /// <summary>An invented town.</summary>
    Birthplace,

    /// <summary>Day and month: "14 May", "5월 14일".</summary>
    Birthday,

    /// <summary>An invented school.</summary>
    School,

    /// <summary>A trade with its field: "marine cartographer".</summary>
    Occupation,

    /// <summary>Things that the person collects: "copper thimbles".</summary>
    Collection,

    /// <summary>Favorite dish: "smoked plum soup".</summary>
    Dish,
}

/// <summary>An invented person.</summary>
/// <param name="Index">Position among the training persons, or among the held-out ones.</param>
/// <param name="IsHeldOut">Whether the person is held out from training.</param>
/// <param name="Language">Language of the name, of all values and of all texts about the person.</param>
/// <param name="Name">Unique in its world, and not a part of another name.</param>
public sealed record Person(int Index, bool IsHeldOut, Language Language, string Name);
