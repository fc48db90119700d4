using System.Text.Json.Serialization;
using Microsoft.Extensions.FileSystemGlobbing;

namespace HslEmbeddingZero.Samples.PrepareData;

/// <summary>A file to read, as it was when the run began. A resumed run compares it with the same file of the earlier run.</summary>
/// <param name="Path">The full path.</param>
/// <param name="Name">The name in messages and lists. It tells the file apart from all others of the run.</param>
/// <param name="Length">Bytes; 0 where there is no file.</param>
/// <param name="Time">Ticks of the last write, in UTC.</param>
/// <param name="Fault">Why the file cannot be read, if that is known before it is opened.</param>
/// <param name="Companion">A second file that is read with it: the captions of a film.</param>
internal sealed record InputFile(string Path, string Name, long Length, long Time, string? Fault = null, InputFile? Companion = null)
{
    /// <summary>Whether there is a file with content.</summary>
    [JsonIgnore]
    public bool Exists => Fault is null;

    /// <summary>Looks at a file without opening it. A link is followed.</summary>
    public static InputFile Of(string path, string name)
    {
        FileInfo file = new(LinkTarget.Of(new FileInfo(path)) ?? path);
        if (!file.Exists || file.LinkTarget is not null) return new(path, name, 0, 0, Missing(path));
        return new(path, name, file.Length, file.LastWriteTimeUtc.Ticks, file.Length == 0 ? "the file is empty (0 bytes)" : null);
    }

    /// <summary>Refuses a file that has no content of its own, whatever its ending says.</summary>
    /// <exception cref="InvalidDataException">There is no such file, it is empty, or it is a pointer to a file elsewhere.</exception>
    public void RequireContent()
    {
        if (Fault is not null) throw new InvalidDataException($"{Path}: {Fault}");
        if (ForeignFile.IsGitLfsPointer(new FileInfo(Path))) throw new InvalidDataException($"{Path}: {ForeignFile.GitLfsPointer}");
    }

    /// <summary>Whether the file can be opened and its first byte can be read.</summary>
    public bool CanBeRead()
    {
        try
        {
            using FileStream file = File.OpenRead(Path);
            return file.ReadByte() >= 0;
        }
        catch (Exception error) when (InputFault.IsOne(error))
        {
            return false;
        }
    }

    private static string Missing(string path) =>
        path.AsSpan().ContainsAny("?[{") ? "there is no such file; a pattern can have * and ** only" : "there is no such file";
}

/// <summary>Why an input was not read, or not to its end.</summary>
/// <param name="Place">What of the input is missing.</param>
/// <param name="Reason">The reason, without the name of the file.</param>
/// <param name="MayPass">
/// True where the system refused to read the file, as for a missing permission. That may be different at the next try. What is wrong with
/// the content of a file stays wrong until the file changes.
/// </param>
internal sealed record InputFault(string Place, string Reason, bool MayPass)
{
    /// <summary>The place of a fault that leaves nothing of the input.</summary>
    public const string Whole = "the whole file";

    /// <summary>Creates it from the error of a reader.</summary>
    public static InputFault Of(InputFile file, Exception error, string place = Whole)
    {
        if (error is EarlyEndException early && place != Whole) place = early.Place;
        string prefix = file.Path + ": ";
        string reason = error.Message.StartsWith(prefix, StringComparison.Ordinal) ? error.Message[prefix.Length..] : error.Message;
        return new(place, reason.ReplaceLineEndings(" ").TrimEnd('.', ' '), error is not (InvalidDataException or EndOfStreamException));
    }

    /// <summary>The reason, with the place where a part of the input was read.</summary>
    public override string ToString() => Place == Whole ? Reason : $"{Place}: {Reason}";

    /// <summary>Whether an error says that an input cannot be read. An error of the output ends the run instead.</summary>
    public static bool IsOne(Exception error) =>
        error is InvalidDataException or IOException and not OutputException or UnauthorizedAccessException or NotSupportedException;
}

