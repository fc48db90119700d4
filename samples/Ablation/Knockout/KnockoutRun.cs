using System.Security.Cryptography;
using System.Text.Json;
using HslEmbeddingZero.Training;
using Spectre.Console;
using TorchSharp;

namespace HslEmbeddingZero.Samples;

/// <summary>
/// Scores a trained model once for each set of silenced channels. Each row is written as soon as it is scored.
/// </summary>
internal sealed class KnockoutRun(string weights, ByteLanguageModel model, ByteMix data, Silence silence, torch.Device device,
    string rowsPath)
{
    /// <summary>The channels of every row; null, the first, is the unchanged model.</summary>
    public static IReadOnlyList<ChannelSet?> Sets { get; } = [null, .. ChannelSet.All];

    private static readonly string[] Options =
        ["--weights (SHA-256)", "the held-out data (--held-out, --text, --windows)", "--silence"];

    /// <summary>The conditions of a row: a value for each of <see cref="Options"/>, after a word for it.</summary>
    private readonly string _run =
        $"weights {Digest(weights)}, held out {data.HeldOutSha256}, silence {silence.ToString().ToLowerInvariant()}";

    /// <param name="console">Console for the progress.</param>
    /// <param name="progress">Receives the number of rows so far, the number of all rows, and the new row.</param>
    /// <param name="cancellationToken">Stops the run between two batches.</param>
    public IReadOnlyList<KnockoutRow> Execute(
        IAnsiConsole console, Action<int, int, KnockoutRow> progress, CancellationToken cancellationToken)
    {
        ZeroDoor door = model.Door as ZeroDoor
            ?? throw new InvalidDataException(
                $"{weights}: knockout needs a zero door, where each channel has fixed columns; this model has a {model.Door.GetName()}.");
        List<KnockoutRow> rows = Earlier();
        float[] constants = silence.Constants(door, data.Sources, device);
        Evaluator evaluator = new(data.Sources, device: device);
        foreach (ChannelSet? set in Sets.Where(set => !rows.Exists(row => row.Channels == set?.Name)).ToArray())
        {
            using SilencedDoor silenced = new(door, (set?.Columns ?? []).ToDictionary(column => column, column => constants[column]),
                device);
            KnockoutRow row = new(set?.Name, _run, Score(set, new ByteLanguageModel(silenced, model.Body)));
            rows.Add(row);
            AtomicFile.WriteText(rowsPath, string.Concat(rows.Select(r => JsonSerializer.Serialize(r, SampleJson.Line) + "\n")));
            progress(rows.Count, Sets.Count, row);
        }

        return rows;

        MixScores Score(ChannelSet? set, ByteLanguageModel silenced)
        {
            using WorkProgress shown = new(console, $"{rows.Count + 1}/{Sets.Count}  scoring with {set?.Name ?? "nothing"} silenced:");
            return MixScores.Of(evaluator.Evaluate(silenced, new ScoringProgress(shown), cancellationToken));
        }
    }

    /// <summary>Reads the rows of an earlier run.</summary>
    /// <exception cref="InvalidDataException">The rows belong to another model, other held-out samples or another silence.</exception>
    private List<KnockoutRow> Earlier()
    {
        if (!File.Exists(rowsPath)) return [];
        try
        {
            List<KnockoutRow> rows =
                [.. File.ReadLines(rowsPath).Select(line => JsonSerializer.Deserialize<KnockoutRow>(line, SampleJson.Line)!)];
            if (rows.Find(row => row.Run != _run) is not { } other) return rows;
            throw new InvalidDataException(
                $"{rowsPath}: the rows of a run with other options: {Difference(other.Run)}. Use the same options, choose another --out, "
                    + "or remove the file.");
        }
        catch (JsonException error)
        {
            throw new InvalidDataException($"{rowsPath}: the file does not hold rows of a knockout: {SampleJson.Describe(error)}", error);
        }
    }

    private string Difference(string other)
    {
        string[] there = other.Split(", "), here = _run.Split(", ");
        return there.Length != here.Length ? other : string.Join("; ", Enumerable.Range(0, here.Length)
            .Where(i => there[i] != here[i])
            .Select(i => OtherConditions.Phrase(Options[i], there[i].Split(' ')[^1], here[i].Split(' ')[^1])));
    }

    private static string Digest(string path)
    {
        using FileStream file = File.OpenRead(path);
        return Convert.ToHexStringLower(SHA256.HashData(file));
    }
}
