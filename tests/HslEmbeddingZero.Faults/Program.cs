using System.CommandLine;
using HslEmbeddingZero.Faults;

// Each command prints what it found and exits with 0 where every promise was kept, with 1 otherwise.
Option<int> count = new("--count") { Description = "How many.", DefaultValueFactory = _ => 0 };
Option<int> seed = new("--seed") { Description = "Decides what is done.", DefaultValueFactory = _ => 1 };
Option<int> steps = new("--steps")
{
    Description = "Length of the run that is killed.",
    DefaultValueFactory = _ => SmallCorpus.DefaultSteps,
};
Option<int> ranks = new("--ranks")
{
    Description = "Processes of the run that is killed; from 2 on under mpirun.openmpi.",
    DefaultValueFactory = _ => 1,
};
Option<int> from = new("--from") { Hidden = true };
Option<string> format = new("--format") { Description = "One format or writer alone.", DefaultValueFactory = _ => "" };
Option<DirectoryInfo> folder = new("--out") { Hidden = true };

Command kills = new("kills",
    "Kills a training run at random moments, resumes it, and compares the end with an uninterrupted run's.") { count, seed, steps, ranks };
kills.SetAction(parsed => KillRuns.Run(
    parsed.GetValue(count) is > 0 and var n ? n : 50, parsed.GetValue(seed), parsed.GetValue(steps), parsed.GetValue(ranks)));
Command disk = new("disk", "Fills the disk under each writer, and makes it read-only.") { format };
disk.SetAction(parsed => DiskFaults.Run(parsed.GetValue(format)!));
Command mutations = new("mutations", "Gives damaged input to each reader.") { count, seed, format };
mutations.SetAction(
    parsed => MutationRuns.Run(parsed.GetValue(count) is > 0 and var n ? n : 10_000, parsed.GetValue(seed), parsed.GetValue(format)!));

Command train = new("train") { folder, steps };
train.Hidden = true;
train.SetAction(parsed => SmallTraining.Run(parsed.GetValue(folder)!.FullName, parsed.GetValue(steps)));
Command read = new("read") { format, seed, from, count };
read.Hidden = true;
read.SetAction(
    parsed => MutationWorker.Run(parsed.GetValue(format)!, parsed.GetValue(seed), parsed.GetValue(from), parsed.GetValue(count)));
Command write = new("write") { format, folder };
write.Hidden = true;
write.SetAction(parsed => SmallWriter.Run(parsed.GetValue(format)!, parsed.GetValue(folder)!.FullName));

return new RootCommand("Faults: what happens when a process is killed, a disk is full, or a file is damaged.") { kills, disk, mutations,
    train, read, write }.Parse(args).Invoke();
