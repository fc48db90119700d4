using System.CommandLine;
using Spectre.Console;

namespace HslEmbeddingZero.Samples.Tests.Common;

public sealed class CommandErrorsTests
{
    private static readonly Dictionary<string, Func<RootCommand>> Programs = new()
    {
        ["HoLoZeRo"] = () => HoLoZeRoProgram.CreateRoot(AnsiConsole.Console),
        ["Ablation"] = () => AblationProgram.CreateRoot(AnsiConsole.Console),
        ["BpbTable"] = () => TableCommandLine.Create((_, _) => Task.FromResult(0)),
        ["PrepareData"] = () => Samples.PrepareData.CommandLine.Create((_, _) => { }, (_, _) => { }),
    };

    public static TheoryData<string, string, string> Unknown => new()
    {
        // an option: a letter wrong, missing, too many, swapped; short, long, other habits
        { "HoLoZeRo", "generate --temprature 0.5", "option '--temprature'; did you mean --temperature?" },
        { "HoLoZeRo", "generate --temperatur=0.5 --prompt x", "option '--temperatur'; did you mean --temperature?" },
        { "HoLoZeRo", "generate --temp 1", "option '--temp'; did you mean --temperature?" },
        { "HoLoZeRo", "generate --Seed 1", "option '--Seed'; did you mean --seed?" },
        { "HoLoZeRo", "generate --top_k 5", "option '--top_k'; did you mean --top-k?" },
        { "HoLoZeRo", "generate -bytes 5", "option '-bytes'; did you mean --bytes?" },
        { "HoLoZeRo", "generate --promptfile x", "option '--promptfile'; did you mean --prompt-file?" },
        { "HoLoZeRo", "train --license MIT", "option '--license'; did you mean --licence?" },
        { "HoLoZeRo", "train --reusme", "option '--reusme'; did you mean --resume?" },
        { "HoLoZeRo", "train --hlep", "option '--hlep'; did you mean --help?" },
        { "HoLoZeRo", "train --zzz 1", "option '--zzz'. 'HoLoZeRo train --help'" },
        { "BpbTable", "--stesp 5", "option '--stesp'; did you mean --steps?" },
        { "PrepareData", "text . --out o.txt --resum", "option '--resum'; did you mean --resume?" },
        // before a command, and of another command
        { "HoLoZeRo", "--sed 1 train", "option '--sed'; did you mean --seed?" },
        { "HoLoZeRo", "evaluate --prompt x", "option '--prompt'" },
        // the parser alone would take these for values
        { "HoLoZeRo", "train --text a.txt --sed 1", "option '--sed'; did you mean --seed?" },
        { "HoLoZeRo", "train --out --resume-now", "option '--resume-now'" },
        { "Ablation", "report --incomplet folder", "option '--incomplet'; did you mean --incomplete?" },
        { "Ablation", "run --devise cpu doors", "option '--devise'; did you mean --device?" },
        { "PrepareData", "text a.txt --outt o.txt --out p.txt", "option '--outt'; did you mean --out?" },
        // a command
        { "HoLoZeRo", "evalute --weights x --device cpu", "command 'evalute'; did you mean evaluate?" },
        { "HoLoZeRo", "gen --prompt x", "command 'gen'; did you mean generate?" },
        { "HoLoZeRo", "frobnicate", "command 'frobnicate'. 'HoLoZeRo --help'" },
        { "Ablation", "raport x", "command 'raport'; did you mean report?" },
        { "PrepareData", "window a.mp4", "command 'window'; did you mean windows?" },
        // a word that belongs to nothing
        { "HoLoZeRo", "evaluate extra", "argument 'extra'" },
        { "BpbTable", "extra", "argument 'extra'" },
    };

    [Theory]
    [MemberData(nameof(Unknown))]
    public void An_unknown_word_is_one_line_with_the_nearest_name_and_the_way_to_help(string program, string line, string expected)
    {
        string error = Assert.Single(Errors(program, line.Split(' ')), one => one.StartsWith("error: unknown", StringComparison.Ordinal));
        Assert.StartsWith($"error: unknown {expected}", error, StringComparison.Ordinal);
        Assert.Contains("--help'", error, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error);
    }

    [Theory]
    [InlineData("HoLoZeRo", "", "error: name a command: train, evaluate, generate, curriculum, ")]
    [InlineData("Ablation", "run", "error: Required argument 'study' missing")]
    [InlineData("HoLoZeRo", "generate --stop", "error: Required argument missing for option: '--stop'.")]
    [InlineData("HoLoZeRo", "generate --prompt", "error: Required argument missing for option: '--prompt'.")]
    [InlineData("HoLoZeRo", "generate --prompt x --prompt-file y", "error: --prompt cannot be combined with --prompt-file")]
    [InlineData("HoLoZeRo", "generate --window 1 --stop x", "error: --window cannot be combined with --stop")]
    [InlineData("HoLoZeRo", "generate --window 1 --raw", "error: --window cannot be combined with --raw")]
    [InlineData("HoLoZeRo", "generate --window 1 --prompt-file x", "error: --window cannot be combined with --prompt-file")]
    public void A_missing_or_contradicting_word_is_one_line(string program, string line, string expected) => Assert.StartsWith(
        expected, Assert.Single(Errors(program, line.Split(' ', StringSplitOptions.RemoveEmptyEntries))), StringComparison.Ordinal);

