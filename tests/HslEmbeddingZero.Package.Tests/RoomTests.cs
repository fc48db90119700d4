using System.Text.RegularExpressions;

namespace HslEmbeddingZero.Package.Tests;

/// <summary>
/// Folders may depend on each other in one direction only. The test reads declared and used names from the sources, as an assembly has no
/// folders.
/// </summary>
public sealed class RoomTests
{
    /// <summary>
    /// Each room (folder) may use the rooms before it in its package, and all packages before. Those without a slash are the root folders.
    /// </summary>
    private static readonly string[] Rooms =
    [
        "HslEmbeddingZero.Signal/Files", "HslEmbeddingZero.Signal", "HslEmbeddingZero.Signal/Signal", "HslEmbeddingZero.Signal/Model",
        "HslEmbeddingZero.Onnx",
        "HslEmbeddingZero.Inference", "HslEmbeddingZero.Inference/Chat", "HslEmbeddingZero.Inference/Generation",
        "HslEmbeddingZero.Inference/Kernels", "HslEmbeddingZero.Inference/Decoder",
        "HslEmbeddingZero.Knowledge/Store", "HslEmbeddingZero.Knowledge/Answers",
        "HslEmbeddingZero/Interop", "HslEmbeddingZero", "HslEmbeddingZero/Doors", "HslEmbeddingZero/Model",
        "HslEmbeddingZero.Training/Distributed", "HslEmbeddingZero.Training/Data", "HslEmbeddingZero.Training/Optimization",
        "HslEmbeddingZero.Training/Evaluation", "HslEmbeddingZero.Training/Runs",
    ];

    [Fact]
    public void Every_source_stands_in_a_room()
    {
        Source[] sources = [.. Sources()];
        Assert.NotEmpty(sources);
        Assert.All(sources, source => Assert.Contains(source.Room, Rooms));
    }

    [Fact]
    public void A_room_names_only_types_of_the_rooms_before_it()
    {
        Source[] sources = [.. Sources()];
        Dictionary<string, string> roomOf = [];
        foreach (Source source in sources)
        {
            foreach (Match declared in Declaration.Matches(source.Code)) roomOf[declared.Groups["name"].Value] = source.Room;
        }

        Assert.True(roomOf.Count > 100, $"Only {roomOf.Count} types were found.");
        string[] wrong =
        [
            .. from source in sources
               from name in Identifier.Matches(source.Code).Select(match => match.Value).Distinct()
               where roomOf.TryGetValue(name, out string? room) && PackageOf(room) == PackageOf(source.Room)
                   && Array.IndexOf(Rooms, room) > Array.IndexOf(Rooms, source.Room)
               select $"{source.File} names {name} of {roomOf[name]}",
        ];
        Assert.Empty(wrong);
    }

    /// <summary>Between packages, the compiler holds the direction: a project refers to the earlier ones only.</summary>
    private static string PackageOf(string room) => room.Split('/')[0];

    private static Regex Declaration { get; } = new(
        @"^(public|internal) [a-z ]*?\b(class|struct|record|enum|interface)( struct)? (?<name>\w+)", RegexOptions.Multiline);

    /// <summary>A name with an initial capital that does not follow a dot. Names after a dot are members.</summary>
    private static Regex Identifier { get; } = new(@"(?<![\w.""])[A-Z]\w+(?=[\s.<(?\[\],;!>)]|$)");

    private static IEnumerable<Source> Sources() =>
        from path in Build.SourceFiles("src")
        let parts = Path.GetRelativePath(Build.PathOf("src"), path).Split(Path.DirectorySeparatorChar)
        select new Source(string.Join('/', parts), string.Join('/', parts.Take(Math.Min(2, parts.Length - 1))),
            WithoutProse(File.ReadAllText(path)));

    /// <summary>Comments and strings may name what they like.</summary>
    private static string WithoutProse(string code) =>
        Regex.Replace(Regex.Replace(code, @"//.*$", "", RegexOptions.Multiline), @"""(\\.|[^""\\])*""", "\"\"");

    private sealed record Source(string File, string Room, string Code);
}
