using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using HslEmbeddingZero.Knowledge;
using Microsoft.Extensions.FileSystemGlobbing;
using Spectre.Console;

namespace HslEmbeddingZero.Samples;

/// <summary>knowledge: adds texts to a store of facts, searches it, and tells what it has.</summary>
internal static class KnowledgeCommand
{
    private const int SourcesShown = 20;

    public static Command Create(IAnsiConsole console) =>
        new("knowledge", "A store of facts in a file: adds texts, finds facts, tells what it has.")
        {
            CreateAdd(console), CreateSearch(), CreateInfo(console),
        };

    private static Command CreateAdd(IAnsiConsole console)
    {
        Argument<string[]> files = new("files")
        {
            Description = "Texts in UTF-8: files, folders or quoted patterns such as \"notes/**/*.md\". Each sentence becomes a fact.",
            Arity = ArgumentArity.OneOrMore,
        };
        Option<string> store = StoreOption("It is made where there is none.");
        Command command = new("add", "Adds texts. One that is there already is left alone; a changed one is replaced.") { files, store };
        command.SetAction((parsed, cancellationToken) =>
        {
            string path = parsed.GetValue(store)!;
            try
            {
                Add(console, path, parsed.GetValue(files)!, cancellationToken);
            }
            catch (OperationCanceledException stopped)
            {
                throw new InterruptedException($"The facts so far are kept in {path}. The same command goes on there.", stopped);
            }

            return Task.FromResult(0);
        });
        return command;
    }

    private static Command CreateSearch()
    {
        Argument<string> question = new("question") { Description = "The question, or any text." };
        Option<int?> most = CheckedOptions.Whole("--most", "Most facts to show. Default: 8.", 1, 1000);
        Option<string> store = StoreOption();
        Command command = new("search", "Shows the facts that answer a question best.") { question, most, store };
        command.SetAction(parsed =>
        {
            using KnowledgeStore opened = Open(parsed.GetValue(store)!);
            IReadOnlyList<FoundFact> found = opened.Search(parsed.GetValue(question)!, parsed.GetValue(most) ?? 8);
            foreach (FoundFact fact in found) Console.Out.WriteLine(Line(fact));
            if (found.Count == 0) Console.Error.WriteLine("No fact shares three characters with the question.");
            return 0;
        });
        return command;
    }

    private static Command CreateInfo(IAnsiConsole console)
    {
        Option<string> store = StoreOption();
        Command command = new("info", "Shows what the store has, and checks the whole file.") { store };
        command.SetAction(parsed =>
        {
            string path = parsed.GetValue(store)!;
            using KnowledgeStore opened = Open(path);
            IReadOnlyList<KnowledgeSource> sources = opened.Sources();
            Console.Out.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{path}: {opened.Count} facts of {sources.Count} sources, {new FileInfo(path).Length / 1e6:F1} MB"));
            foreach (KnowledgeSource source in sources.Take(SourcesShown))
                Console.Out.WriteLine($"  {source.Name}: {source.Facts} facts, {source.Bytes} bytes"
                    + (source.IsComplete ? "" : "; its import was interrupted, and adding it again goes on there"));
            if (sources.Count > SourcesShown) Console.Out.WriteLine($"  and {sources.Count - SourcesShown} more");
            using (WorkProgress progress = new(console, "checking the file")) opened.Verify();
            Console.Out.WriteLine("The file is undamaged: its pages, its index and its counts agree.");
            return 0;
        });
        return command;
    }

    private static void Add(IAnsiConsole console, string path, string[] given, CancellationToken cancellationToken)
    {
        string[] files = [.. given.SelectMany(Expand).Distinct()];
        using var store = KnowledgeStore.OpenOrCreate(path);
        ImportResult result;
        using (WorkProgress progress = new(console, "adding"))
            result = store.AddFiles(files, new AddingProgress(progress), cancellationToken);
        // What a folder has besides text is no error; a file that was named is one.
        SkippedSource? named = result.Skipped.FirstOrDefault(skipped => given.Contains(skipped.Name));
        foreach (SkippedSource skipped in result.Skipped.Where(one => one != named)) Console.Error.WriteLine($"Skipped: {skipped.Reason}");
        Console.Out.WriteLine(
            $"{result.Added} sources added, {result.Replaced} replaced, {result.Unchanged} unchanged, {result.Skipped.Count} skipped: "
                + $"{result.Facts} new facts. {path} has {store.Count} facts of {store.SourceCount} sources.");
        if (named is not null) throw new InvalidDataException(named.Reason);
        if (result.Skipped.Count == files.Length)
            throw new InvalidDataException($"None of the {files.Length} files is text. The last: {result.Skipped[^1].Reason}");
    }

