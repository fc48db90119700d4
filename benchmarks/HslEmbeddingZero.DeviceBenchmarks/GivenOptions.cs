using System.Globalization;
using HslEmbeddingZero.Samples;

namespace HslEmbeddingZero.DeviceBenchmarks;

/// <summary>The name=value options of a command line. <see cref="RequireNoOther"/> refuses unknown ones.</summary>
internal sealed class GivenOptions(string[] args)
{
    private readonly List<string> _known = [];

    private readonly Dictionary<string, string> _given = args.Select(word => word.Split('=', 2))
        .GroupBy(parts => parts[0], parts => parts.Length > 1 ? parts[1] : "", StringComparer.Ordinal)
        .ToDictionary(
            same => same.Key,
            same => same.Count() == 1 ? same.First() : throw new ArgumentException($"{same.Key} is given {same.Count()} times."),
            StringComparer.Ordinal);

    /// <summary>The value of an option, or the default if it is not given.</summary>
    public string Text(string name, string otherwise)
    {
        _known.Add(name);
        return _given.Remove(name, out string? value) ? value : otherwise;
    }

    /// <summary>One of the allowed values.</summary>
    public string Choice(string name, params string[] allowed) => Choices(name, allowed[0], allowed) is [string one]
        ? one
        : throw new ArgumentException($"{name} takes one of {string.Join(", ", allowed)}.");

    /// <summary>Some of the allowed values, separated by commas.</summary>
    public string[] Choices(string name, string otherwise, params string[] allowed)
    {
        string[] values = Text(name, otherwise).Split(',');
        string? unknown = values.FirstOrDefault(value => !allowed.Contains(value));
        return unknown is null
            ? values : throw new ArgumentException($"{name}={unknown} is unknown; allowed are {string.Join(", ", allowed)}.");
    }

    /// <summary>A whole number, 1 or more.</summary>
    public int Number(string name, int otherwise) =>
        Numbers(name, otherwise) is [int one] ? one : throw new ArgumentException($"{name} takes one number.");

    /// <summary>Whole numbers, 1 or more, separated by commas.</summary>
    public int[] Numbers(string name, params int[] otherwise)
    {
        string text = Text(name, string.Join(',', otherwise));
        return [.. text.Split(',').Select(item =>
            int.TryParse(item, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number > 0
                ? number
                : throw new ArgumentException($"{name} takes whole numbers of 1 or more; got '{item}'."))];
    }

    /// <summary>Throws if an option is given that is not known.</summary>
    public void RequireNoOther()
    {
        if (_given.Keys.FirstOrDefault() is { } unknown)
            throw new ArgumentException(
                $"unknown option '{unknown}'{NearestName.Suggest(unknown, _known)} Known are {string.Join(", ", _known)}.");
    }
}
