using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Parsing;

namespace HslEmbeddingZero.Samples;

/// <summary>Parses a command line and describes each error in one line. An unknown word comes with the nearest known one.</summary>
internal static class CommandErrors
{
    /// <summary>A word that begins with @ is a plain file name, not a response file with more options.</summary>
    private static readonly ParserConfiguration Words = new() { ResponseFileTokenReplacer = null };

    /// <summary>Parses a command line. Unknown words are no errors of the result: <see cref="Lines"/> describes them.</summary>
    public static ParseResult Parse(Command root, IReadOnlyList<string> args)
    {
        LeaveUnknownWords(root);
        return root.Parse(args, Words);

        static void LeaveUnknownWords(Command command)
        {
            command.TreatUnmatchedTokensAsErrors = false;
            foreach (Command inner in command.Subcommands) LeaveUnknownWords(inner);
        }
    }

    /// <summary>The errors of a command line, one line each; none where it is right, or where it asks for help or the version.</summary>
    public static IReadOnlyList<string> Lines(ParseResult parsed, IReadOnlyList<string> args)
    {
        Command command = parsed.CommandResult.Command;
        if (parsed.RootCommandResult.Command.Options.Concat(command.Options).Any(
            option => option is HelpOption or VersionOption && parsed.GetResult(option) is { Implicit: false })) return [];
        string help = $"'{PathOf(parsed.CommandResult)} --help'";
        if (command.Action is null && command.Subcommands.Count > 0)
        {
            string[] commands = [.. command.Subcommands.Select(one => one.Name)];
            return parsed.UnmatchedTokens.FirstOrDefault(word => !IsOption(word)) is { } unknown
                ? [$"error: unknown command '{unknown}'{NearestName.Suggest(unknown, commands)} {help} lists the commands."]
                : parsed.UnmatchedTokens is [var option, ..]
                    ? [Unknown(option)]
                    : [$"error: name a command: {string.Join(", ", commands[..^1])} or {commands[^1]}. {help} describes them."];
        }

        string[] taken = [.. OptionsTakenAsValues(parsed, args)];
        string[] unmatched = [.. parsed.UnmatchedTokens];
        // The word after an unknown option is most likely its value. It needs no line of its own. Where an option took the place of an
        // argument, the arguments after it are right.
        bool IsValue(string word) => !IsOption(word)
            && (taken.Length > 0 || args.Zip(args.Skip(1)).Any(
                pair => pair.Second == word && IsOption(pair.First) && unmatched.Contains(pair.First)));
        return
        [
            .. taken.Concat(unmatched).Where(word => !IsValue(word)).Select(Unknown)
                .Concat(parsed.Errors.Where(error => !taken.Any(word => error.Message.Contains($"'{word}'", StringComparison.Ordinal)))
                    .Select(error => $"error: {error.Message.ReplaceLineEndings(" ")}"))
                .Distinct(),
        ];

        string Unknown(string word) => IsOption(word)
            ? $"error: unknown option '{NameOf(word)}'{NearestName.Suggest(NameOf(word), NamesOf(parsed.CommandResult))} {help} lists "
                + "the options."
            : $"error: unknown argument '{word}'. {help} lists the options.";
    }

    /// <summary>
    /// Options whose names are wrong and that the parser therefore took as values: "--text a.txt --sed 1", "report --incomplet".
    /// </summary>
    private static IEnumerable<string> OptionsTakenAsValues(ParseResult parsed, IReadOnlyList<string> args)
    {
        IEnumerable<string> mayBeOptions = args.TakeWhile(word => word != "--"); // After --, every word is a value.
        return parsed.CommandResult.Children
            .Where(result => result switch
            {
                ArgumentResult => true,
                OptionResult option => option.Option.AllowMultipleArgumentsPerToken
                    || option.Option.ValueType.IsAssignableTo(typeof(FileSystemInfo)),
                _ => false,
            })
            .SelectMany(result => result.Tokens)
            .Select(token => token.Value)
            .Where(word => IsOption(word) && mayBeOptions.Contains(word));
    }

    private static IEnumerable<string> NamesOf(CommandResult result) => result.Command.Options
        .Concat(result.Parent is CommandResult parent ? parent.Command.Options.Where(option => option.Recursive) : [])
        .Where(option => !option.Hidden)
        .Select(option => option.Name);

    private static string PathOf(CommandResult result) => result.Parent is CommandResult parent
        ? $"{PathOf(parent)} {result.Command.Name}"
        : result.Command.Name;

    /// <summary>
    /// Whether a word looks like an option: -x, --name or --name=value, but not a number and not the - of standard input.
    /// </summary>
    private static bool IsOption(string word) => word is ['-', _, ..] and not ['-', >= '0' and <= '9' or '.', ..];

    private static string NameOf(string word) => word.Split('=', ':')[0];
}
