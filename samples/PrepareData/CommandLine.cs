using System.CommandLine;
using System.CommandLine.Parsing;

namespace HslEmbeddingZero.Samples.PrepareData;

/// <summary>The commands and options of the sample. A wrong value is refused with a message that names the allowed ones.</summary>
internal static class CommandLine
{
    private const int MostStreams = 9999;

    /// <summary>Creates the commands. The actions run when a command is invoked.</summary>
    public static RootCommand Create(Action<TextOptions, CancellationToken> text, Action<WindowOptions, CancellationToken> windows) =>
        new("Converts your own files to text and windows for training.") { Text(text), Windows(windows) };

    private static Command Text(Action<TextOptions, CancellationToken> run)
    {
        Argument<string[]> inputs = Inputs(
            $"Files, folders or patterns such as \"dump/**/*.jsonl\": {string.Join(", ", TextInput.Endings)}.", TextInput.Endings);
        Option<string> output = Out("Text file to write; an empty line ends a document.", ending: null);
        Option<string> field =
            new("--field")
            {
                Description = "Name of the field (JSON lines) or column (parquet) that holds the text.",
                DefaultValueFactory = _ => "text"
            };
        Option<long?> take = new("--take")
        {
            Description = "Stop after the document with which the output reaches this many bytes.",
            CustomParser = result => Whole(result, 1, long.MaxValue),
        };
        Option<int> longest = new("--longest-line")
        {
            Description = "Longest line to read, in bytes; longer lines count as damaged.",
            DefaultValueFactory = _ => 16 << 20,
            CustomParser = result => (int)Whole(result, 1, 256 << 20),
        };
        Option<bool> resume = Resume();
        Command command = new("text", "Writes documents of text, JSON lines and parquet files to a text file.")
        {
            inputs, output, field, take, longest, resume,
        };
        command.SetAction((parsed, cancellationToken) =>
        {
            run(
                new TextOptions(
                    parsed.GetValue(inputs)!, Path.GetFullPath(parsed.GetValue(output)!), parsed.GetValue(field)!, parsed.GetValue(take),
                    parsed.GetValue(longest), parsed.GetValue(resume)),
                cancellationToken);
            return Task.FromResult(0);
        });
        return command;
    }

    private static Command Windows(Action<WindowOptions, CancellationToken> run)
    {
        Argument<string[]> inputs = Inputs(
            "Films in any format that ffmpeg reads, folders of them, or patterns such as \"films/**/*.mp4\".", endings: null);
        Option<string> output = Out("Window file to write, ending in .bin. A JSON file and a contact sheet are written next to it.",
            ending: ".bin");
        Option<string[]> captions = new("--captions")
        {
            Description = "One .srt or .vtt file per film, in the same order, or none for a film without captions. Default: the files "
                + "beside the films with the same name, as film.srt or film.en.vtt, or else the subtitles inside the films.",
            AllowMultipleArgumentsPerToken = true,
        };
        captions.Validators.Add(result => RequireFiles(
            result, "--captions", [.. (result.GetValueOrDefault<string[]>() ?? []).Where(path => path != WindowOptions.NoCaptions)],
            SubtitleFile.Endings));
        Option<string?> encoding = new("--captions-encoding")
        {
            Description = "Encoding of subtitle files that are not UTF-8 or UTF-16, as windows-1252, euc-kr or shift_jis.",
            CustomParser = result => SubtitleText.EncodingNamed(result.Tokens[^1].Value) is not null
                ? result.Tokens[^1].Value
                : RefuseText(result, $"--captions-encoding: there is no encoding '{result.Tokens[^1].Value}'; windows-1252, euc-kr, "
                    + "shift_jis, gb18030 and koi8-r are some."),
        };
        Option<int?> audio = new("--audio-stream")
        {
            Description = "Audio stream of each film to read, by its number from 0. Default: the stream that the film marks as default.",
            CustomParser = result => (int)Whole(result, 0, MostStreams),
        };
        Option<SplitRule> split = new("--split")
        {
            Description = "What is held out: time (the last tenth of each film) or film (one film in ten).",
            CustomParser = result => result.Tokens[^1].Value switch
            {
                "time" => SplitRule.Time,
                "film" => SplitRule.Film,
                var other => Refuse<SplitRule>(result, $"--split must be time or film; got '{other}'."),
            },
        };
        Option<bool> resume = Resume();
        Command command = new("windows", "Writes 539-byte windows from films with captions.") { inputs, output, captions,
            encoding, audio, split, resume };
        command.Validators.Add(result =>
        {
            int given = result.GetValue(captions)?.Length ?? 0;
            int films = result.GetValue(inputs)?.Length ?? 0;
            if (given == 0) return;
            foreach (string found in result.GetValue(inputs)!.Where(path => Directory.Exists(path) || InputList.IsPattern(path)))
                result.AddError($"--captions needs films that are named one by one; '{found}' is a folder or a pattern.");
            if (given != films)
                result.AddError($"--captions names {given} files for {films} films; name one for each, or 'none' in its place.");
        });
        command.SetAction((parsed, cancellationToken) =>
        {
            run(
                new WindowOptions(
                    parsed.GetValue(inputs)!,
                    [.. (parsed.GetValue(captions) ?? []).Select(path => path == WindowOptions.NoCaptions ? path : Path.GetFullPath(path))],
                    Path.GetFullPath(parsed.GetValue(output)!),
                    parsed.GetValue(split),
                    parsed.GetValue(resume))
                {
                    AudioStream = parsed.GetValue(audio),
                    CaptionsEncoding = parsed.GetValue(encoding),
                },
                cancellationToken);
            return Task.FromResult(0);
        });
        return command;
    }

