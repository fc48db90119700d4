using System.Diagnostics;
using System.Text;
using HslEmbeddingZero.Knowledge;
using MathNet.Numerics.Random;
using MathNet.Numerics.Statistics;

namespace HslEmbeddingZero.DeviceBenchmarks;

/// <summary>
/// Measures a knowledge store of many facts: import, size, memory, and the time of a search. A fact is a made-up name before some words of
/// the embedded corpora, half of them in English and half in Korean. A question has the name and two of the words of one fact, so it also
/// shows how often that fact is among the eight that are found.
/// </summary>
internal static class KnowledgeScale
{
    private const int FactsPerFile = 100_000, Most = 8;

    private const string FamilyNames = "김이박최정강조윤장임한오서신권황안송전홍",
        GivenNames = "가건경규나다도라미민보빈서선성세소수시아영예우원유윤은이재정주준지진찬채태하현혜호훈희";

    private static readonly string[] Syllables =
        [.. from first in "bdfgklmnprstvz" from vowel in "aeiou" select $"{first}{vowel}"];

    private static readonly string[] EnglishEnds = ["", "n", "r", "s", "l", "th"];

    public static void Run(string[] args)
    {
        GivenOptions given = new(args);
        int facts = given.Number("facts", 1_000_000);
        int questions = given.Number("questions", 300);
        string folder = Path.Combine(given.Text("folder", Path.GetTempPath()), $"knowledge-{Environment.ProcessId}");
        given.RequireNoOther();

        Directory.CreateDirectory(folder);
        try
        {
            Measure(folder, facts, questions);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static void Measure(string folder, int facts, int questions)
    {
        Xoshiro256StarStar random = new(7, threadSafe: false);
        string[] english = Words("text.en.txt"), korean = Words("text.ko.txt");
        string path = Path.Combine(folder, "knowledge.db");
        List<string> asked = [];
        using var store = KnowledgeStore.OpenOrCreate(path);
        Console.WriteLine($"before: resident memory {ProcessMemory.Resident():F0} MiB.");
        double seconds = 0;
        for (int done = 0; done < facts;)
        {
            int count = Math.Min(FactsPerFile, facts - done);
            string source = Path.Combine(folder, $"facts-{done / FactsPerFile}.txt");
            using (StreamWriter writer = new(source))
            {
                for (int i = 0; i < count; i++)
                {
                    (string fact, string question) = i % 2 == 0 ? English(english, random) : Korean(korean, random);
                    writer.WriteLine(fact);
                    if (random.NextDouble() * FactsPerFile < 2 * questions) asked.Add($"{question}\n{fact}");
                }
            }

            long start = Stopwatch.GetTimestamp();
            store.AddFiles([source]);
            seconds += Stopwatch.GetElapsedTime(start).TotalSeconds;
            done += count;
            if (done != FactsPerFile && done != facts) continue;
            Console.WriteLine($"{store.Count} facts: {store.Count / seconds:F0} a second; the file has "
                + $"{new FileInfo(path).Length / 1e6:F0} MB; resident memory {ProcessMemory.Resident():F0} MiB, "
                + $"highest {ProcessMemory.Highest():F0}.");
            Search(store, [.. asked.OrderBy(_ => random.Next()).Take(questions)]);
        }

        long begun = Stopwatch.GetTimestamp();
        store.Verify();
        Console.WriteLine($"verified in {Stopwatch.GetElapsedTime(begun).TotalSeconds:F1} s.");
    }

    private static void Search(KnowledgeStore store, string[] asked)
    {
        int hits = 0;
        double[] times = new double[asked.Length];
        for (int i = 0; i < asked.Length; i++)
        {
            string[] pair = asked[i].Split('\n');
            long start = Stopwatch.GetTimestamp();
            IReadOnlyList<FoundFact> found = store.Search(pair[0], Most);
            times[i] = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
            if (found.Any(fact => fact.Text == pair[1])) hits++;
        }

        Console.WriteLine($"{asked.Length} questions: median {times.Median():F1} ms, 95th percentile {times.Quantile(0.95):F1}, "
            + $"longest {times.Max():F1}; the fact is among {Most} for {hits}. "
            + $"Resident memory {ProcessMemory.Resident():F0} MiB, highest {ProcessMemory.Highest():F0}.");
    }

    private static (string Fact, string Question) English(string[] words, Xoshiro256StarStar random)
    {
        string name = $"{EnglishName(random)} {EnglishName(random)}";
        string[] told = Told(words, 5 + random.Next(12), random);
        return ($"{name} {string.Join(' ', told)}.",
            $"What does {name} have to do with {told[random.Next(told.Length)]} and {told[random.Next(told.Length)]}?");
    }

    private static (string Fact, string Question) Korean(string[] words, Xoshiro256StarStar random)
    {
        string name = $"{Draw(FamilyNames)}{Draw(GivenNames)}{Draw(GivenNames)}";
        string[] told = Told(words, 4 + random.Next(8), random);
        return ($"{name}은 {string.Join(' ', told)}.", $"{name}이 {told[random.Next(told.Length)]} "
            + $"{told[random.Next(told.Length)]} 무엇을 했어?");

        char Draw(string letters) => letters[random.Next(letters.Length)];
    }

    private static string EnglishName(Xoshiro256StarStar random)
    {
        string name = Syllables[random.Next(Syllables.Length)] + Syllables[random.Next(Syllables.Length)]
            + EnglishEnds[random.Next(EnglishEnds.Length)];
        return char.ToUpperInvariant(name[0]) + name[1..];
    }

    private static string[] Told(string[] words, int count, Xoshiro256StarStar random)
    {
        int start = random.Next(words.Length - count);
        return words[start..(start + count)];
    }

    /// <summary>Words without the marks around them, so that a fact stays one sentence.</summary>
    private static string[] Words(string file) =>
    [
        .. File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "data", file), Encoding.UTF8).Split((char[]?)null,
                StringSplitOptions.RemoveEmptyEntries)
            .Select(word => new string([.. word.Where(char.IsLetterOrDigit)])).Where(word => word.Length is > 0 and < 12),
    ];
}
