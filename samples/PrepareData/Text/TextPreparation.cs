using System.Globalization;
using Spectre.Console;

namespace HslEmbeddingZero.Samples.PrepareData;

/// <summary>Writes the documents of many files into one text file. Empty lines end documents.</summary>
internal static class TextPreparation
{
    private const int RecordsBetweenLooks = 64;

    public static void Run(IAnsiConsole console, TextOptions options, CancellationToken cancellationToken)
    {
        FileInfo[] inputs = [.. options.Inputs.Select(path => new FileInfo(path))];
        long[] before = new long[inputs.Length + 1];
        for (int i = 0; i < inputs.Length; i++) before[i + 1] = before[i] + inputs[i].Length;

        using PreparedFile<State> output = new(options.Out, options.Job(inputs), options.Resume);
        State state = output.Resumed ?? new State();
        DocumentWriter writer = new(output.Stream, state.Statistics);
        ProgressReport.Run(console, Path.GetFileName(options.Out), Math.Max(1, before[^1]), progress =>
        {
            while (state.Input < inputs.Length && !options.IsEnough(output.Stream.Position))
            {
                using var input = TextInput.Open(inputs[state.Input].FullName, options.Field, state.Position, options.LongestLine);
                if (!ReadAll(input, () => before[state.Input] + input.BytesRead)) break;
                writer.EndDocument();
                state.Input++;
                state.Position = default;
                output.Save(state);
            }

            // True at the end of the input, false when --take is reached.
            bool ReadAll(TextInput input, Func<long> bytesRead)
            {
                long saved = output.Stream.Position;
                for (long record = 1; input.Next(writer, output.Damage); record++)
                {
                    if (options.IsEnough(output.Stream.Position) && state.Statistics.OpenBytes == 0) return false;
                    if (record % RecordsBetweenLooks != 0) continue;
                    progress(bytesRead());
                    bool isCancelled = cancellationToken.IsCancellationRequested;
                    if (!isCancelled && output.Stream.Position - saved < options.SaveEvery) continue;
                    state.Position = input.Position;
                    output.Save(state);
                    cancellationToken.ThrowIfCancellationRequested();
                    saved = output.Stream.Position;
                }

                return true;
            }
        });
        if (state.Statistics.Documents == 0)
        {
            string skipped = string.Join(Environment.NewLine, output.Damage.Summary(output.DamagePath).Select(line => line.Trim()));
            throw new InvalidDataException($"No document in {inputs.Length} files. {skipped}".Trim());
        }

        output.Finish();
        foreach (string line in Summary(options, state.Statistics, output)) console.WriteLine(line);
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

    /// <summary>Position in the sources.</summary>
    internal sealed class State
    {
        public int Input { get; set; }

        public TextPosition Position { get; set; }

        public TextStatistics Statistics { get; set; } = new();
    }
}
