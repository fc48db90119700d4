using HslEmbeddingZero.Training;

namespace HslEmbeddingZero.Samples;

/// <summary>
/// The claim of this process on a run in a folder that several processes and machines share. It is a file, made with exclusive creation,
/// that a background timer rewrites while the process lives. A lock of the system is not enough: some network file systems have none, and
/// some keep it after the death of its machine.
/// </summary>
/// <remarks>
/// A process that stood still for longer than the stated time may lose its claim to another. It learns this at its next beat, and from
/// <see cref="Confirm"/> right before it writes to the run.
/// </remarks>
internal sealed class RunClaim : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(100);

    private readonly string _path;
    private readonly ClaimWatch _watch;
    private readonly CancellationTokenSource _lost = new();
    private readonly Lock _gate = new();
    private readonly ITimer _timer;
    private ClaimLine _line;
    private long _lastBeat;
    private bool _isOver;

    private RunClaim(string path, ClaimWatch watch, ClaimLine line, long created, bool wasTakenOver)
    {
        (_path, _watch, _line, _lastBeat, WasTakenOver) = (path, watch, line, created, wasTakenOver);
        Lost = _lost.Token; // lives longer than its source
        _timer = watch.Clock.CreateTimer(_ => Beat(), null, watch.BeatEvery, watch.BeatEvery);
    }

    /// <summary>Whether an earlier holder had left the claim behind.</summary>
    public bool WasTakenOver { get; }

    /// <summary>Is cancelled when this process has lost the claim.</summary>
    public CancellationToken Lost { get; }

    /// <summary>Takes a claim that is free or stale.</summary>
    /// <param name="path">The claim file. Its folder must exist.</param>
    /// <param name="watch">What this process has seen of the claims of others.</param>
    /// <param name="atMostEvery">Least time between two readings of another's claim; see <see cref="ClaimWatch.Look"/>.</param>
    /// <returns>The claim; null where another process holds it.</returns>
    /// <exception cref="IOException">The folder cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder may not be written.</exception>
    public static RunClaim? TryTake(string path, ClaimWatch watch, TimeSpan? atMostEvery = null)
    {
        long now = watch.Clock.GetTimestamp();
        ClaimLine line = new(Guid.NewGuid().ToString("N"), ClaimHolder.Current, watch.Lasts.TotalSeconds);
        ClaimState state = watch.Look(path, atMostEvery);
        bool isTaken = state switch
        {
            ClaimState.Free => ClaimFile.TryCreate(path, line),
            ClaimState.Stale => TryReplace(path, watch, line),
            _ => false,
        };
        if (isTaken) return new(path, watch, line, now, wasTakenOver: state == ClaimState.Stale);
        if (state == ClaimState.Free) watch.Look(path); // another was faster: so that it can be named
        return null;
    }

    /// <summary>Takes a claim that is held for moments only. Waits until it is free.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    /// <exception cref="IOException">The folder cannot be written.</exception>
    public static RunClaim Take(string path, ClaimWatch watch, CancellationToken cancellationToken)
    {
        while (true)
        {
            if (TryTake(path, watch, Patience) is { } claim) return claim;
            cancellationToken.WaitHandle.WaitOne(Patience);
            cancellationToken.ThrowIfCancellationRequested();
        }
    }

    /// <summary>Checks that the claim is still this process's. Call it right before a write to the run.</summary>
    /// <exception cref="RunInUseException">Another process has the run.</exception>
    public void Confirm()
    {
        lock (_gate) Check(() => ClaimFile.Holds(_path, _line));
        if (Lost.IsCancellationRequested)
            throw new RunInUseException($"{_path}: this process showed no sign of life for too long, and another has taken the run over.");
    }

    /// <summary>Whether the claim is still this process's.</summary>
    public bool IsHeld()
    {
        lock (_gate) Check(() => ClaimFile.Holds(_path, _line));
        return !Lost.IsCancellationRequested;
    }

    /// <summary>Ends the beats, and deletes the file unless another process has the claim.</summary>
    public void Dispose()
    {
        _timer.Dispose();
        lock (_gate)
        {
            if (_isOver) return;
            _isOver = true;
            try
            {
                if (!Lost.IsCancellationRequested && ClaimFile.Holds(_path, _line)) File.Delete(_path);
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                // It stays, and is stale when this process has ended.
            }

            _lost.Dispose();
        }
    }

    /// <summary>
    /// Puts a claim in the place of a stale one. The new claim is first a file of its own, made with exclusive creation. This lets one
    /// process in at a time: the others then find that the stale claim is no longer there. There is no moment without a claim.
    /// </summary>
    private static bool TryReplace(string path, ClaimWatch watch, ClaimLine line)
    {
        string stale = watch.TextOf(path)!, next = path + ".next";
        bool isNext = ClaimFile.TryCreate(next, line)
            || (watch.Look(next) == ClaimState.Stale && TryReplace(next, watch, line)); // A process was killed right here.
        if (!isNext) return false; // Another process is taking over.

        try
        {
            if (ClaimFile.Read(path) == stale) AtomicFile.Replace(next, path);
        }
        catch (FileNotFoundException)
        {
            // A server may execute a rename, lose its answer, and report the repetition. The name tells what happened.
        }

        if (ClaimFile.Holds(path, line)) return true;
        if (ClaimFile.Holds(next, line)) File.Delete(next);
        return false;
    }

    private void Beat()
    {
        if (!_gate.TryEnter()) return; // The last beat waits for its disk, or the claim is being confirmed or ended.
        try
        {
            long start = _watch.Clock.GetTimestamp();
            Check(() =>
            {
                _line = _line with { Beats = _line.Beats + 1 };
                if (!ClaimFile.TryBeat(_path, _line)) return false;
                _lastBeat = start;
                return true;
            });
        }
        finally
        {
            _gate.Exit();
        }
    }

    /// <summary>Gives the claim up if a check fails, or if no beat was written for so long that others may find it stale.</summary>
    private void Check(Func<bool> isHeld)
    {
        if (_isOver || Lost.IsCancellationRequested) return;
        try
        {
            if (isHeld()) return;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // A disk that fails a beat is not the end of a run.
            if (_watch.Clock.GetElapsedTime(_lastBeat) < _watch.Lasts - _watch.BeatEvery) return;
        }

        _lost.Cancel();
    }
}
