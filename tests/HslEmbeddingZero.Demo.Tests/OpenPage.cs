using System.Globalization;
using System.Text.RegularExpressions;
using Microsoft.Playwright;

namespace HslEmbeddingZero.Demo.Tests;

/// <summary>
/// The page in a browser. Any console message, and any request to another host, fails the test that opened the page.
/// </summary>
internal sealed class OpenPage : IAsyncDisposable
{
    private readonly IBrowserContext _context;
    private readonly List<string> _complaints = [];

    private OpenPage(IBrowserContext context, IPage page)
    {
        _context = context;
        Page = page;
    }

    public IPage Page { get; }

    public IReadOnlyList<string> Complaints => _complaints;

    public static Task<OpenPage> OpenAsync(
        IBrowser browser, RunningDemo demo, ColorScheme scheme = ColorScheme.Light, int width = 1280, int height = 900,
        ReducedMotion motion = ReducedMotion.Reduce) => OpenAsync(browser, demo.Address, scheme, width, height, motion);

    public static async Task<OpenPage> OpenAsync(
        IBrowser browser, Uri address, ColorScheme scheme = ColorScheme.Light, int width = 1280, int height = 900,
        ReducedMotion motion = ReducedMotion.Reduce)
    {
        IBrowserContext context = await browser.NewContextAsync(new BrowserNewContextOptions
        {
            ColorScheme = scheme,
            ReducedMotion = motion,
            ViewportSize = new ViewportSize { Width = width, Height = height },
        });
        OpenPage open = new(context, await context.NewPageAsync());
        open.Page.Console += (_, message) => open._complaints.Add($"{message.Type}: {message.Text}");
        open.Page.PageError += (_, error) => open._complaints.Add(error);
        open.Page.Request += (_, request) =>
        {
            if (!request.Url.StartsWith(address.AbsoluteUri, StringComparison.Ordinal))
                open._complaints.Add($"asked for {request.Url}");
        };
        await open.Page.GotoAsync(address.AbsoluteUri);
        await open.ExpectFiguresAsync();
        return open;
    }

    /// <summary>Waits until the page shows the features of its first input.</summary>
    public async Task ExpectFiguresAsync()
    {
        await Assertions.Expect(Page.Locator("html[data-ready]")).ToHaveCountAsync(1);
        await Assertions.Expect(this["source-facts"]).ToContainTextAsync("byte");
    }

    public ILocator this[string id] => Page.Locator($"#{id}");

    /// <summary>The content of a canvas, for comparison.</summary>
    public Task<string> PictureAsync(string canvas) => this[canvas].EvaluateAsync<string>("canvas => canvas.toDataURL()");

    /// <summary>Waits until the content of a canvas changes.</summary>
    public async Task ExpectOtherPictureAsync(string canvas, string before)
    {
        for (int i = 0; i < 100; i++, await Page.WaitForTimeoutAsync(50))
            if (await PictureAsync(canvas) != before) return;
        Assert.Fail($"#{canvas} still shows what it did.");
    }

    public Task ExpectTextAsync(string id, string pattern) =>
        Assertions.Expect(this[id]).ToHaveTextAsync(new Regex(pattern), new() { Timeout = 20_000 });

    public Task<int> NumberAsync(string expression) => Page.EvaluateAsync<int>(expression);

    public static string Invariant(float value) => Math.Round(value, 3).ToString("0.###", CultureInfo.InvariantCulture).Replace('-', '−');

    public async ValueTask DisposeAsync()
    {
        await _context.DisposeAsync();
        Assert.Empty(_complaints);
    }
}
