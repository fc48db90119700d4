using System.CommandLine;
using System.CommandLine.Parsing;

namespace HslEmbeddingZero.Samples;

/// <summary>Options that check their value. The error names the wrong value and the allowed ones.</summary>
internal static class CheckedOptions
{
    /// <summary>An option that takes one of several words.</summary>
    public static Option<string> Choice(string name, string description, string start, params string[] allowed)
    {
        Option<string> option = new(name) { Description = description, DefaultValueFactory = _ => start };
        option.Validators.Add(result =>
        {
            string value = result.GetValueOrDefault<string>();
            if (!allowed.Contains(value))
                result.AddError($"{name} must be {string.Join(", ", allowed[..^1])} or {allowed[^1]}; got '{value}'.");
        });
        return option;
    }

    /// <summary>An option that takes a whole number; null where it is not given.</summary>
    public static Option<int?> Whole(string name, string description, int low, int high = int.MaxValue) => new(name)
    {
        Description = description,
        CustomParser = result => Whole(result.Tokens[^1].Value, low, high, name, result),
    };

    /// <summary>An option that takes a number in a range. Default: <paramref name="start"/>.</summary>
    public static Option<double> Number(string name, string description, double start, Func<double, bool> isAllowed, string allowed) =>
        new(name)
        {
            Description = description,
            DefaultValueFactory = _ => start,
            CustomParser = result =>
            {
                string text = result.Tokens[^1].Value;
                if (NumberText.TryNumber(text, out double value) && isAllowed(value)) return value;
                result.AddError($"{name} takes {allowed}; {NumberText.Wrong(text)}");
                return start;
            },
        };

    /// <summary>An option that names a folder. The folder need not exist.</summary>
    public static Option<DirectoryInfo> Folder(string name, string description, string start) => new(name)
    {
        Description = description,
        DefaultValueFactory = _ => new DirectoryInfo(start),
        CustomParser = result =>
        {
            string path = result.Tokens[^1].Value;
            if (!string.IsNullOrWhiteSpace(path) && !path.Contains('\0')) return new DirectoryInfo(path);
            result.AddError($"{name} must name a folder; got '{path}'.");
            return new DirectoryInfo(start);
        },
    };

    /// <summary>Parses a whole number of a list.</summary>
    public static int Whole(string text, int low, int high, string option, ArgumentResult result)
    {
        if (NumberText.TryWhole(text, low, high, out long value)) return (int)value;
        result.AddError($"{option} takes whole numbers from {low} to {high}; got '{text}'.");
        return low;
    }
}
