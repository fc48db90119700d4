namespace HslEmbeddingZero.Samples.PrepareData;

/// <summary>What determines the content of an output file.</summary>
/// <param name="Command">Name of the command.</param>
/// <param name="Inputs">The inputs, in order.</param>
/// <param name="Names">Names of the inputs.</param>
/// <param name="Options">Options that determine the content, with their values. A resumed run must have the same.</param>
/// <param name="Take">The output ends where it reaches this many bytes; null for no limit. A resumed run may have another.</param>
internal sealed record PreparedJob(
    string Command, IReadOnlyList<InputFile> Inputs, FileNames Names, IReadOnlyDictionary<string, string> Options, long? Take = null);

/// <summary>Endings of the files beside an output.</summary>
internal static class PreparedFile
{
    public const string PartialEnding = ".partial";
    public const string DamageEnding = ".damaged.jsonl";
    public const string ProgressEnding = ".progress.json";

    public static IReadOnlyList<string> Companions { get; } = [PartialEnding, DamageEnding, ProgressEnding];
}

/// <summary>
/// An output file that is written for hours by a process that may be killed at any moment. The output is NAME.partial until it is complete.
/// NAME.progress.json holds what was true of it after each input. NAME.damaged.jsonl lists what was skipped. A resumed run cuts the files
/// back to the last point that is still true for its list of inputs, so that the result is that of one run over this list.
/// </summary>
internal sealed class PreparedFile<TState> : IDisposable
    where TState : class
{
    private const UnixFileMode UserCanWrite = UnixFileMode.UserRead | UnixFileMode.UserWrite; // a resumed run opens the file again

    // The file that a link leads to. All files of a run lie beside it: two links to one file are one output.
    private readonly string _path;
    private readonly PreparedJob _job;
    private readonly OutputFile _stream;
    private readonly OutputFile _damageStream;
    private readonly ProgressJournal<TState> _journal;
    private readonly List<(InputFile File, string Reason)> _faults = []; // of all runs

    /// <summary>Opens a new file, or the file of an earlier run at the last point that is still true.</summary>
    /// <param name="path">Path of the complete file.</param>
    /// <param name="job">What determines the content.</param>
    /// <param name="resume">True to resume an earlier run, if there is one.</param>
    /// <exception cref="InvalidDataException">The earlier run had other options, or its files are damaged.</exception>
    /// <exception cref="OutputException">Another process writes the file, or it cannot be written.</exception>
    public PreparedFile(string path, PreparedJob job, bool resume)
    {
        RequireWritable(path);
        _path = LinkTarget.Of(new FileInfo(path)) ?? path;
        _job = job;
        bool hasPartial = File.Exists(PartialPath);
        _stream = OutputFile.Open(PartialPath);
        try
        {
            _journal = new ProgressJournal<TState>(_path + PreparedFile.ProgressEnding, job.Command, job.Options, resume && hasPartial);
            SavedPoint<TState>[] points = [.. _journal.Points];
            int kept = CountKept(points);
            SavedPoint<TState>? last = kept > 0 ? points[kept - 1] : null;
            RequireLength(PartialPath, last?.Length ?? 0);
            RequireLength(DamagePath, last?.Damage.Length ?? 0);
            _damageStream = OutputFile.Open(DamagePath);
            _journal.Keep(kept);
            _stream.CutTo(last?.Length ?? 0);
            _damageStream.CutTo(last?.Damage.Length ?? 0);
            CopyMode(UserCanWrite);
            Kept = points[..kept];
            Damage = new DamageLog(_damageStream, last?.Damage.Count ?? 0, last?.Damage.Files ?? 0, job.Names);
            foreach (SavedPoint<TState> point in Kept)
                if (point.Fault is { } fault) _faults.Add((point.Input, fault.ToString()));
        }
        catch
        {
            Dispose();
            if (!hasPartial) File.Delete(PartialPath);
            throw;
        }
    }

    /// <summary>The points of the earlier run that are still true. The last one can be in the middle of its input.</summary>
    public IReadOnlyList<SavedPoint<TState>> Kept { get; }

    /// <summary>Index of the first input that is not finished.</summary>
    public int Next => Kept.Count(point => point.IsDone);

    /// <summary>What of the earlier run is done again and why; null if all of it is kept.</summary>
    public string? DoneAgain { get; private set; }

    /// <summary>The output.</summary>
    public Stream Stream => _stream;

    /// <summary>The log of skipped records.</summary>
    public DamageLog Damage { get; }

    /// <summary>Path of the list of skipped records. The list is deleted at the end if nothing was skipped.</summary>
    public string DamagePath => _path + PreparedFile.DamageEnding;

    private string PartialPath => _path + PreparedFile.PartialEnding;

    /// <summary>Records a point in the middle of an input. <see cref="Save"/> writes it.</summary>
    public void RecordPoint(InputFile input, TState state) => Record(input, isDone: false, fault: null, state);

    /// <summary>Records that an input is finished. <see cref="Save"/> writes it.</summary>
    /// <param name="input">The input.</param>
    /// <param name="fault">Why it was not read to its end, or null.</param>
    /// <param name="state">The state after it.</param>
    public void RecordDone(InputFile input, InputFault? fault, TState? state)
    {
        if (fault is not null)
        {
            Damage.AddFile(input.Path, fault.Place, fault.Reason);
            _faults.Add((input, fault.ToString()));
        }

        Record(input, isDone: true, fault, state);
    }

    /// <summary>Writes everything so far to the disk, then the recorded points.</summary>
    public void Save()
    {
        _stream.FlushToDisk();
        _damageStream.FlushToDisk();
        _journal.Save();
    }

    /// <summary>Removes what was written since a mark.</summary>
    public void ReturnTo(long length, DamageMark mark)
    {
        _stream.CutTo(length);
        _damageStream.CutTo(mark.Length);
        Damage.ReturnTo(mark);
    }

    /// <summary>Renames the output and its companion files to their final names. Nothing more can be written.</summary>
    /// <param name="companions">Temporary and final paths. All files are complete before the first rename: the disk may be full.</param>
    public void Finish(params IEnumerable<(string Temporary, string Path)> companions)
    {
        _stream.FlushToDisk();
        _damageStream.FlushToDisk();
        foreach ((string temporary, string path) in companions) AtomicFile.Replace(temporary, path);
        if (Damage.IsEmpty) File.Delete(DamagePath);

        // The files are still open and locked: a process that another user starts now must not find them half renamed.
        CopyMode(default);
        AtomicFile.Replace(PartialPath, _path);
        _journal.Delete();
        Dispose();
    }

    /// <summary>Deletes the output so far, which has no content. The list of what was skipped stays.</summary>
    public void Abandon()
    {
        _damageStream.FlushToDisk();
        if (Damage.IsEmpty) File.Delete(DamagePath);
        _journal.Delete();
        File.Delete(PartialPath);
        Dispose();
    }

    /// <summary>Reports inputs that were not read. Call it at the end: the others are done.</summary>
    /// <exception cref="InvalidDataException">There are such inputs. The message names them.</exception>
    public void RequireAllRead()
    {
        if (_faults.Count == 0) return;
        string[] faults = [.. _faults.Select(fault => $"{fault.File.Name} ({fault.Reason})")];
        throw new InvalidDataException(
            $"{faults.Length} of {_job.Inputs.Count} files were not read: {InputList.Some(faults)}; the others are in {_path}. "
                + $"{DamagePath} lists what is missing.");
    }

    /// <summary>Ends a run without any output because no input could be read, if that is so.</summary>
    /// <exception cref="InvalidDataException">No input was read. The message names them.</exception>
    public void RequireAnyRead()
    {
        if (_faults.Count < _job.Inputs.Count || _stream.Position > 0) return;
        Abandon();
        throw new InvalidDataException(InputList.NoneIsRead(_faults));
    }

    public void Dispose()
    {
        _stream.CloseQuietly();
        _damageStream?.CloseQuietly();
        _journal?.Dispose();
    }

    /// <summary>Gives the output so far the permissions of the file that it will replace, if there is one.</summary>
    private void CopyMode(UnixFileMode more)
    {
        if (OperatingSystem.IsWindows() || !File.Exists(_path)) return;
        UnixFileMode mode = File.GetUnixFileMode(_path) | more;
        if (File.GetUnixFileMode(PartialPath) != mode) File.SetUnixFileMode(PartialPath, mode);
    }

    private static void RequireWritable(string path)
    {
        string folder = Path.GetDirectoryName(path)!;
        try
        {
            Directory.CreateDirectory(folder);
            if (Directory.Exists(path)) throw new IOException("it is a folder");
            if (FilePath.IsPipeOrDevice(FilePath.Resolve(path))) throw new IOException("it is a pipe or a device; name a file");
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new IOException($"--out {path} cannot be written: {failure.Message}", failure);
        }
    }

    private static void RequireLength(string path, long length)
    {
        FileInfo file = new(path);
        long found = file.Exists ? file.Length : 0;
        if (found < length)
            throw new InvalidDataException($"{path}: {found} bytes; the progress file says {length}. Start again without --resume.");
    }

    private void Record(InputFile input, bool isDone, InputFault? fault, TState? state) =>
        _journal.Add(new SavedPoint<TState>(input, isDone, fault, _stream.Position, Damage.Mark with { Shown = 0 }, state));

    /// <summary>Counts the points up to the first that is no longer true, and says why it is not.</summary>
    private int CountKept(SavedPoint<TState>[] points)
    {
        int input = 0;
        for (int i = 0; i < points.Length; i++)
        {
            SavedPoint<TState> point = points[i];
            string? reason = ReasonToRepeat(point, input);
            if (reason is not null)
            {
                DoneAgain = $"--resume: {reason}.";
                return i;
            }

            if (point.IsDone) input++;
        }

        return points.Length;
    }

    private string? ReasonToRepeat(SavedPoint<TState> point, int index)
    {
        const string again = ": it and all after it are done again";
        InputFile then = point.Input;
        if (index >= _job.Inputs.Count || _job.Inputs[index].Path != then.Path)
        {
            string now = index < _job.Inputs.Count
                ? $"{_job.Inputs[index].Name} is done now, and all after it" : "what came from it is removed";
            bool isGone = _job.Inputs.All(input => input.Path != then.Path);
            return $"{then.Name} {(isGone ? "is no longer an input" : "has another place in the list")}: {now}";
        }

        InputFile input = _job.Inputs[index];
        if (input.Name != then.Name) return $"{then.Name} is now called {input.Name}{again}";
        if (input.Companion?.Path != then.Companion?.Path)
            return $"the captions of {then.Name} were {Shown(then.Companion)}, are now {Shown(input.Companion)}{again}";
        if (input.Companion != then.Companion) return $"{input.Companion!.Name}, the captions of {then.Name}, changed since{again}";
        if (input != then) return $"{then.Name} changed since{again}";
        if (point.Fault is { MayPass: true } && input.CanBeRead()) return $"{then.Name} was skipped and can be read now{again}";
        return point.Length >= _job.Take ? $"--take is now {_job.Take} bytes: what is after them is cut off" : null;
    }

    private static string Shown(InputFile? companion) => companion is null ? "none" : $"'{companion.Name}'";
}
