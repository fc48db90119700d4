using System.Text.Json;
using System.Text.Json.Nodes;
using HslEmbeddingZero.Training;

namespace HslEmbeddingZero.Samples;

/// <summary>Tells which options differ between two runs, from the stored descriptions of their conditions.</summary>
internal static class OtherConditions
{
    private const int DigitsOfHash = 12;

    /// <summary>The options that set a condition. Other conditions come from the preset, and are named as stored.</summary>
    private static readonly IReadOnlyDictionary<string, string> Options = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["key.arm"] = "the door",
        ["key.bytesPerSlot"] = "--bytes-per-slot",
        ["key.steps"] = "--steps",
        ["training.steps"] = "--steps",
        ["key.seed"] = "the seed",
        ["training.seed"] = "the seed",
        ["training.precision"] = "--precision",
        ["device"] = "--device",
        ["sha256"] = "the held-out data (--text, --windows)",
        ["corpus"] = "the data (--text, --windows)",
    };

    /// <summary>One phrase for each difference: "--steps is 24 there and 12 here".</summary>
    /// <param name="stored">Conditions of the other run, as JSON.</param>
    /// <param name="current">Conditions of this run, as JSON.</param>
    public static string Describe(string stored, string current)
    {
        Dictionary<string, string> there = Flatten(stored), here = Flatten(current);
        if (there.Count == 0) return "its conditions are not stored";
        return string.Join("; ", there.Keys.Union(here.Keys)
            .Where(name => there.GetValueOrDefault(name) != here.GetValueOrDefault(name))
            .Select(name => Phrase(Options.GetValueOrDefault(name, name), Value(there, name), Value(here, name)))
            .Distinct());

        static string Value(Dictionary<string, string> values, string name) => values.GetValueOrDefault(name, "not set") is var value
            && Enum.TryParse(value, ignoreCase: true, out Precision precision) && !char.IsAsciiDigit(value[0])
                ? ComputeOptions.NameOf(precision) // as on the command line
                : value;
    }

    /// <summary>"--steps is 24 there and 12 here". Hashes are cut: their first digits show that they differ.</summary>
    public static string Phrase(string option, string there, string here)
    {
        // The words of two corpora: what both have in common says nothing.
        string[] those = there.Split(' '), these = here.Split(' ');
        return $"{option} is {Short(those.Except(these), there)} there and {Short(these.Except(those), here)} here";

        static string Short(IEnumerable<string> words, string all) => words.ToArray() is { Length: > 0 } own
            ? string.Join(' ', own.Select(word => IsHash(word) ? word[..DigitsOfHash] + "…" : word))
            : all;

        static bool IsHash(string word) => word.Length == 64 && word.All(char.IsAsciiHexDigit);
    }

    private static Dictionary<string, string> Flatten(string json)
    {
        Dictionary<string, string> values = [];
        try
        {
            if (JsonNode.Parse(json) is JsonObject root) Add("", root);
        }
        catch (JsonException)
        {
            // The conditions of older runs, or none: nothing is known of them.
        }

        return values;

        void Add(string prefix, JsonObject node)
        {
            foreach ((string name, JsonNode? value) in node)
            {
                string path = prefix + name;
                if (value is JsonObject inner) Add(path + ".", inner);
                else values[path] = value is null ? "not set" : value is JsonValue one && one.TryGetValue(out string? text)
                    ? text : value.ToJsonString();
            }
        }
    }
}
