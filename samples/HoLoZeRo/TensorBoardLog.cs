using System.Text.Json;
using TorchSharp;
using TorchSharp.Modules;

namespace HslEmbeddingZero.Samples;

/// <summary>
/// Converts files of JSON lines to TensorBoard events. Every number of a line, also inside an object, becomes a scalar at the line's step.
/// A resumed run writes the earlier lines again, so the event file reads as one uninterrupted run.
/// </summary>
internal sealed class TensorBoardLog : IDisposable
{
    private readonly List<(string Group, string Path, StreamReader? Lines)> _sources;
    private readonly SummaryWriter _events;
    private readonly long _begin;
    private double _seconds;

    /// <param name="folder">Folder of the event file; earlier event files in it are replaced.</param>
    /// <param name="elapsed">Training time before this start of the run.</param>
    /// <param name="sources">Files of JSON lines, each with the group of its scalars. They may be missing or grow.</param>
    public TensorBoardLog(string folder, TimeSpan elapsed, params (string Group, string Path)[] sources)
    {
        Directory.CreateDirectory(folder);
        foreach (string earlier in Directory.GetFiles(folder, "events.out.tfevents.*")) File.Delete(earlier);
        _events = torch.utils.tensorboard.SummaryWriter(folder);
        _begin = DateTimeOffset.UtcNow.ToUnixTimeSeconds() - (long)elapsed.TotalSeconds;
        _sources = [.. sources.Select(source => (source.Group, source.Path, (StreamReader?)null))];
    }

    /// <summary>Adds the lines written since the last update.</summary>
    public void Update()
    {
        for (int i = 0; i < _sources.Count; i++)
        {
            (string group, string path, StreamReader? lines) = _sources[i];
            if (lines is null)
            {
                if (!File.Exists(path)) continue; // The run creates the file later.
                lines = new StreamReader(new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete));
                _sources[i] = (group, path, lines);
            }

            while (lines.ReadLine() is { } line) Show(group, line);
        }
    }

    public void Dispose()
    {
        foreach ((_, _, StreamReader? lines) in _sources) lines?.Dispose();
    }

    private void Show(string group, string line)
    {
        using var document = JsonDocument.Parse(line);
        JsonElement root = document.RootElement;
        int step = root.GetProperty("step").GetInt32();
        if (root.TryGetProperty("seconds", out JsonElement seconds)) _seconds = seconds.GetDouble();
        Show(group, root, step);
    }

    private void Show(string group, JsonElement element, int step)
    {
        foreach (JsonProperty property in element.EnumerateObject().Where(property => property.Name is not ("step" or "seconds")))
        {
            string name = $"{group}/{property.Name}";
            if (property.Value.ValueKind == JsonValueKind.Object) Show(name, property.Value, step);
            else if (property.Value.ValueKind == JsonValueKind.Number)
                _events.add_scalar(name, property.Value.GetSingle(), step, _begin + (long)_seconds);
        }
    }
}
