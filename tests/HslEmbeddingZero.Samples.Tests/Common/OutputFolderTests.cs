using HslEmbeddingZero.Tests;

namespace HslEmbeddingZero.Samples.Tests.Common;

public sealed class OutputFolderTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private DirectoryInfo Out => new(_folder.PathOf("a/out"));

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_folder_is_for_one_user_at_a_time()
    {
        using (var first = OutputFolder.Take(Out))
        {
            string refused = Assert.Throws<IOException>(() => OutputFolder.Take(Out)).Message;
            Assert.Contains($"--out {Out.FullName} is in use by another process", refused, StringComparison.Ordinal);
            File.WriteAllText(Path.Combine(Out.FullName, "result"), "x");
        }

        using (var second = OutputFolder.Take(Out)) Assert.True(File.Exists(Path.Combine(Out.FullName, OutputFolder.LockName)));
        Assert.Equal(["result"], Directory.GetFileSystemEntries(Out.FullName).Select(Path.GetFileName)); // the lock is gone
    }

    /// <summary>As the processes of one table, of which each trains other runs.</summary>
    [Fact]
    public void Several_users_share_a_folder_only_among_themselves()
    {
        using (var first = OutputFolder.Take(Out, isShared: true))
        {
            OutputFolder.Take(Out, isShared: true).Dispose();
            Assert.Contains("is in use by another process", Assert.Throws<IOException>(() => OutputFolder.Take(Out)).Message,
                StringComparison.Ordinal);
        }

        using (var alone = OutputFolder.Take(Out)) Assert.Throws<IOException>(() => OutputFolder.Take(Out, isShared: true));
        Assert.False(Out.Exists); // the last one has removed the lock, and the folder that it left empty
    }

    /// <summary>As after kill -9.</summary>
    [Fact]
    public void The_file_of_a_dead_process_refuses_nobody()
    {
        Out.Create();
        File.WriteAllText(Path.Combine(Out.FullName, OutputFolder.LockName), "");
        OutputFolder.Take(Out).Dispose();
    }

    [Fact]
    public void Folders_that_were_created_for_nothing_are_removed_and_others_stay()
    {
        OutputFolder.Take(Out).Dispose();
        Assert.False(Directory.Exists(_folder.PathOf("a")));
        _folder.Make("a");
        OutputFolder.Take(Out).Dispose();
        Assert.True(Directory.Exists(_folder.PathOf("a")));
        Assert.False(Out.Exists);
    }

    [Fact]
    public void A_folder_below_a_file_is_refused_by_name()
    {
        string file = _folder.Write("file", [1]);
        string refused = Assert.Throws<IOException>(() => OutputFolder.Take(new(Path.Combine(file, "below")))).Message;
        Assert.Contains($"--out {Path.Combine(file, "below")} cannot be written", refused, StringComparison.Ordinal);
    }
}
