namespace HslEmbeddingZero.Samples.Tests.Common;

public sealed class WorkProgressTests : IDisposable
{
    private readonly StringWriter _shown = new();
    private readonly ManualTime _time = new();

    private string[] Lines => _shown.ToString().Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries);

    public void Dispose() => _shown.Dispose();

    [Fact]
    public void Quick_work_shows_nothing()
    {
        using (WorkProgress progress = new(_shown, null, "scoring", _time))
        {
            progress.Report(new(9, 10));
            _time.Pass(1.9);
        }

        _time.Pass(10);
        Assert.Empty(_shown.ToString());
    }

    [Fact]
    public void Redirected_work_shows_a_line_at_each_tenth()
    {
        using WorkProgress progress = new(_shown, null, "scoring", _time);
        for (int second = 1; second <= 40; second++)
        {
            progress.Report(new(second, 40, "text"));
            _time.Pass(1);
        }

        Assert.Equal("scoring text: 5%, 0:00:38 left", Lines[0]);
        Assert.Equal(11, Lines.Length);
        Assert.Equal("scoring text: 100%, 0:00:00 left", Lines[^1]);
    }

    [Fact]
    public void Work_that_stands_still_or_has_no_measure_shows_that_it_lives()
    {
        using WorkProgress progress = new(_shown, null, "reading", _time);
        _time.Pass(33);
        Assert.Equal(["reading: 0:00:02 so far", "reading: 0:00:12 so far", "reading: 0:00:22 so far", "reading: 0:00:32 so far"], Lines);
    }

    [Fact]
    public void A_terminal_has_one_line_that_is_cleared_at_the_end()
    {
        using (WorkProgress progress = new(_shown, 20, "scoring", _time))
        {
            progress.Report(new(1, 4, "a source with a long name"));
            _time.Pass(4);
        }

        string shown = _shown.ToString();
        Assert.DoesNotContain('\n', shown);
        Assert.Contains("\r\e[2Kscoring a source wi\r", shown, StringComparison.Ordinal); // cut to the width
        Assert.EndsWith("\r\e[2K", shown, StringComparison.Ordinal);
    }
}
