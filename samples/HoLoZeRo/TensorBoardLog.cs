using System.Text.Json;
using TorchSharp;
using TorchSharp.Modules;

namespace HslEmbeddingZero.Samples;

/// <summary>
/// Shows files of JSON lines to TensorBoard: every number of a line becomes a scalar of its step. A run that goes on shows the kept lines
/// anew, so that the event file too reads as one uninterrupted run.
/// </summary>
internal sealed class TensorBoardLog : IDisposable
{
    private readonly List<(string Group, StreamReader Lines)> _sources = [];
    private readonly SummaryWriter _events;
    private readonly long _begin;
    private double _seconds;

    /// <param name="folder">Folder of the event file; earlier event files in it are replaced.</param>
    /// <param name="elapsed">Time trained in earlier pieces of the run.</param>
    /// <param name="sources">Files of JSON lines, each with the group its numbers are shown in; they may still grow.</param>
    public TensorBoardLog(string folder, TimeSpan elapsed, params (string Group, string Path)[] sources)
    {
        Directory.CreateDirectory(folder);
        foreach (string earlier in Directory.GetFiles(folder, "events.out.tfevents.*")) File.Delete(earlier);
        _events = torch.utils.tensorboard.SummaryWriter(folder);
        _begin = DateTimeOffset.UtcNow.ToUnixTimeSeconds() - (long)elapsed.TotalSeconds;
        foreach ((string group, string path) in sources)
            _sources.Add((group, new StreamReader(new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete))));
        Update();
    }

    /// <summary>Shows the lines that have come since.</summary>
    public void Update()
    {
        foreach ((string group, StreamReader lines) in _sources)
        {
            while (lines.ReadLine() is { } line) Show(group, line);
        }
    }

    public void Dispose()
    {
        foreach ((_, StreamReader lines) in _sources) lines.Dispose();
    }

    private void Show(string group, string line)
    {
        using JsonDocument document = JsonDocument.Parse(line);
        JsonElement root = document.RootElement;
        int step = root.GetProperty("step").GetInt32();
        if (root.TryGetProperty("seconds", out JsonElement seconds)) _seconds = seconds.GetDouble();
        foreach (JsonProperty number in root.EnumerateObject().Where(property => property.Value.ValueKind == JsonValueKind.Number && property.Name is not ("step" or "seconds")))
            _events.add_scalar($"{group}/{number.Name}", number.Value.GetSingle(), step, _begin + (long)_seconds);
    }
}
