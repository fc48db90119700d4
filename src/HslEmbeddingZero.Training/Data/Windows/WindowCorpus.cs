namespace HslEmbeddingZero.Training;

/// <summary>
/// Windows of films with sound and captions, see <see cref="WindowRecord"/>. They are divided by film into a training and a held-out part.
/// </summary>
/// <remarks>
/// <para>
/// A file NAME.bin may have a sidecar NAME.json. Its field <c>films</c> lists the films: <c>name</c>, <c>modality</c> ("video" or
/// "caption"), <c>split</c> ("train" or "held-out"), <c>first</c>, <c>count</c> and <c>group</c>. Other fields are ignored. Without a
/// sidecar, the file is one film, used as video and for captions: its first 90% is for training, then ten windows are left out (fewer in a
/// short file), and the rest is held out.
/// </para>
/// <para>
/// No window is on both sides of the split. Films of one group are on the same side, with one exception: a recording may be divided in
/// time. Its held-out part has the name of the training film with ".later" added. It comes after the training film in the same file, with
/// at least ten windows and no other recording between. Held-out windows that are identical to a training window (a film may be periodic)
/// are dropped.
/// </para>
/// </remarks>
public sealed class WindowCorpus
{
    private readonly byte[] _windows;

    private WindowCorpus(byte[] windows, IReadOnlyList<WindowFile> files, IReadOnlyList<Film> films)
    {
        _windows = windows;
        Files = files;
        Films = films;

        var trained = films.Where(film => !film.IsHeldOut).SelectMany(Indices).Select(Hash).ToHashSet();
        var repeats = films.Where(film => film.IsHeldOut).SelectMany(Indices).Where(index => trained.Contains(Hash(index))).ToHashSet();
        HeldOutRepeats = repeats.Count;
        TrainVideo = Pairs(isHeldOut: false, except: []);
        HeldOutVideo = Pairs(isHeldOut: true, except: repeats);
        TrainCaption = Windows(isHeldOut: false, except: []);
        HeldOutCaption = Windows(isHeldOut: true, except: repeats);
    }

    /// <summary>The files, in the order given.</summary>
    public IReadOnlyList<WindowFile> Files { get; }

    /// <summary>The films of all files, in the order their files list them.</summary>
    public IReadOnlyList<Film> Films { get; }

    /// <summary>How many windows there are in all files.</summary>
    public int Count => _windows.Length / WindowRecord.Size;

    /// <summary>Windows t of training video whose next window, t + 1, belongs to the same film.</summary>
    public IReadOnlyList<int> TrainVideo { get; }

    /// <summary>
    /// Windows t of held-out video whose next window, t + 1, belongs to the same film. Neither of the two repeats a training window.
    /// </summary>
    public IReadOnlyList<int> HeldOutVideo { get; }

    /// <summary>The windows of training caption films.</summary>
    public IReadOnlyList<int> TrainCaption { get; }

    /// <summary>The windows of held-out caption films that repeat no training window.</summary>
    public IReadOnlyList<int> HeldOutCaption { get; }

    /// <summary>
    /// How many windows of held-out films are left out of the held-out lists because a training window has the same bytes.
    /// </summary>
    public int HeldOutRepeats { get; }

    /// <summary>The 539 bytes of a window.</summary>
    /// <param name="index">Its index, counted over all files.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such window.</exception>
    public ReadOnlySpan<byte> Window(int index)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, Count);
        return _windows.AsSpan(index * WindowRecord.Size, WindowRecord.Size);
    }

    /// <summary>Reads the files and their sidecars and checks both.</summary>
    /// <param name="files">Paths of files of windows; a sidecar has the same name with the extension .json.</param>
    /// <exception cref="ArgumentException"><paramref name="files"/> is empty.</exception>
    /// <exception cref="CorpusException">
    /// A file is missing, empty, listed twice, too long for memory, not a whole number of windows, or has a separator out of place. A
    /// sidecar names windows that do not exist, films that overlap, or a split with one recording on both sides.
    /// </exception>
    public static WindowCorpus Load(IReadOnlyList<string> files)
    {
        List<SourceFile> read = SourceFile.ReadAll(files);
        byte[] windows = new byte[read.Sum(file => (long)file.Content.Length)];
        var records = new List<WindowFile>();
        var films = new List<Film>();
        int firstWindow = 0;
        foreach (SourceFile file in read)
        {
            int count = CheckRecords(file);
            file.Content.CopyTo(windows, firstWindow * WindowRecord.Size);
            string sidecarPath = Path.ChangeExtension(file.Path, ".json");
            SourceFile? sidecar = File.Exists(sidecarPath) ? SourceFile.Read(sidecarPath) : null;
            films.AddRange(sidecar is null
                ? FilmList.WithoutSidecar(file, records.Count, firstWindow, count)
                : FilmList.FromSidecar(sidecar, records.Count, firstWindow, count));
            records.Add(new()
            {
                Name = file.Name,
                Path = file.Path,
                Bytes = file.Content.Length,
                Sha256 = file.Sha256,
                Windows = count,
                SidecarSha256 = sidecar?.Sha256,
            });
            firstWindow += count;
        }

        FilmSplit.Check(records, films);
        return new(windows, records, films);
    }

    private static int CheckRecords(SourceFile file)
    {
        (int count, int rest) = Math.DivRem(file.Content.Length, WindowRecord.Size);
        if (rest != 0)
            throw new CorpusException(
                $"{file.Path}: {file.Content.Length} bytes are {count} windows of {WindowRecord.Size} bytes " +
                $"and {rest} bytes more; the length must be a multiple.");
        for (int record = 0; record < count; record++)
            if (WindowRecord.FindFault(file.Content.AsSpan(record * WindowRecord.Size, WindowRecord.Size)) is var (offset, found, expected))
                throw new CorpusException(
                    $"{file.Path}: record {record} has {found} at its offset {offset}; a window has {expected} there.");
        return count;
    }

    private UInt128 Hash(int index) => ContentHash.Of(Window(index));

    private static IEnumerable<int> Indices(Film film) => Enumerable.Range(film.First, film.Count);

    private int[] Pairs(bool isHeldOut, HashSet<int> except) =>
        [.. Films.Where(film => film.Use == FilmUse.Video && film.IsHeldOut == isHeldOut)
            .SelectMany(film => Enumerable.Range(film.First, film.Count - 1))
            .Where(index => !except.Contains(index) && !except.Contains(index + 1))];

    private int[] Windows(bool isHeldOut, HashSet<int> except) =>
        [.. Films.Where(film => film.Use == FilmUse.Caption && film.IsHeldOut == isHeldOut)
            .SelectMany(Indices)
            .Where(index => !except.Contains(index))];
}
