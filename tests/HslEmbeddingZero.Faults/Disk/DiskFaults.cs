using System.Security.Cryptography;
using HslEmbeddingZero.Tests;

namespace HslEmbeddingZero.Faults;

/// <summary>
/// Every writer overwrites its earlier good file on a full and on a read-only disk. It must print a line that names the file or the option,
/// end with an exit code other than 0, and leave the earlier file unchanged.
/// </summary>
internal static class DiskFaults
{
    private const int Megabytes = 24;

    /// <param name="only">Part of the names of the writers to run; empty for all.</param>
    public static int Run(string only)
    {
        using TemporaryFolder folder = new();
        using var disk = SmallDisk.TryMake(folder.Make("disk"), Megabytes, out string reason);
        if (disk is null)
        {
            Console.WriteLine($"skipped: no file system of a known size can be mounted here: {reason}");
            return 0;
        }

        int broken = 0;
        foreach (Writer writer in Writers(folder, disk.Path).Where(writer => writer.Name.Contains(only, StringComparison.Ordinal)))
        {
            (int exitCode, string output, string error) = writer.Write();
            if (exitCode != 0) throw new InvalidOperationException($"{writer.Name} fails on a good disk: {output}{error}");
            Dictionary<string, string> good = Digests(writer.Files);

            disk.Fill(writer.Free);
            broken += Check(writer, "full", good);
            disk.Empty();
            disk.MakeReadOnly();
            broken += Check(writer, "read-only", good);
            disk.MakeWritable();

            (exitCode, output, error) = writer.Write();
            if (exitCode != 0) throw new InvalidOperationException($"{writer.Name} fails after the disk is good again: {output}{error}");
        }

        Console.WriteLine(broken == 0 ? "every writer kept its promises" : $"{broken} promises broken");
        return broken == 0 ? 0 : 1;
    }

    private static int Check(Writer writer, string state, Dictionary<string, string> good)
    {
        (int exitCode, string output, string error) = writer.Write();
        string[] lines = [.. error.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Where(line => !line.Contains("%  ", StringComparison.Ordinal))]; // without the progress
        Dictionary<string, string> now = Digests(writer.Files);
        string[] problems =
        [
            .. exitCode == 0 ? ["exit code 0"] : Array.Empty<string>(),
            .. lines.Length == 1 && lines[0].StartsWith("error: ", StringComparison.Ordinal)
                ? [] : new[] { $"{lines.Length} lines of error: {error}{output}" },
            .. good.Where(file => now.GetValueOrDefault(file.Key) != file.Value).Select(file => $"{file.Key} changed"),
            .. writer.Leftovers().Select(name => $"{name} left behind"),
        ];
        Console.WriteLine(
            $"{writer.Name}, disk {state}: {(problems.Length == 0 ? "kept" : "BROKEN: " + string.Join("; ", problems))}; exit code "
                + $"{exitCode}, {(lines.Length > 0 ? lines[0] : "no message")}");
        return problems.Length;
    }

    private static Dictionary<string, string> Digests(IEnumerable<string> files) =>
        files.Where(File.Exists).ToDictionary(file => Path.GetFileName(file),
            file => Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(file))));

    private static IEnumerable<Writer> Writers(TemporaryFolder folder, string disk)
    {
        foreach (string kind in SmallWriter.Kinds)
        {
            string path = Path.Combine(disk, SmallWriter.FileOf(kind));
            if (kind == "metrics")
                File.WriteAllLines(path, Enumerable.Range(1, 2000).Select(step => $$"""{"step":{{step}},"bitsPerByte":1,"learningRate":0.001,"bytesPerSecond":1,"seconds":0}"""));
            yield return new Writer(kind, disk,
                Free: 16 << 10, [path], () => ChildProcess.Run(ChildProcess.Self, "write", "--format", kind, "--out", disk));
        }

        string table = Path.Combine(disk, "table");
        string[] arguments = ["--preset", "smoke", "--arms", "zero", "--steps", "2", "--device", "cpu", "--precision", "float32", "--out",
            table];
        yield return new Writer("BpbTable: checkpoint", table, Free: 256 << 10, TableFiles(table),
            () => ChildProcess.Run("BpbTable.dll", arguments));
        yield return new Writer("BpbTable: table of finished runs", table, Free: 0, TableFiles(table),
            () => ChildProcess.Run("BpbTable.dll", [.. arguments, "--resume"]));

        string jsonl = folder.PathOf("documents.jsonl");
        File.WriteAllLines(jsonl, Enumerable.Range(0, 20_000).Select(i => $$"""{"text":"Document {{i}} of the corpus that is prepared here, long enough to fill a disk."}"""));
        string prepared = Path.Combine(disk, "prepared");
        string text = Path.Combine(prepared, "corpus.txt");
        yield return new Writer("PrepareData text", prepared,
            Free: 64 << 10, [text], () => ChildProcess.Run("PrepareData.dll", "text", jsonl, "--out", text));

        string film = folder.PathOf("film.mp4");
        if (!MakeFilm(film))
        {
            Console.WriteLine("PrepareData windows: skipped, ffmpeg is not installed");
            yield break;
        }

        string clips = Path.Combine(prepared, "clips.bin");
        yield return new Writer(
            "PrepareData windows", prepared, Free: 8 << 10, [clips, Path.ChangeExtension(clips, ".json"),
                Path.ChangeExtension(clips, ".frames.png")], () => ChildProcess.Run("PrepareData.dll", "windows", film, "--out", clips));
    }

    private static string[] TableFiles(string folder) =>
        [Path.Combine(folder, "table.md"), Path.Combine(folder, "table.json"), Path.Combine(folder, "curves.png")];

    private static bool MakeFilm(string path)
    {
        try
        {
            using var process = System.Diagnostics.Process.Start("ffmpeg",
                ["-v", "error", "-nostdin", "-f", "lavfi", "-i", "testsrc2=size=64x36:rate=10:duration=60", path]);
            process.WaitForExit();
            return process.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }

    /// <summary>One writer: its output, the free space at which it must fail, and the files that must survive.</summary>
    private sealed record Writer(string Name, string Folder, long Free, IReadOnlyList<string> Files,
        Func<(int ExitCode, string Output, string Error)> Write)
    {
        /// <summary>Temporary files. The files that PrepareData keeps for a resume do not count.</summary>
        public IEnumerable<string> Leftovers() => Directory.GetFiles(Folder, "*.tmp").Concat(Directory.GetFiles(Folder, ".*")).Distinct();
    }
}