    private static Argument<string[]> Inputs(string description, IReadOnlyList<string>? endings)
    {
        Argument<string[]> inputs = new("inputs") { Description = description, Arity = ArgumentArity.OneOrMore };
        inputs.Validators.Add(result => RequireInputs(result, [.. result.Tokens.Select(token => token.Value)], endings));
        return inputs;
    }

    /// <summary>
    /// Refuses file names of a kind that is not read. A missing file is skipped and named at the end like one that cannot be read; where
    /// nothing is there, the names are wrong.
    /// </summary>
    private static void RequireInputs(ArgumentResult result, IReadOnlyList<string> paths, IReadOnlyList<string>? endings)
    {
        bool isAnyThere = paths.Any(path => Path.Exists(path) || InputList.IsPattern(path));
        foreach (string path in paths.Where(path => !Directory.Exists(path) && !InputList.IsPattern(path)))
        {
            string folder = File.Exists(path) ? "" : ", or be a folder";
            if (endings is not null && !InputList.HasEnding(path, endings))
                result.AddError($"input '{path}' must end in one of {string.Join(", ", endings)}{folder}.");
            else if (!isAnyThere)
                result.AddError($"input '{path}': there is no such file.");
        }
    }

    private static Option<string> Out(string description, string? ending)
    {
        Option<string> output = new("--out") { Description = description, Required = true };
        output.Validators.Add(result =>
        {
            string path = result.GetValueOrDefault<string>() ?? "";
            if (string.IsNullOrWhiteSpace(path) || path.Contains('\0') || Path.GetFileName(path).Length == 0)
                result.AddError($"--out must name a file; got '{path}'.");
            else if (ending is not null && Path.GetExtension(path) != ending)
                result.AddError($"--out must end in {ending}; got '{path}'.");
        });
        return output;
    }

    private static Option<bool> Resume() => new("--resume") { Description = "Resume where an earlier run of the same command stopped." };

    private static void RequireFiles(SymbolResult result, string name, IReadOnlyList<string> paths, IReadOnlyList<string>? endings)
    {
        foreach (string path in paths)
        {
            if (endings is not null && !endings.Any(ending => path.EndsWith(ending, StringComparison.OrdinalIgnoreCase)))
                result.AddError($"{name} '{path}' must end in one of {string.Join(", ", endings)}.");
            else if (!File.Exists(path))
                result.AddError($"{name} '{path}': there is no such file.");
        }
    }

    private static long Whole(ArgumentResult result, long low, long high)
    {
        string text = result.Tokens[^1].Value;
        return NumberText.TryWhole(text, low, high, out long value)
            ? value
            : Refuse<long>(result, $"{result.Argument.Name} takes whole numbers from {low} to {high}; got '{text}'.");
    }

    private static string? RefuseText(ArgumentResult result, string message)
    {
        result.AddError(message);
        return null;
    }

    private static T Refuse<T>(ArgumentResult result, string message)
        where T : struct
    {
        result.AddError(message);
        return default;
    }
}
