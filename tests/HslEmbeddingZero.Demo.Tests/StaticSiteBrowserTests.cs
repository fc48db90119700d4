using System.Globalization;
using HslEmbeddingZero.Samples.Demo;
using HslEmbeddingZero.Tests;
using Microsoft.Playwright;

namespace HslEmbeddingZero.Demo.Tests;

/// <summary>The static site in a real browser, from a plain file server.</summary>
public class StaticSiteBrowserTests(Browser browser) : IClassFixture<Browser>
{
    private const string Prompt = "And he said";

    /// <summary>One test for one start of the runtime, which takes seconds.</summary>
    [SkippableFact]
    public async Task The_page_computes_what_the_library_computes_and_needs_no_server_after_the_first_visit()
    {
        IBrowser chromium = browser.Chromium;
        using TemporaryFolder folder = new();
        string weights = DemoModel.Find(null)!;
        var model = DemoModel.Load(weights);
        StaticSite.Write(new DirectoryInfo(folder.PathOf("site")), (weights, model.Description), CancellationToken.None);
        await using StaticHost host = await StaticHost.StartAsync(folder.PathOf("site"));
        await using OpenPage open = await OpenPage.OpenAsync(chromium, host.Address);

        await ExpectFeaturesAsync(open, "Wave: 파동!"u8.ToArray());
        Assert.Equal("Content-Security-Policy", await open.Page.EvaluateAsync<string>("document.head.firstElementChild.httpEquiv"));

        await Assertions.Expect(open["generate"]).ToBeEnabledAsync();
        await ExpectBytesAsync(open, model, new GenerationOptions { Temperature = 0 });
        await ExpectBytesAsync(open, model, new GenerationOptions { Temperature = 0.9, TopK = 40, TopP = 0.95, Seed = 3 });

        await open["length"].FillAsync("448");
        await open["generate"].ClickAsync();
        await open.ExpectTextAsync("generation-status", "^\\d+ bytes, \\d+ a second$");
        await open["cancel"].ClickAsync();
        await open.ExpectTextAsync("generation-status", "^Cancelled after \\d+ bytes\\.$");
        await ExpectBytesAsync(open, model, new GenerationOptions { Temperature = 0 });

        await open.Page.EvaluateAsync("() => navigator.serviceWorker.ready.then(() => {})");
        Assert.Empty(host.Missing);
        await host.StopAsync();
        await open.Page.ReloadAsync();
        await open.ExpectFiguresAsync();
        await ExpectFeaturesAsync(open, "offline"u8.ToArray());
        await Assertions.Expect(open["generate"]).ToBeEnabledAsync();
        await ExpectBytesAsync(open, model, new GenerationOptions { Temperature = 0 });
    }

    private static async Task ExpectFeaturesAsync(OpenPage open, byte[] input)
    {
        await open["text"].FillAsync(System.Text.Encoding.UTF8.GetString(input));
        await open.ExpectTextAsync("source-facts", $"^{input.Length} bytes");
        float[] expected = HslFeatures.Encode(input);
        await open["map"].FocusAsync();
        await open.Page.Keyboard.PressAsync("Home");
        for (int byteAt = 0; byteAt < 4; byteAt++)
        {
            string value = OpenPage.Invariant(expected[byteAt * HslFeatures.Dimension]);
            await open.ExpectTextAsync("map-readout", $"^Byte {byteAt}, .*: {HslFeatures.Names()[0]} = {value},");
            await open.Page.Keyboard.PressAsync("ArrowRight");
        }
    }

    /// <summary>Generates so many bytes that the page shows the hexadecimal digits of all, with those of the prompt.</summary>
    private static async Task ExpectBytesAsync(OpenPage open, DemoModel model, GenerationOptions options)
    {
        byte[] prompt = System.Text.Encoding.UTF8.GetBytes(Prompt);
        int count = 32 - prompt.Length;
        using IByteGenerator generator = ((IByteModel)model.Decoder).CreateTextGenerator(prompt);
        byte[] expected = [.. prompt, .. generator.Generate(count, options)];

        (string Id, double Value)[] fields =
        [
            ("length", count), ("temperature", options.Temperature), ("top-k", options.TopK), ("top-p", options.TopP),
            ("seed", options.Seed),
        ];
        await open["prompt"].FillAsync(Prompt);
        foreach ((string id, double value) in fields) await open[id].FillAsync(value.ToString(CultureInfo.InvariantCulture));
        await open["generate"].ClickAsync();
        await open.ExpectTextAsync("generation-status", $"^{count} bytes, \\d+ a second: ");
        await open["show-above"].ClickAsync();
        await open.ExpectTextAsync("file-hex", $"^{string.Join(' ', expected.Select(value => $"{value:X2}"))}$");
        await open["file-close"].ClickAsync();
    }
}
