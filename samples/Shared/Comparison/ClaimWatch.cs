namespace HslEmbeddingZero.Samples;

/// <summary>What a process sees of a claim.</summary>
internal enum ClaimState
{
    /// <summary>There is no claim.</summary>
    Free,

    /// <summary>Its holder lives, as far as this process knows.</summary>
    Held,

    /// <summary>Its holder has ended, or has shown no sign of life for the stated time.</summary>
    Stale,
}

/// <summary>
/// Watches the claims of other processes. A claim is stale at once if its process ran on this machine and is no more. Else it is stale when
/// its file has stayed the same for the time that it states, by this process's own clock: clocks of two machines are never compared.
/// </summary>
/// <param name="lasts">Time for which the claims of this process are good after their last beat.</param>
/// <param name="clock">The clock; the system's where null.</param>
internal sealed class ClaimWatch(TimeSpan lasts, TimeProvider? clock = null)
{
    private const int BeatsInTime = 12;

    private readonly Dictionary<string, Seen> _seen = new(StringComparer.Ordinal);

    /// <summary>Time for which a claim is good after its last beat.</summary>
    public TimeSpan Lasts { get; } = lasts;

    /// <summary>Time between two beats of a claim, and between two readings of another's: at most 10 seconds.</summary>
    public TimeSpan BeatEvery { get; } = TimeSpan.FromSeconds(Math.Min(10, lasts.TotalSeconds / BeatsInTime));

    public TimeProvider Clock { get; } = clock ?? TimeProvider.System;

    /// <summary>Looks at a claim. The file is read only if the last reading was some time ago.</summary>
    /// <param name="path">The claim file. It need not exist.</param>
    /// <param name="atMostEvery">Least time between two readings; <see cref="BeatEvery"/> where null.</param>
    /// <exception cref="UnauthorizedAccessException">The file may not be read.</exception>
    public ClaimState Look(string path, TimeSpan? atMostEvery = null)
    {
        _seen.TryGetValue(path, out Seen? seen);
        if (seen is not null && !IsStale(seen) && Clock.GetElapsedTime(seen.At) < (atMostEvery ?? BeatEvery)) return ClaimState.Held;

        long before = Clock.GetTimestamp();
        string? text;
        try
        {
            text = ClaimFile.Read(path);
        }
        catch (IOException)
        {
            return ClaimState.Held; // such as a server that does not answer: nothing was seen
        }

        if (text is null)
        {
            _seen.Remove(path);
            return ClaimState.Free;
        }

        TimeSpan unchanged = TimeSpan.Zero;
        if (seen?.Text == text)
        {
            // Where this process, or the server, stood still in between, the holder may not have had the chance to write a beat either.
            TimeSpan most = 2 * BeatEvery, passed = Clock.GetElapsedTime(seen.At, before);
            unchanged = seen.Unchanged + (passed < most ? passed : most);
        }

        seen = new(text, ClaimLine.Parse(text), Clock.GetTimestamp(), unchanged);
        _seen[path] = seen;
        return IsStale(seen) ? ClaimState.Stale : ClaimState.Held;
    }

    /// <summary>The text of a claim when it was last read; null where there was none.</summary>
    public string? TextOf(string path) => _seen.GetValueOrDefault(path)?.Text;

    /// <summary>Who held a claim when it was last read.</summary>
    public string HolderOf(string path) => _seen.GetValueOrDefault(path)?.Line?.Holder.ToString() ?? "another process";

    private bool IsStale(Seen seen) => seen.Unchanged >= (seen.Line?.Lasts ?? Lasts) || seen.Line?.Holder.HasEnded == true;

    /// <param name="Text">Text of the file.</param>
    /// <param name="Line">Its claim; null where the text is damaged.</param>
    /// <param name="At">When it was read.</param>
    /// <param name="Unchanged">How long this process has watched it without a change.</param>
    private sealed record Seen(string Text, ClaimLine? Line, long At, TimeSpan Unchanged);
}
