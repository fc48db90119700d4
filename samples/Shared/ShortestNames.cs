namespace HslEmbeddingZero.Samples;

/// <summary>Names files by as few parts of their paths as tell them apart.</summary>
internal static class ShortestNames
{
    /// <summary>
    /// Returns the file name of each path. Paths that share a name get as many of the folders before it as needed: a/part.txt, b/part.txt.
    /// </summary>
    public static IReadOnlyList<string> Of(IReadOnlyList<string> paths)
    {
        string[][] parts = [.. paths.Select(path => path.Split(['/', '\\'], StringSplitOptions.RemoveEmptyEntries))];
        int[] taken = [.. parts.Select(_ => 1)];
        while (true)
        {
            string[] names = [.. parts.Zip(taken, (words, count) => string.Join('/', words.TakeLast(count)))];
            int[] same = [.. names.Index().GroupBy(name => name.Item).Where(group => group.Count() > 1)
                .SelectMany(group => group).Select(name => name.Index).Where(i => taken[i] < parts[i].Length)];
            if (same.Length == 0) return Numbered(names);
            foreach (int i in same) taken[i]++;
        }
    }

    /// <summary>Tells the rest apart, as a/x and /a/x: nothing but a number does.</summary>
    private static string[] Numbered(string[] names)
    {
        Dictionary<string, int> seen = [];
        return [.. names.Select(name =>
        {
            int number = seen[name] = seen.GetValueOrDefault(name) + 1;
            return number == 1 ? name : $"{name} ({number})";
        })];
    }
}
