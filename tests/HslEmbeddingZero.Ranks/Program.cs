using HslEmbeddingZero.Ranks;
using HslEmbeddingZero.Training;

// Each argument is a step, and every rank takes all steps. What a step promises is checked in it: a broken promise is an exception.
//   gpu                            before the group: selects a GPU and prints what native code sees
//   nccl-id                        brings NCCL's id to the ranks
//   train ...                      a training run in a folder, see SharedTraining.cs
//   sum, ordered, broadcast        exchanges with known results
//   refusals, threads=FILE, null   wrong calls; two threads at once; a caught NullReferenceException
//   exit0, exit3, throw, crash,    rank 1 ends while the others wait
//   abort, abort-waiting
//   after                          calls after the end of the group
// A ProcessGroupException ends the program with exit code 1 and one line.
try
{
    if (args is ["gpu"]) return Gpu.Print();
    if (args is ["nccl-id"]) return NcclId.Share();
    if (args is ["train", ..]) return SharedTraining.Run(args[1..]);
    if (ProcessGroup.Join() is not { } group)
    {
        Console.WriteLine("alone");
        return 0;
    }

    using (group)
    {
        Console.WriteLine($"rank {group.Rank} of {group.Size}: process {Environment.ProcessId}");
        foreach (string step in args)
        {
            if (step == "sum") Exchanges.Sum(group);
            else if (step == "ordered") Exchanges.Ordered(group);
            else if (step == "broadcast") Exchanges.Broadcast(group);
            else if (step == "refusals") Refusals.OfArguments(group);
            else if (step.StartsWith("threads=", StringComparison.Ordinal)) Refusals.OfTwoThreads(group, step["threads=".Length..]);
            else if (step == "null") Refusals.OfNull();
            else if (step == "after") Refusals.AfterTheEnd(group);
            else return Ends.Take(group, step);

            Console.WriteLine($"rank {group.Rank} of {group.Size}: {step} done");
        }

        group.Complete();
    }

    return 0;
}
catch (ProcessGroupException error)
{
    Console.Error.WriteLine($"error: {error.Message}");
    return 1;
}
