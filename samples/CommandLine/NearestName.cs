namespace HslEmbeddingZero.Samples;

/// <summary>Finds the known name that an unknown word most likely means.</summary>
internal static class NearestName
{
    /// <summary>The end of a sentence: "; did you mean X?" for the nearest name; "." where none is near.</summary>
    public static string Suggest(string word, IEnumerable<string> names)
    {
        string plain = Plain(word);
        string? nearest = names
            .Select(name => (Name: name, Distance: Plain(name) is var other && plain.Length > 1
                && other.StartsWith(plain, StringComparison.Ordinal) ? 0 : Distance(plain, Plain(name))))
            .Where(one => one.Distance <= Math.Max(1, (plain.Length + 1) / 3))
            .OrderBy(one => one.Distance).ThenBy(one => one.Name.Length)
            .Select(one => one.Name).FirstOrDefault();
        return nearest is null ? "." : $"; did you mean {nearest}?";

        // The same name in other habits: Batch_Size, batch-size.
        static string Plain(string name) => name.TrimStart('-').Replace('_', '-').ToLowerInvariant();
    }

    /// <summary>How many letters to insert, remove, replace or swap with their neighbour.</summary>
    private static int Distance(string a, string b)
    {
        int[,] steps = new int[a.Length + 1, b.Length + 1];
        for (int i = 0; i <= a.Length; i++) steps[i, 0] = i;
        for (int j = 0; j <= b.Length; j++) steps[0, j] = j;
        for (int i = 1; i <= a.Length; i++)
        {
            for (int j = 1; j <= b.Length; j++)
            {
                int replaced = steps[i - 1, j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
                steps[i, j] = Math.Min(replaced, Math.Min(steps[i - 1, j], steps[i, j - 1]) + 1);
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                    steps[i, j] = Math.Min(steps[i, j], steps[i - 2, j - 2] + 1);
            }
        }

        return steps[a.Length, b.Length];
    }
}
