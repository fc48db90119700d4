using System.Collections;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace HslEmbeddingZero.Training;

/// <summary>
/// Named numbers in a fixed order, such as the bits per byte of each source. Two are equal if names, numbers and order are equal.
/// </summary>
[SuppressMessage("Naming", "CA1710", Justification = "It is used as a few values, not as a collection.")]
public sealed class NamedValues : IReadOnlyDictionary<string, double>, IEquatable<NamedValues>
{
    private readonly KeyValuePair<string, double>[] _values;

    /// <summary>Keeps the numbers in the order given.</summary>
    /// <param name="values">Names and numbers.</param>
    /// <exception cref="ArgumentException">A name is given twice.</exception>
    public NamedValues(IEnumerable<KeyValuePair<string, double>> values)
    {
        _values = [.. values];
        if (_values.DistinctBy(pair => pair.Key).Count() < _values.Length)
            throw new ArgumentException($"A name is given twice: {string.Join(", ", _values.Select(pair => pair.Key))}.", nameof(values));
    }

    /// <summary>No numbers.</summary>
    public static NamedValues Empty { get; } = new([]);

    /// <inheritdoc/>
    public int Count => _values.Length;

    /// <inheritdoc/>
    public IEnumerable<string> Keys => _values.Select(pair => pair.Key);

    /// <inheritdoc/>
    public IEnumerable<double> Values => _values.Select(pair => pair.Value);

    /// <summary>The number of a name.</summary>
    /// <param name="key">The name.</param>
    /// <exception cref="KeyNotFoundException">There is no such name.</exception>
    public double this[string key] => TryGetValue(key, out double value)
        ? value
        : throw new KeyNotFoundException($"There is no '{key}'; there are {(Count == 0 ? "no names" : string.Join(", ", Keys))}.");

    /// <inheritdoc/>
    public bool ContainsKey(string key) => Array.Exists(_values, pair => pair.Key == key);

    /// <inheritdoc/>
    public bool TryGetValue(string key, out double value)
    {
        int at = Array.FindIndex(_values, pair => pair.Key == key);
        value = at >= 0 ? _values[at].Value : 0;
        return at >= 0;
    }

    /// <inheritdoc/>
    public IEnumerator<KeyValuePair<string, double>> GetEnumerator() => _values.AsEnumerable().GetEnumerator();

    /// <inheritdoc/>
    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <inheritdoc/>
    public bool Equals(NamedValues? other) => other is not null && _values.SequenceEqual(other._values);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as NamedValues);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        HashCode hash = new();
        foreach (KeyValuePair<string, double> pair in _values) hash.Add(pair);
        return hash.ToHashCode();
    }

    /// <summary>For example "text 2.146, video 5.301".</summary>
    public override string ToString() =>
        string.Join(", ", _values.Select(pair => string.Create(CultureInfo.InvariantCulture, $"{pair.Key} {pair.Value:F3}")));
}
