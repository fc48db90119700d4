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
    private readonly torch.Device _device;

    private Ranks(IProcessGroup? group, torch.Device device) => (Group, _device) = (group, device);

    /// <summary>The group of the library; null for one process.</summary>
    public IProcessGroup? Group { get; }

    /// <summary>Whether this is rank 0, or the only process.</summary>
    public bool IsFirst => Group is not { Rank: > 0 };

    /// <summary>Joins the group that the program was started in.</summary>
    /// <exception cref="ProcessGroupException">The launcher's variables are wrong, or a library is missing.</exception>
    public static Ranks Join(torch.Device device) => new(ProcessGroup.Join(device), device);

    /// <summary>Devices of a run, for tables and model cards: "2 × CPU, 1 thread, X64", for example.</summary>
    public string NameOf(torch.Device device) => (Group is { } group ? $"{group.Size} × " : "") + ComputeOptions.NameOf(device);

    /// <summary>What is true on rank 0.</summary>
    public bool OfFirst(bool value)
    {
        if (Group is null) return value;
        using torch.Tensor host = torch.tensor(new[] { value ? 1f : 0f }, device: torch.CPU);
        using torch.Tensor shared = host.to(_device);
        Group.Broadcast(shared);
        using torch.Tensor result = shared.cpu();
        return result.data<float>()[0] > 0;
    }

    /// <summary>
    /// Runs the part of a program in which all ranks stop together when one of them is interrupted. They then leave the group in good order.
    /// After other failures the end of this process ends the other ranks.
    /// </summary>
    public T Together<T>(Func<T> work)
    {
        try
        {
            return work();
        }
        catch (OperationCanceledException)
        {
            Group?.Complete();
            throw;
        }
    }

    /// <summary>The ranks leave the group: each waits for the others. Call it at the end of the work.</summary>
    public void Complete() => Group?.Complete();

    public void Dispose() => Group?.Dispose();
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