    [Fact]
    public void Each_of_several_errors_has_its_line() => Assert.Equal(
        [
            "error: unknown option '--sed'; did you mean --seed? 'HoLoZeRo generate --help' lists the options.",
            "error: --top-p takes numbers above 0 up to 1; got '7'.",
            "error: --bytes takes whole numbers from 0 to 1000000; got 'x'.",
        ],
        Errors("HoLoZeRo", "generate", "--top-p", "7", "--sed", "1", "--bytes", "x")
            .OrderBy(line => Array.FindIndex(["--sed", "--top-p", "--bytes"], name => line.Contains(name, StringComparison.Ordinal))));

    [Theory]
    [InlineData("generate", "--prompt", "--like an option")]
    [InlineData("generate", "--prompt", "-")]
    [InlineData("generate", "--stop", "--x", "--prompt", "--sed")]
    [InlineData("generate", "--sed", "1", "--help")]
    [InlineData("train", "--text", "a.txt", "b.txt", "--windows", "c.bin")]
    public void A_text_that_looks_like_an_option_stays_a_text_and_help_is_help(params string[] line) =>
        Assert.Empty(Errors("HoLoZeRo", line));

    /// <summary>Numbers of other countries and languages, and what parsers accept beside digits.</summary>
    [Theory]
    [InlineData("0,5")]
    [InlineData("1,000")]
    [InlineData("1.000,5")]
    [InlineData("1 000")]
    [InlineData("1\u00a0000")]
    [InlineData(" 5")]
    [InlineData("5 ")]
    [InlineData("5\n")]
    [InlineData("(5)")]
    [InlineData("$5")]
    [InlineData("5%")]
    [InlineData("5k")]
    [InlineData("0x10")]
    [InlineData("1_000")]
    [InlineData("NaN")]
    [InlineData("nan")]
    [InlineData("Infinity")]
    [InlineData("-Infinity")]
    [InlineData("∞")]
    [InlineData("1e400")]
    [InlineData("99999999999999999999")]
    [InlineData("٣")]
    [InlineData("１")]
    [InlineData("−1")]
    [InlineData("--5")]
    [InlineData("")]
    public void Every_option_that_takes_a_number_refuses_other_writings(string text)
    {
        int options = 0;
        foreach ((string program, string[] command, Option option) in NumericOptions())
        {
            // A list has commas between its numbers.
            if (option.ValueType.IsArray
                && text.Split(',', StringSplitOptions.TrimEntries).All(item => NumberText.TryWhole(item, 0, int.MaxValue, out _))) continue;
            options++;
            Assert.Contains(
                Errors(program, [.. command, option.Name, text]), error => error.Contains(option.Name, StringComparison.Ordinal));
        }

        Assert.InRange(options, 10, 60);
    }

    /// <summary>Some numbers begin at 20, and others end at 1.</summary>
    [Theory]
    [InlineData("1", "20")]
    [InlineData("+1", "+20")]
    public void Every_option_that_takes_a_number_takes_a_plain_one(string small, string large) => Assert.All(NumericOptions(), one =>
        Assert.Contains((string[])[small, large], text => !Errors(one.Program, [.. one.Command, one.Option.Name, text])
            .Any(error => error.Contains(one.Option.Name, StringComparison.Ordinal))));

    [Fact]
    public void A_comma_in_a_number_is_answered_with_a_point() => Assert.Equal(
        ["error: --temperature takes numbers from 0 to 100; got '0,5'. Write a point: 0.5."],
        Errors("HoLoZeRo", "generate", "--temperature", "0,5"));

    private static IReadOnlyList<string> Errors(string program, params string[] line) =>
        CommandErrors.Lines(CommandErrors.Parse(Named(program), line), line);

    /// <summary>The command line under its program's name. In the tests, the program is the test runner.</summary>
    private static Command Named(string program)
    {
        RootCommand root = Programs[program]();
        Command named = new(program, root.Description) { Action = root.Action };
        foreach (Option option in root.Options) named.Add(option);
        foreach (Command command in root.Subcommands) named.Add(command);
        return named;
    }

    private static IEnumerable<(string Program, string[] Command, Option Option)> NumericOptions() => Programs.SelectMany(program =>
    {
        RootCommand root = program.Value();
        return root.Subcommands.Append<Command>(root).SelectMany(command => command.Options.Where(IsNumeric)
            .Select(option => (program.Key, command == root ? Array.Empty<string>() : [command.Name], option)));
    });

    private static bool IsNumeric(Option option)
    {
        Type type = option.ValueType.GetElementType() ?? option.ValueType;
        type = Nullable.GetUnderlyingType(type) ?? type;
        return type == typeof(int) || type == typeof(long) || type == typeof(double);
    }
}
