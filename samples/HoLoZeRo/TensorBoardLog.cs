using System.Text.Json;
using TorchSharp;
using TorchSharp.Modules;

namespace HslEmbeddingZero.Samples;

/// <summary>
/// Shows files of JSON lines to TensorBoard: every number of a line, also one within an object, becomes a scalar of its step. A run that
/// goes on shows the kept lines anew, so that the event file too reads as one uninterrupted run.
/// </summary>
internal sealed class TensorBoardLog : IDisposable
{
    private readonly List<(string Group, string Path, StreamReader? Lines)> _sources;
    private readonly SummaryWriter _events;
    private readonly long _begin;
    private double _seconds;

    /// <param name="folder">Folder of the event file; earlier event files in it are replaced.</param>
    /// <param name="elapsed">Time trained in earlier pieces of the run.</param>
    /// <param name="sources">Files of JSON lines, each with the group its numbers are shown in; they may still be made, and grow.</param>
    public TensorBoardLog(string folder, TimeSpan elapsed, params (string Group, string Path)[] sources)
    {
        Directory.CreateDirectory(folder);
        foreach (string earlier in Directory.GetFiles(folder, "events.out.tfevents.*")) File.Delete(earlier);
        _events = torch.utils.tensorboard.SummaryWriter(folder);
        _begin = DateTimeOffset.UtcNow.ToUnixTimeSeconds() - (long)elapsed.TotalSeconds;
        _sources = [.. sources.Select(source => (source.Group, source.Path, (StreamReader?)null))];
    }

    /// <summary>Shows the lines that have come since.</summary>
    public void Update()
    {
        for (int i = 0; i < _sources.Count; i++)
        {
            (string group, string path, StreamReader? lines) = _sources[i];
            if (lines is null)
            {
                if (!File.Exists(path)) continue; // The run makes it.
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
