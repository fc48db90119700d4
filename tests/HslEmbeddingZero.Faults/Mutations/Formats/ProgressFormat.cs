using HslEmbeddingZero.Samples.PrepareData;
using Spectre.Console;

namespace HslEmbeddingZero.Faults;

/// <summary>PrepareData's progress file. A resumed run refuses it, or writes the same output as an uninterrupted run.</summary>
internal sealed class ProgressFormat : DamagedFormat
{
    private const int Documents = 300;
    private readonly string _out;
    private readonly TextOptions _options;
    private readonly byte[] _valid;
    private readonly byte[] _partial;
    private readonly IAnsiConsole _console = AnsiConsole.Create(
        new AnsiConsoleSettings { Out = new AnsiConsoleOutput(TextWriter.Null), Interactive = InteractionSupport.No });

    public ProgressFormat(string folder)
    {
        string input = Path.Combine(folder, "documents.jsonl");
        File.WriteAllLines(input, Enumerable.Range(0, Documents).Select(i => $$"""{"text":"Document {{i}}"}"""));
        _out = Path.Combine(folder, "corpus.txt");
        _options = new TextOptions([input], _out, "text", null, 1 << 16, Resume: true) { SaveEvery = 1 };
        using CancellationTokenSource stopped = new();
        stopped.Cancel();
        try
        {
            TextPreparation.Run(_console, _console, _options, stopped.Token);
        }
        catch (OperationCanceledException)
        {
        }

        _valid = File.ReadAllBytes(_out + ".progress.json");
        _partial = File.ReadAllBytes(_out + ".partial");
    }

    public override string? Read(Random random)
    {
        File.WriteAllBytes(_out + ".progress.json", Mutator.Damage(_valid, random, isText: true));
        File.WriteAllBytes(_out + ".partial", _partial);
        return Refusal(_out, Resume, error => error is InvalidDataException);
    }

    private void Resume()
    {
        TextPreparation.Run(_console, _console, _options, CancellationToken.None);
        Require(File.ReadAllText(_out) == string.Concat(Enumerable.Range(0, Documents).Select(i => $"Document {i}\n\n")),
            "the output is not that of an uninterrupted run");
    }
}