/// <summary>The rest of an input cannot be read. What came before it stays.</summary>
internal sealed class EarlyEndException(string message, string place) : EndOfStreamException(message)
{
    /// <summary>Where the readable part ends.</summary>
    public string Place { get; } = place;
}

/// <summary>
/// The inputs of a run, in order. Each is named as a file, or found in a folder or by a pattern such as "dump/**/*.jsonl". A folder stands
/// for all files below it with endings that are read, in the ordinal order of their names. A file that is found twice is read once. The
/// output of the run is never its input.
/// </summary>
internal sealed class InputList
{
    private const char Star = '*';
    private static readonly StringComparer Paths = OperatingSystem.IsWindows() ? StringComparer.OrdinalIgnoreCase : StringComparer.Ordinal;

    private readonly IReadOnlyList<string> _endings;
    private readonly IReadOnlyList<string> _beside;
    private readonly bool _keepsRepeats;
    private readonly HashSet<string> _outputs;
    private readonly HashSet<string> _found = new(Paths);
    private readonly Dictionary<string, string> _realFolders = new(Paths);
    private readonly List<(string Path, string? Fault)> _paths = [];
    private readonly List<string> _notes = [];

    /// <summary>Finds the inputs.</summary>
    /// <param name="given">Files, folders and patterns.</param>
    /// <param name="endings">Endings of the files that are read from folders and patterns.</param>
    /// <param name="output">Path of the output.</param>
    /// <param name="beside">Endings of files that lie beside the inputs and are no inputs themselves.</param>
    /// <param name="keepsRepeats">True to read a file as often as it is named.</param>
    /// <exception cref="InvalidDataException">
    /// A folder or pattern has no file to read, no file can be read, or one is the output.
    /// </exception>
    public InputList(
        IEnumerable<string> given, IReadOnlyList<string> endings, string output, IReadOnlyList<string> beside, bool keepsRepeats = false)
    {
        _endings = endings;
        _beside = beside;
        _keepsRepeats = keepsRepeats;
        string real = RealPath(output);
        _outputs = new(Paths) { real };
        foreach (string companion in PreparedFile.Companions) _outputs.Add(RealPath(real + companion));

        foreach (string path in given) Add(path);
        Names = new FileNames(_paths.Select(file => file.Path));
        Files =
        [
            .. _paths.Select(file => file.Fault is null
                ? InputFile.Of(file.Path, Names.Of(file.Path)) : new InputFile(file.Path, Names.Of(file.Path), 0, 0, file.Fault)),
        ];
        if (Files.All(file => !file.Exists)) throw new InvalidDataException(NoneIsRead(Files.Select(file => (file, file.Fault!))));
    }

    /// <summary>The files, in the order in which they are read.</summary>
    public IReadOnlyList<InputFile> Files { get; }

    /// <summary>Names that tell the files apart.</summary>
    public FileNames Names { get; }

    /// <summary>What the user should know about the list, a line each.</summary>
    public IReadOnlyList<string> Notes => _notes;

    /// <summary>Whether a path is a pattern. A file with a star in its name is no pattern.</summary>
    public static bool IsPattern(string path) => path.Contains(Star, StringComparison.Ordinal) && !File.Exists(path);

    /// <summary>Whether a file has one of the endings, in any case.</summary>
    public static bool HasEnding(string path, IEnumerable<string> endings) =>
        endings.Any(ending => path.EndsWith(ending, StringComparison.OrdinalIgnoreCase));

    /// <summary>Says that nothing was read, and why.</summary>
    public static string NoneIsRead(IEnumerable<(InputFile File, string Reason)> faults)
    {
        string[] all = [.. faults.Select(fault => $"{fault.File.Name}: {fault.Reason}")];
        return all.Length == 1 ? $"{all[0]}." : $"None of the {all.Length} files can be read. {Some(all)}.";
    }

    /// <summary>Lists the first few and counts the rest.</summary>
    public static string Some(IReadOnlyCollection<string> items)
    {
        const int shown = 5;
        string rest = items.Count > shown ? $" and {items.Count - shown} more" : "";
        return string.Join("; ", items.Take(shown)) + rest;
    }

