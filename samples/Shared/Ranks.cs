using System.CommandLine;
using HslEmbeddingZero.Training;
using TorchSharp;

namespace HslEmbeddingZero.Samples;

/// <summary>
/// The processes that a launcher such as mpirun started, which train together. All do the same; rank 0 alone reads and writes the output
/// folder and prints.
/// </summary>
internal sealed class Ranks : IDisposable
{
    private const int Finished = -1;
    private const int Interrupted = -2;

    private readonly torch.Device _device;

    private Ranks(IProcessGroup? group, torch.Device device) => (Group, _device) = (group, device);

    /// <summary>The group of the library; null for one process.</summary>
    public IProcessGroup? Group { get; }

    /// <summary>Whether this is rank 0, or the only process.</summary>
    public bool IsFirst => Group is not { Rank: > 0 };

    /// <summary>One process that trains alone.</summary>
    public static Ranks Alone { get; } = new(null, torch.CPU);

    /// <summary>Joins the group that the program was started in.</summary>
    /// <exception cref="ProcessGroupException">The launcher's variables are wrong, or a library is missing.</exception>
    public static Ranks Join(torch.Device device) => new(ProcessGroup.Join(device), device);

    /// <summary>Devices of a run, for tables and model cards: "2 × CPU, 1 thread, X64", for example.</summary>
    public string NameOf(torch.Device device) => (Group is { } group ? $"{group.Size} × " : "") + ComputeOptions.NameOf(device);

    /// <summary>
    /// Runs the part of a program in which all ranks stop together when one of them is interrupted. They then leave the group in good
    /// order. After other failures the end of this process ends the other ranks.
    /// </summary>
    public T Together<T>(Func<T> work)
    {
        try
        {
            return work();
        }
        catch (OperationCanceledException)
        {
            Complete();
            throw;
        }
    }

    /// <summary>
    /// Runs the work of rank 0, which calls <see cref="Announce"/> before each part that all ranks do. The others call
    /// <see cref="Follow"/>.
    /// </summary>
    public void Lead(Action work)
    {
        try
        {
            work();
        }
        catch (OperationCanceledException)
        {
            Announce(Interrupted);
            Complete();
            throw;
        }

        Announce(Finished);
        Complete();
    }

    /// <summary>Tells the other ranks which part comes next.</summary>
    public void Announce(int part) => OfFirst(part);

    /// <summary>Does the parts that rank 0 announces, to the end.</summary>
    /// <param name="takePart">Does the part of an index. It may fail as on rank 0, which then says how to go on.</param>
    /// <exception cref="OperationCanceledException">The work was interrupted.</exception>
    public void Follow(Action<int> takePart)
    {
        int part;
        while ((part = OfFirst(0)) >= 0)
        {
            try
            {
                takePart(part);
            }
            catch (Exception error) when (error is OperationCanceledException or ProcessGroupException { IsOfAnotherRank: true })
            {
                // Rank 0 was interrupted, lost the run to another process, or failed. It announces what comes next, or its end is ours.
            }
        }

        Complete();
        if (part == Interrupted) throw new OperationCanceledException("Rank 0 was interrupted.");
    }

    /// <summary>The ranks leave the group: each waits for the others. Call it at the end of the work.</summary>
    public void Complete() => Group?.Complete();

    public void Dispose() => Group?.Dispose();

    /// <summary>A number of rank 0, on all ranks.</summary>
    private int OfFirst(int value)
    {
        if (Group is null) return value;
        using torch.Tensor host = torch.tensor(new[] { value }, device: torch.CPU);
        using torch.Tensor shared = host.to(_device);
        Group.Broadcast(shared);
        using torch.Tensor result = shared.cpu();
        return result.data<int>()[0];
    }
}

/// <summary>The options of a run on several processes: --reduction, --share and --hang-seconds.</summary>
internal sealed class RankOptions
{
    private readonly Option<string> _reduction = CheckedOptions.Choice(
        "--reduction",
        "How several processes add their gradients: fast, or ordered. ordered gives the digits of one process, where the number of "
            + "processes divides the micro-batches of a step.",
        "fast", "fast", "ordered");

    private readonly Option<string> _share = CheckedOptions.Choice(
        "--share", "What several processes share: micro-batches, or rows of every micro-batch. rows balances unlike micro-batches.",
        "micro-batches", "micro-batches", "rows");

    private readonly Option<double> _hang = CheckedOptions.Number(
        "--hang-seconds", "Seconds after which a step of several processes counts as hung, and all of them are ended.",
        new DistributedOptions().HangTimeout.TotalSeconds, value => value is >= 1 and <= 1e6, "seconds from 1 to 1,000,000");

    /// <summary>Adds the options to a command.</summary>
    public void AddTo(Command command)
    {
        command.Options.Add(_reduction);
        command.Options.Add(_share);
        command.Options.Add(_hang);
    }

    public DistributedOptions Parse(ParseResult parsed) => new()
    {
        OrderedReduction = parsed.GetValue(_reduction) == "ordered",
        SharesRows = parsed.GetValue(_share) == "rows",
        HangTimeout = TimeSpan.FromSeconds(parsed.GetValue(_hang)),
    };
}
