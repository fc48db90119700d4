using HslEmbeddingZero.Training;
using Spectre.Console;

namespace HslEmbeddingZero.Samples;

/// <summary>
/// Executes the runs of a folder that several processes share, on one machine or many. Every process goes through the runs in the same
/// order and trains those that no other has claimed. Then it waits for the others, and takes over the runs of those that have died.
/// </summary>
internal sealed class SharedRuns(IReadOnlyList<(string Label, DoorRun Run)> runs, ClaimWatch claims, Ranks ranks)
{
    private static readonly TimeSpan MostPatience = TimeSpan.FromSeconds(2);

    private readonly HashSet<int> _finished = [];
    private HashSet<string> _files = [];

    /// <summary>
    /// Executes the runs. Of the ranks that train together, rank 0 chooses and claims each run, and the others train it with rank 0.
    /// </summary>
    /// <param name="console">The console of the results.</param>
    /// <param name="finish">
    /// Receives, on rank 0, each result once, with the index of its run, and whether this process trained it.
    /// </param>
    /// <param name="cancellationToken">Stops the run in training; a checkpoint is written first.</param>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public void Execute(IAnsiConsole console, Action<int, RunResult, bool> finish, CancellationToken cancellationToken)
    {
        if (ranks.IsFirst) ranks.Lead(() => ExecuteOnFirst(console, finish, cancellationToken));
        else ranks.Follow(i => runs[i].Run.Follow(cancellationToken));
    }

    private void ExecuteOnFirst(IAnsiConsole console, Action<int, RunResult, bool> finish, CancellationToken cancellationToken)
    {
        ListFiles();
        LiveProgress.Run(console, [.. runs.Select(run => run.Label)], (i, progress) => TryFinish(i, progress, finish, cancellationToken));
        IAnsiConsole waiting = SampleConsole.ForProgress(console);
        HashSet<int> told = [];
        while (_finished.Count < runs.Count)
        {
            ListFiles();
            int before = _finished.Count;
            foreach (int i in Enumerable.Range(0, runs.Count).Where(i => !_finished.Contains(i)))
            {
                (string label, DoorRun run) = runs[i];
                if (!IsHeld(run)) LiveProgress.Run(console, [label], (_, progress) => TryFinish(i, progress, finish, cancellationToken));
                if (!_finished.Contains(i) && told.Add(i))
                    waiting.WriteLine($"{label}: {claims.HolderOf(run.ClaimPath)} is training this run; waiting for it.");
            }

            TimeSpan patience = claims.BeatEvery < MostPatience ? claims.BeatEvery : MostPatience;
            if (_finished.Count == before) cancellationToken.WaitHandle.WaitOne(patience);
            cancellationToken.ThrowIfCancellationRequested();
        }
    }

    /// <summary>
    /// Whether another process is at work on a run. One list of the files answers for all runs that nobody has begun or that are finished.
    /// A network file system may show an old list: a claim decides then.
    /// </summary>
    private bool IsHeld(DoorRun run) =>
        !_files.Contains(run.ResultPath) && _files.Contains(run.ClaimPath) && claims.Look(run.ClaimPath) == ClaimState.Held;

    private void TryFinish(int i, IRunProgress progress, Action<int, RunResult, bool> finish, CancellationToken cancellationToken)
    {
        DoorRun run = runs[i].Run;
        if (IsHeld(run)) return;
        RunResult? earlier = _files.Contains(run.ResultPath) ? run.Finished() : null, trained = null;
        if (earlier is null)
        {
            try
            {
                trained = run.Execute(claims, () => ranks.Announce(i), progress, cancellationToken);
            }
            catch (RunInUseException)
            {
                cancellationToken.ThrowIfCancellationRequested();
                return;
            }

            ListFiles(); // minutes or hours have passed
        }

        _finished.Add(i);
        finish(i, (earlier ?? trained)!, earlier is null);
    }

    private void ListFiles() => _files = runs is [(_, var first), ..]
        ? [.. Directory.EnumerateFiles(Path.GetDirectoryName(first.ResultPath)!)] : [];
}
