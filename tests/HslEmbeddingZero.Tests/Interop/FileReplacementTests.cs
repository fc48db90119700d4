namespace HslEmbeddingZero.Tests.Interop;

public sealed class FileReplacementTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void AFileTakesThePlaceOfAnother()
    {
        File.WriteAllText(_folder.File("new"), "new");
        File.WriteAllText(_folder.File("old"), "old");
        FileReplacement.Move(_folder.File("new"), _folder.File("old"));
        Assert.Equal([_folder.File("old")], Directory.GetFiles(_folder.Path));
        Assert.Equal("new", File.ReadAllText(_folder.File("old")));
    }

    /// <summary>On Windows the rename waits for the reader.</summary>
    [Fact]
    public async Task AFileThatIsBeingReadIsReplaced()
    {
        File.WriteAllText(_folder.File("new"), "new");
        File.WriteAllText(_folder.File("old"), "old");
        Task reading;
        using (FileStream reader = File.OpenRead(_folder.File("old")))
        {
            reading = Task.Run(() => FileReplacement.Move(_folder.File("new"), _folder.File("old")));
            await Task.Delay(TimeSpan.FromMilliseconds(50));
            Assert.Equal('o', reader.ReadByte());
        }

        await reading;
        Assert.Equal("new", File.ReadAllText(_folder.File("old")));
    }

    /// <summary>A folder never gives way to a file, so nobody waits for that.</summary>
    [Fact]
    public void AFolderIsNotReplaced()
    {
        File.WriteAllText(_folder.File("new"), "new");
        Directory.CreateDirectory(_folder.File("taken"));
        Assert.ThrowsAny<Exception>(() => FileReplacement.Move(_folder.File("new"), _folder.File("taken")));
        Assert.True(Directory.Exists(_folder.File("taken")));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void WhatAnotherProcessHoldsIsTriedAgain(bool isTarget)
    {
        Exception error = Held(isTarget);
        int tries = 0;
        FileReplacement.Repeat(
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
    public void WhatIsHeldForGoodIsToldInTheEnd(bool isTarget)
    {
        Exception error = Held(isTarget);
        int tries = 0;
        Assert.Same(error, Record.Exception(() => FileReplacement.Repeat(
            () =>
            {
                tries++;
                throw error;
            },
            TimeSpan.Zero)));
        Assert.Equal(FileReplacement.Tries, tries);
    }

    [Fact]
    public void OtherErrorsAreToldAtOnce()
    {
        int tries = 0;
        Assert.Throws<DirectoryNotFoundException>(() => FileReplacement.Repeat(
            () =>
            {
                tries++;
                throw new DirectoryNotFoundException();
            },
            TimeSpan.Zero));
        Assert.Equal(1, tries);
    }

    /// <summary>What Windows says when the file to be replaced is open, and when the new one is.</summary>
    private static Exception Held(bool isTarget) =>
        isTarget ? new UnauthorizedAccessException() : new IOException("in use", unchecked((int)0x80070020));
}
