using System.Diagnostics;
using System.Globalization;
using Spectre.Console;

namespace HslEmbeddingZero.Samples.PrepareData;

/// <summary>Writes the documents of many files into one text file. Empty lines end documents.</summary>
internal sealed class TextPreparation
{
    private const int RecordsBetweenLooks = 64;

    private readonly TextOptions _options;
    private readonly CancellationToken _cancellationToken;
    private readonly PreparedFile<State> _output;
    private readonly State _state;
    private readonly DocumentWriter _writer;
    private readonly Stopwatch _sinceSave = Stopwatch.StartNew();
    private long _saved;
    private long _inputStart; // where the current input begins in the output

    private TextPreparation(TextOptions options, PreparedFile<State> output, CancellationToken cancellationToken)
    {
        _options = options;
        _cancellationToken = cancellationToken;
        _output = output;
        _state = output.Kept is [.., var last] ? last.State! : new State();
        _writer = new DocumentWriter(output.Stream, _state.Statistics);
        _saved = output.Stream.Position;
        _inputStart = output.Kept.LastOrDefault(point => point.IsDone)?.Length ?? 0;
    }

    public static void Run(IAnsiConsole console, IAnsiConsole progressConsole, TextOptions options, CancellationToken cancellationToken)
    {
        InputList inputs = new(options.Inputs, TextInput.Endings, options.Out, beside: [PreparedFile.DamageEnding]);
        foreach (string note in inputs.Notes) console.WriteLine(note);
        PreparedJob job = new("text", inputs.Files, inputs.Names, options.Content, options.Take);
        using PreparedFile<State> output = new(options.Out, job, options.Resume);
        if (output.DoneAgain is { } again) console.WriteLine(again);
        TextPreparation preparation = new(options, output, cancellationToken);
        ProgressReport.Run(progressConsole, inputs.Files, progress =>
        {
            for (int i = output.Next; i < inputs.Files.Count; i++)
            {
                progress.Begin(i);
                if (!preparation.Read(inputs.Files[i], progress)) break;
            }
        });
        preparation.Finish(console, inputs.Files.Count);
    }

    /// <summary>Reads a file to its end; false where --take is reached.</summary>
    private bool Read(InputFile file, ProgressReport progress)
    {
        if (_options.IsEnough(_output.Stream.Position) && _state.Statistics.OpenBytes == 0) return false;
        InputFault? fault = null;
        long readBefore = 0; // the bytes before the record that is read next
        using TextInput? input = Try(() =>
        {
            file.RequireContent();
            return _options.Open(file.Path, _options.Field, _state.Position, _options.LongestLine);
        });
        if (input is not null) readBefore = input.BytesRead;
        Func<bool> next = () => input is not null && input.Next(_writer, _output.Damage);
        for (long record = 1; input is not null && Try(next); record++)
        {
            readBefore = input.BytesRead;
            if (_options.IsEnough(_output.Stream.Position) && _state.Statistics.OpenBytes == 0) return false;
            if (record % RecordsBetweenLooks != 0) continue;
            progress.Show(readBefore, file.Length);
            if (!_cancellationToken.IsCancellationRequested && _output.Stream.Position - _saved < _options.SaveEvery) continue;
            _state.Position = input.Position;
            _output.RecordPoint(file, _state);
            Save();
        }

        _writer.EndDocument(); // The documents before a fault stay.
        _state.Position = default;
        _output.RecordDone(file, fault, _state);
        _inputStart = _output.Stream.Position;
        if (_cancellationToken.IsCancellationRequested || _sinceSave.Elapsed >= _options.SaveAfter
            || _output.Stream.Position - _saved >= _options.SaveEvery) Save();
        return true;

        // Runs a step of the reader. If the file cannot be read, returns the default and sets the fault.
        T? Try<T>(Func<T> step)
        {
            try
            {
                return step();
            }
            catch (Exception error) when (InputFault.IsOne(error))
            {
                string place = _output.Stream.Position == _inputStart ? InputFault.Whole
                    : readBefore == 0 ? "what an earlier run did not read"
                    : string.Create(CultureInfo.InvariantCulture, $"from byte {readBefore} of {file.Length} on");
                fault = InputFault.Of(file, error, place);
                return default;
            }
        }
    }

    private void Save()
    {
        _output.Save();
        _cancellationToken.ThrowIfCancellationRequested();
        _saved = _output.Stream.Position;
        _sinceSave.Restart();
    }

    private void Finish(IAnsiConsole console, int inputs)
    {
        TextStatistics statistics = _state.Statistics;
        _output.RequireAnyRead();
        if (statistics.Documents == 0)
        {
            string skipped = string.Join(Environment.NewLine, _output.Damage.Summary(_output.DamagePath).Select(line => line.Trim()));
            _output.Abandon();
            throw new InvalidDataException($"No document in {inputs} files. {skipped}".Trim());
        }

        _output.Finish();
        foreach (string line in Summary(_options, statistics, _output)) console.WriteLine(line);
        _output.RequireAllRead();
    }

    private static IEnumerable<string> Summary(TextOptions options, TextStatistics statistics, PreparedFile<State> output)
    {
        CultureInfo culture = CultureInfo.InvariantCulture;
        yield return string.Create(culture, $"{options.Out}: {statistics.Documents:N0} documents, {statistics.Bytes:N0} bytes");
        yield return string.Create(
            culture,
            $"  mean {(double)statistics.Bytes / statistics.Documents:N0} bytes, half of them {statistics.MedianAtLeast():N0} or more, "
                + $"longest {statistics.Longest:N0}");
        yield return string.Create(
            culture,
            $"  left out: {statistics.EmptyDocuments:N0} documents without text, {statistics.Nulls:N0} rows without a value, "
                + $"{statistics.EmptyLines:N0} empty lines");
        foreach (string line in output.Damage.Summary(output.DamagePath)) yield return line;
        if (statistics.Bytes + statistics.Documents > Array.MaxLength)
            yield return $"  note: a text corpus holds {Array.MaxLength:N0} bytes in memory; give --take to prepare fewer";
    }

    /// <summary>Position in the current input, and what was written up to there.</summary>
    internal sealed class State
    {
        public TextPosition Position { get; set; }

        public TextStatistics Statistics { get; set; } = new();
    }
}
