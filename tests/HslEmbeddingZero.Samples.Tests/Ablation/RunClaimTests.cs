namespace HslEmbeddingZero.Samples.Tests.Ablation;

public sealed class RunClaimTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_claim_excludes_all_others_until_it_is_given_back()
    {
        string path = _folder.PathOf("run.claim");
        using (RunClaim? first = RunClaim.TryTake(path))
        {
            Assert.NotNull(first);
            Assert.Null(RunClaim.TryTake(path));
        }

        using RunClaim? again = RunClaim.TryTake(path);
        Assert.NotNull(again);
    }

    /// <summary>Nobody gives back what cannot be taken: a study would wait for ever.</summary>
    [Fact]
    public void A_claim_that_cannot_be_made_is_no_claim_of_another()
    {
        Assert.ThrowsAny<IOException>(() => RunClaim.TryTake(_folder.PathOf(new string('x', 300))));
        Assert.ThrowsAny<IOException>(() => RunClaim.TryTake(_folder.PathOf("none/run.claim")));
    }
}
