namespace HslEmbeddingZero.Tests.Interop;

public sealed class AtomicFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_file_takes_the_place_of_another()
    {
        File.WriteAllText(_folder.PathOf("new"), "new");
        File.WriteAllText(_folder.PathOf("old"), "old");
        AtomicFile.Replace(_folder.PathOf("new"), _folder.PathOf("old"));
        Assert.Equal([_folder.PathOf("old")], Directory.GetFiles(_folder.FullName));
        Assert.Equal("new", File.ReadAllText(_folder.PathOf("old")));
    }

    /// <summary>On Windows the rename waits for the reader.</summary>
    [Fact]
    public async Task A_file_that_is_being_read_is_replaced()
    {
        File.WriteAllText(_folder.PathOf("new"), "new");
        File.WriteAllText(_folder.PathOf("old"), "old");
        Task reading;
        using (FileStream reader = File.OpenRead(_folder.PathOf("old")))
        {
            reading = Task.Run(() => AtomicFile.Replace(_folder.PathOf("new"), _folder.PathOf("old")));
            await Task.Delay(TimeSpan.FromMilliseconds(50));
            Assert.Equal('o', reader.ReadByte());
        }

        await reading;
        Assert.Equal("new", File.ReadAllText(_folder.PathOf("old")));
    }

    /// <summary>A file never replaces a folder, so there is no waiting.</summary>
    [Fact]
    public void A_folder_is_not_replaced()
    {
        File.WriteAllText(_folder.PathOf("new"), "new");
        Directory.CreateDirectory(_folder.PathOf("taken"));
        Assert.ThrowsAny<Exception>(() => AtomicFile.Replace(_folder.PathOf("new"), _folder.PathOf("taken")));
        Assert.True(Directory.Exists(_folder.PathOf("taken")));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void What_another_process_holds_is_tried_again(bool isTarget)
    {
        Exception error = Held(isTarget);
        int tries = 0;
        AtomicFile.Repeat(
            () =>
            {
                if (++tries < 4) throw error;
            },
            TimeSpan.Zero);
        Assert.Equal(4, tries);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void What_is_held_for_good_is_told_in_the_end(bool isTarget)
    {
        Exception error = Held(isTarget);
        int tries = 0;
        Assert.Same(error, Record.Exception(() => AtomicFile.Repeat(
            () =>
            {
                tries++;
                throw error;
            },
            TimeSpan.Zero)));
        Assert.Equal(AtomicFile.Tries, tries);
    }

    [Fact]
    public void Other_errors_are_told_at_once()
    {
        int tries = 0;
        Assert.Throws<DirectoryNotFoundException>(() => AtomicFile.Repeat(
            () =>
            {
                tries++;
                throw new DirectoryNotFoundException();
            },
            TimeSpan.Zero));
        Assert.Equal(1, tries);
    }

    /// <summary>The error codes of Windows when the file to be replaced is open, and when the new file is open.</summary>
    private static Exception Held(bool isTarget) =>
        isTarget ? new UnauthorizedAccessException() : new IOException("in use", unchecked((int)0x80070020));

    [Fact]
    public void Lines_of_text_end_alike_on_every_system()
    {
        AtomicFile.WriteText(_folder.PathOf("table.md"), "a\r\nb\nc\r\n");
        Assert.Equal("a\nb\nc\n", File.ReadAllText(_folder.PathOf("table.md")));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_writer_that_fails_leaves_the_earlier_file_alone(bool toStream)
    {
        string path = _folder.PathOf("table.md");
        File.WriteAllBytes(path, [1]);
        Assert.Throws<InvalidDataException>(() =>
        {
            if (toStream) AtomicFile.Write(path, (FileStream _) => throw new InvalidDataException());
            AtomicFile.Write(path, temporary =>
            {
                File.WriteAllText(temporary, "half");
                throw new InvalidDataException();
            });
        });
        Assert.Equal([1], File.ReadAllBytes(path));
        Assert.Equal([path], Directory.GetFiles(_folder.FullName));
    }

    /// <summary>Models are often links into a store. The link must go on to name the model.</summary>
    [SkippableTheory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_link_stays_and_its_target_is_written(bool targetExists)
    {
        Skip.If(OperatingSystem.IsWindows(), "Links need a privilege on Windows.");
        Directory.CreateDirectory(_folder.PathOf("store"));
        string target = _folder.PathOf("store/model"), link = _folder.PathOf("model"), second = _folder.PathOf("second");
        if (targetExists) File.WriteAllText(target, "old");
        File.CreateSymbolicLink(link, "store/model");
        File.CreateSymbolicLink(second, link);
        AtomicFile.WriteText(second, "new");
        Assert.Equal("new", File.ReadAllText(target));
        Assert.Equal("store/model", new FileInfo(link).LinkTarget);
        Assert.Equal(link, new FileInfo(second).LinkTarget);
        Assert.Equal([target], Directory.GetFiles(_folder.PathOf("store")));
    }

    [SkippableFact]
    public void The_permissions_of_a_file_stay()
    {
        if (OperatingSystem.IsWindows()) throw new SkipException("Windows has no file modes.");
        const UnixFileMode mode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead;
        string path = _folder.Write("secret", "old");
        File.SetUnixFileMode(path, mode);
        AtomicFile.WriteText(path, "new");
        Assert.Equal(mode, File.GetUnixFileMode(path));
        AtomicFile.Write(path, (FileStream file) => file.Write("newer"u8));
        Assert.Equal(mode, File.GetUnixFileMode(path));
    }

    /// <summary>A program with the rights of root would otherwise replace the device by a file.</summary>
    [SkippableFact]
    public void A_device_is_written_and_not_replaced()
    {
        Skip.If(OperatingSystem.IsWindows(), "Devices are no files on Windows.");
        AtomicFile.Write("/dev/null", (FileStream file) => file.Write("lost"u8));
        Assert.Empty(Directory.GetFiles("/dev", ".null*"));
        Assert.True(FilePath.IsPipeOrDevice("/dev/null"));
        string file = _folder.Write("file", "content");
        Assert.Throws<IOException>(() => AtomicFile.Replace(file, "/dev/null"));
        Assert.Equal(0, new FileInfo("/dev/null").Length);
    }

    [SkippableFact]
    public async Task A_pipe_is_written_and_not_replaced()
    {
        Skip.If(OperatingSystem.IsWindows(), "mkfifo is a command of Unix.");
        string pipe = _folder.PathOf("pipe");
        using (var made = System.Diagnostics.Process.Start("mkfifo", [pipe])) await made.WaitForExitAsync();
        Assert.True(FilePath.IsPipeOrDevice(pipe));
        Task<string> reading = Task.Run(() => File.ReadAllText(pipe));
        AtomicFile.Write(pipe, (FileStream file) => file.Write("through"u8));
        Assert.Equal("through", await reading);
        Assert.True(FilePath.IsPipeOrDevice(pipe));
    }
}
