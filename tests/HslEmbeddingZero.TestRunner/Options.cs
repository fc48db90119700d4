using Xunit.Abstractions;

namespace HslEmbeddingZero.TestRunner;

/// <summary>xunit's defaults for all options but one: tests run one after another, as they share a device.</summary>
internal sealed class Options : ITestFrameworkDiscoveryOptions, ITestFrameworkExecutionOptions
{
    private readonly Dictionary<string, object?> _values = new(
        StringComparer.Ordinal)
    { ["xunit.execution.DisableParallelization"] = true };

    public TValue GetValue<TValue>(string name) => _values.TryGetValue(name, out object? value) && value is TValue typed ? typed : default!;

    public void SetValue<TValue>(string name, TValue value) => _values[name] = value;
}