    /// <summary>Opens a store for reading.</summary>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    public static KnowledgeStore Open(string path) => File.Exists(path) || Directory.Exists(path)
        ? KnowledgeStore.OpenRead(path)
        : throw new FileNotFoundException($"--store {path}: there is no such file. 'knowledge add FILE' makes it.");

    /// <summary>The files of a path: itself, or all below a folder or of a pattern, in ordinal order and without hidden ones.</summary>
    private static IReadOnlyList<string> Expand(string path)
    {
        if (path.Length == 0) throw new ArgumentException("A path is empty; it must name a file or a folder.");
        if (File.Exists(path)) return [path];
        bool isPattern = path.Contains('*', StringComparison.Ordinal);
        if (!isPattern && !Directory.Exists(path)) throw new FileNotFoundException($"{path}: there is no such file or folder.");
        // The search begins in the folder before the first part with a star.
        string[] parts = path.Split('/');
        int star = isPattern ? Array.FindIndex(parts, part => part.Contains('*', StringComparison.Ordinal)) : parts.Length;
        string root = string.Join('/', parts[..star]) is { Length: > 0 } folder ? folder : path.StartsWith('/') ? "/" : ".";
        if (!Directory.Exists(root)) throw new DirectoryNotFoundException($"{path}: there is no folder '{root}'.");
        Matcher matcher = new(StringComparison.Ordinal);
        matcher.AddInclude(isPattern ? string.Join('/', parts[star..]) : "**/*");
        string[] files =
        [
            .. matcher.GetResultsInFullPath(root).Select(file => Path.GetRelativePath(root, file).Replace('\\', '/'))
                .Where(file => !file.Split('/').Any(part => part.StartsWith('.')))
                .Order(StringComparer.Ordinal)
                .Select(file => root == "." && !path.StartsWith("./", StringComparison.Ordinal) ? file : $"{root.TrimEnd('/')}/{file}"),
        ];
        return files.Length > 0
            ? files
            : throw new InvalidDataException(
                $"{path}: 0 files; {(isPattern ? "the pattern must match" : "the folder must have")} at least 1.");
    }

    private static Option<string> StoreOption(string more = "")
    {
        Option<string> option = new("--store")
        {
            Description = $"File of the store. {more}".TrimEnd(),
            DefaultValueFactory = _ => "runs/knowledge.db",
        };
        option.Validators.Add(RequirePath);
        return option;
    }

    /// <summary>Validates --store.</summary>
    public static void RequirePath(OptionResult result)
    {
        if (result.Tokens is [.., var token] && (token.Value.Length == 0 || FilePath.Misfit(token.Value) is not null))
            result.AddError($"--store '{token.Value}': {FilePath.Misfit(token.Value) ?? "it must name a file"}.");
    }

    /// <summary>A fact with its score, source and offset.</summary>
    public static string Line(FoundFact fact) => string.Create(
        CultureInfo.InvariantCulture, $"{fact.Score,7:F2}  {Visible(fact.Text)}  [{fact.Source}, byte {fact.Offset}]");

    /// <summary>A text whose control characters a terminal would obey.</summary>
    public static string Visible(string text) => string.Concat(text.Select(unit =>
        char.IsControl(unit) ? string.Create(CultureInfo.InvariantCulture, $"\\x{(int)unit:X2}") : unit.ToString()));

    private sealed class AddingProgress(WorkProgress progress) : IProgress<ImportProgress>
    {
        public void Report(ImportProgress value) => progress.Report(new(value.BytesDone, value.BytesTotal, value.Source));
    }
}