    private void Add(string given)
    {
        string path = Path.GetFullPath(given);
        if (IsPattern(given)) AddFound(given, Matches(path));
        else if (Directory.Exists(path)) AddFound(given, Below(path, int.MaxValue));
        else if (IsOutput(path)) throw new InvalidDataException($"{given}: this is the output (--out). Name another output or input.");
        else if (IsNew(path)) _paths.Add((path, null));
        else _notes.Add($"{given}: this file is in the list already. It is read once.");
    }

    /// <summary>Adds the files of a folder or pattern that have a readable ending.</summary>
    private void AddFound(string given, IReadOnlyList<(string Path, string? Fault)> found)
    {
        int before = _paths.Count;
        HashSet<string> others = new(StringComparer.OrdinalIgnoreCase);
        int left = 0, repeated = 0;
        foreach ((string path, string? fault) in found)
        {
            if (IsOutput(path) || HasEnding(path, _beside)) continue;
            if (fault is not null) _paths.Add((path, fault));
            else if (!HasEnding(path, _endings))
            {
                left++;
                others.Add(Path.GetExtension(path) is { Length: > 0 } ending ? ending : Path.GetFileName(path));
            }
            else if (IsNew(path)) _paths.Add((path, null));
            else repeated++;
        }

        if (_paths.Count == before && repeated == 0)
            throw new InvalidDataException(
                $"{given}: no file to read is {(IsPattern(given) ? "matched by this pattern" : "in this folder")}. The endings that are "
                    + $"read: {string.Join(", ", _endings)}.");
        if (left > 0)
            _notes.Add($"{given}: {_paths.Count - before + repeated} files are read; {left} with other endings are not: {Some(others)}.");
        if (repeated > 0)
            _notes.Add($"{given}: {repeated} of its files are in the list already, by this or another name. They are read once.");
    }

    private bool IsNew(string path) => _found.Add(RealPath(path)) || _keepsRepeats;

    private bool IsOutput(string path) => _outputs.Contains(RealPath(path));

    private IReadOnlyList<(string Path, string? Fault)> Matches(string pattern)
    {
        // The search begins in the folder before the first part with a star.
        string[] parts = pattern.Replace('\\', '/').Split('/');
        if (!OperatingSystem.IsWindows()) parts = pattern.Split('/');
        int first = Array.FindIndex(parts, part => part.Contains(Star, StringComparison.Ordinal));
        string root = string.Join('/', parts[..first]) + "/";
        if (!Directory.Exists(root)) throw new InvalidDataException($"{pattern}: there is no folder '{root}'.");
        int depth = parts.Contains("**") ? int.MaxValue : parts.Length - first;
        Matcher matcher = new(StringComparison.Ordinal);
        matcher.AddInclude(string.Join('/', parts[first..]));
        List<string> folders = [];
        List<(string Path, string? Fault)> files = Below(root, depth, folders);
        HashSet<string> matches =
            [.. matcher.Match(root, files.Select(file => file.Path).Concat(folders)).Files.Select(match => match.Path)];

        // A folder can bear the name of a file: Spark writes the parts of x.txt into a folder x.txt.
        return
        [
            .. files.Where(file => file.Fault is not null || IsMatch(file.Path))
                .Concat(folders.Where(folder => IsMatch(folder) && !IsBelowMatch(folder)).SelectMany(folder => Below(folder, int.MaxValue)))
                .DistinctBy(file => file.Path)
                .OrderBy(file => Relative(root, file.Path), StringComparer.Ordinal),
        ];

        bool IsMatch(string path) => matches.Contains(Relative(root, path));

        bool IsBelowMatch(string folder)
        {
            string path = Relative(root, folder);
            for (int end; (end = path.LastIndexOf('/')) > 0;)
                if (matches.Contains(path = path[..end])) return true;
            return false;
        }
    }

