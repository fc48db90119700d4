using Microsoft.Playwright;

namespace HslEmbeddingZero.Demo.Tests;

/// <summary>
/// The system's Chromium, started once for all tests of a class. Where there is none, a test that asks for it is skipped.
/// </summary>
public sealed class Browser : IAsyncLifetime
{
    private static readonly string[] Names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

    private IPlaywright? _playwright;
    private IBrowser? _chromium;

    public IBrowser Chromium
    {
        get
        {
            Skip.If(_chromium is null, "No chromium on the PATH: install Debian's package chromium to run the browser tests.");
            return _chromium;
        }
    }

    public async Task InitializeAsync()
    {
        if (Find() is not { } path) return;
        Assertions.SetDefaultExpectTimeout(20_000); // other test projects run at the same time
        _playwright = await Playwright.CreateAsync();
        _chromium = await _playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions
        {
            ExecutablePath = path,
            Args = ["--no-sandbox"], // Chromium does not start as root with its sandbox
        });
    }

    public async Task DisposeAsync()
    {
        if (_chromium is not null) await _chromium.DisposeAsync();
        _playwright?.Dispose();
    }

    private static string? Find() =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .SelectMany(folder => Names.Select(name => Path.Combine(folder, name)))
            .FirstOrDefault(File.Exists);
}