    /// <summary>The files below a folder in the ordinal order of their relative paths. Names that begin with a dot are left out.</summary>
    /// <param name="root">The folder.</param>
    /// <param name="depth">How many folders deep the files may lie.</param>
    /// <param name="folders">Takes the folders that were found on the way.</param>
    private List<(string Path, string? Fault)> Below(string root, int depth, List<string>? folders = null)
    {
        List<(string Path, string? Fault)> files = [];
        HashSet<string> walked = new(Paths); // A link to a folder above would lead round and round.
        Walk(root, depth);
        files.Sort((a, b) => string.CompareOrdinal(Relative(root, a.Path), Relative(root, b.Path)));
        return files;

        void Walk(string folder, int levels)
        {
            if (!walked.Add(RealPath(folder))) return;
            try
            {
                FileSystemInfo[] entries = new DirectoryInfo(folder).GetFileSystemInfos();
                Array.Sort(entries, (a, b) => string.CompareOrdinal(a.Name, b.Name));
                foreach (FileSystemInfo entry in entries)
                {
                    if (entry.Name.StartsWith('.')) continue;
                    if (!entry.Attributes.HasFlag(FileAttributes.Directory))
                    {
                        files.Add((entry.FullName, null));
                        continue;
                    }

                    folders?.Add(entry.FullName);
                    if (levels > 1) Walk(entry.FullName, levels - 1);
                }
            }
            catch (Exception error) when (InputFault.IsOne(error))
            {
                files.Add((folder, $"the folder cannot be listed: {error.Message.TrimEnd('.')}"));
            }
        }
    }

    private static string Relative(string root, string path) => Path.GetRelativePath(root, path).Replace(Path.DirectorySeparatorChar, '/');

    /// <summary>The path without links, so that two names of one file are equal.</summary>
    private string RealPath(string path)
    {
        path = Path.TrimEndingDirectorySeparator(path);
        if (Path.GetDirectoryName(path) is not { } folder) return path;
        if (!_realFolders.TryGetValue(folder, out string? real)) _realFolders[folder] = real = RealPath(folder);
        string here = Path.Combine(real, Path.GetFileName(path));
        FileSystemInfo entry = Directory.Exists(here) ? new DirectoryInfo(here) : new FileInfo(here);
        return LinkTarget.Of(entry) is { } target ? RealPath(target) : here;
    }
}

/// <summary>Follows links.</summary>
internal static class LinkTarget
{
    /// <summary>Returns the path to which a link leads at last; null where the entry is no link, or one of a circle.</summary>
    public static string? Of(FileSystemInfo entry)
    {
        try
        {
            return entry.LinkTarget is null ? null : entry.ResolveLinkTarget(returnFinalTarget: true)?.FullName;
        }
        catch (IOException)
        {
            return null; // The system follows only so many links.
        }
    }
}

/// <summary>
/// Names of files in messages and lists: the name without folders, as long as that tells the files apart. Files in folders that hold equal
/// names are named from the folder that all of these have in common.
/// </summary>
internal sealed class FileNames
{
    private readonly HashSet<string> _folders = new(StringComparer.Ordinal);
    private readonly string _common = "";

    public FileNames(IEnumerable<string> paths)
    {
        foreach (IGrouping<string, string> sameName in paths.GroupBy(path => Path.GetFileName(path), StringComparer.OrdinalIgnoreCase))
        {
            string[] folders = [.. sameName.Select(FolderOf).Distinct(StringComparer.Ordinal)];
            if (folders.Length > 1) _folders.UnionWith(folders);
        }

        if (_folders.Count > 0) _common = _folders.Aggregate(Common);
    }

    /// <summary>The name of a file, also of one that lies beside an input.</summary>
    public string Of(string path) => _folders.Contains(FolderOf(path))
        ? Path.GetRelativePath(_common, path).Replace(Path.DirectorySeparatorChar, '/') : Path.GetFileName(path);

    private static string FolderOf(string path) => Path.GetDirectoryName(path) ?? path;

    private static string Common(string a, string b)
    {
        while (!(b + Path.DirectorySeparatorChar).StartsWith(a.TrimEnd(Path.DirectorySeparatorChar) + Path.DirectorySeparatorChar,
            StringComparison.Ordinal) && Path.GetDirectoryName(a) is { } above) a = above;
        return a;
    }
}
