using System.Text;
using System.Text.RegularExpressions;
using HslEmbeddingZero.Samples.Demo;
using Microsoft.Playwright;

namespace HslEmbeddingZero.Demo.Tests;

/// <summary>The page in a real browser.</summary>
public class BrowserTests(Browser browser) : IClassFixture<Browser>
{
    [SkippableFact]
    public async Task Typing_changes_the_map_the_slot_and_the_path()
    {
        IBrowser chromium = browser.Chromium;
        await using RunningDemo demo = await RunningDemo.StartAsync(withModel: false);
        await using OpenPage open = await OpenPage.OpenAsync(chromium, demo);
        string[] canvases = ["map-canvas", "slot-canvas", "cosmos-canvas"];
        await open["cosmos"].ScrollIntoViewIfNeededAsync();
        await open.Page.WaitForTimeoutAsync(300);
        string[] before = await Task.WhenAll(canvases.Select(open.PictureAsync));
        await open["text"].FillAsync("other bytes");
        await open.ExpectTextAsync("source-facts", "^11 bytes · 2 slots$");
        await open["cosmos"].ScrollIntoViewIfNeededAsync();
        foreach ((string canvas, string picture) in canvases.Zip(before)) await open.ExpectOtherPictureAsync(canvas, picture);

        await open["text"].FillAsync("");
        await open.ExpectTextAsync("source-facts", "^Empty input counts as one 0x00 byte: 1 slot$");
        await open["text"].FillAsync(new string('é', 3000));
        await open.ExpectTextAsync("source-facts", "^4,096 bytes · 512 slots$");
        await open.ExpectTextAsync("source-problem", "first 4,096 bytes");
    }

    [SkippableFact]
    public async Task The_map_tells_the_values_of_the_library_to_keyboard_and_pointer()
    {
        IBrowser chromium = browser.Chromium;
        await using RunningDemo demo = await RunningDemo.StartAsync(withModel: false);
        await using OpenPage open = await OpenPage.OpenAsync(chromium, demo);
        byte[] input = "Wave: 파동, signal!"u8.ToArray();
        await open["text"].FillAsync(Encoding.UTF8.GetString(input));
        await open.ExpectTextAsync("source-facts", $"^{input.Length} bytes");
        float[] expected = HslFeatures.Encode(input);

        await open["map"].FocusAsync();
        for (int byteAt = 0; byteAt < 12; byteAt++)
        {
            int channel = byteAt * 2;
            string value = OpenPage.Invariant(expected[byteAt * HslFeatures.Dimension + channel]);
            await open.ExpectTextAsync("map-readout", $"^Byte {byteAt}, .*: {HslFeatures.Names()[channel]} = {value},");
            foreach (string key in new[] { "ArrowRight", "ArrowDown", "ArrowDown" }) await open.Page.Keyboard.PressAsync(key);
        }

        await open.ExpectTextAsync("slot-number", "^slot 1 of 0–2$");
        await open.Page.Keyboard.PressAsync("End");
        await open.ExpectTextAsync("slot-number", "^slot 2 of 0–2$");

        await open["map-canvas"].HoverAsync(new() { Position = new Position { X = 30, Y = 30 } }); // the second byte's first channel
        string ofByte1 = OpenPage.Invariant(expected[HslFeatures.Dimension]);
        await open.ExpectTextAsync("map-readout", $"^Byte 1, ‘a’ 0x61 \\(97\\): dxor0 = {ofByte1},");
        await open.ExpectTextAsync("tip", "0x61");
    }

    [SkippableFact]
    public async Task The_slot_is_chosen_by_buttons_and_arrows_and_tells_its_columns()
    {
        IBrowser chromium = browser.Chromium;
        await using RunningDemo demo = await RunningDemo.StartAsync(withModel: false);
        await using OpenPage open = await OpenPage.OpenAsync(chromium, demo);
        await open["text"].FillAsync("Sixteen bytes ab");
        await open.ExpectTextAsync("slot-number", "^slot 0 of 0–1$");
        int filled = HslFeatures.Encode("Sixteen bytes ab"u8)[..(8 * HslFeatures.Dimension)].Count(value => value != 0);
        await open.ExpectTextAsync("slot-readout", $"^{filled} of 512 columns");
        string first = await open.PictureAsync("slot-canvas");
        await open["slot-on"].ClickAsync();
        await open.ExpectTextAsync("slot-number", "^slot 1 of 0–1$");
        await Assertions.Expect(open["slot-on"]).ToBeDisabledAsync();
        await open.ExpectOtherPictureAsync("slot-canvas", first);
        await open["slot"].FocusAsync();
        await open.Page.Keyboard.PressAsync("ArrowLeft");
        await open.ExpectTextAsync("slot-number", "^slot 0 of 0–1$");

        LocatorBoundingBoxResult box = (await open["slot-canvas"].BoundingBoxAsync())!;
        await open["slot-canvas"].HoverAsync(new() { Position = new Position { X = box.Width * 0.9f, Y = 40 } });
        await open.ExpectTextAsync("slot-readout", "always zero");
        await open["slot-canvas"].HoverAsync(new() { Position = new Position { X = box.Width * 30 / 512f, Y = 40 } });
        await open.ExpectTextAsync("slot-readout", @"27·1 \+ \d+: byte 1 of the slot");
    }

    [SkippableFact]
    public async Task The_cosmos_rotates_halts_and_is_turned_by_pointer_and_keys()
    {
        IBrowser chromium = browser.Chromium;
        await using RunningDemo demo = await RunningDemo.StartAsync(withModel: false);
        await using OpenPage open = await OpenPage.OpenAsync(chromium, demo, ColorScheme.Dark, motion: ReducedMotion.NoPreference);
        await open["cosmos"].ScrollIntoViewIfNeededAsync();
        await open.ExpectOtherPictureAsync("cosmos-canvas", await open.PictureAsync("cosmos-canvas"));

        await open["cosmos-pause"].ClickAsync();
        await Assertions.Expect(open["cosmos-pause"]).ToHaveTextAsync("Rotate");
        await open.Page.WaitForTimeoutAsync(200);
        string still = await open.PictureAsync("cosmos-canvas");
        await open.Page.WaitForTimeoutAsync(300);
        Assert.Equal(still, await open.PictureAsync("cosmos-canvas"));

        LocatorBoundingBoxResult box = (await open["cosmos-canvas"].BoundingBoxAsync())!;
        await open.Page.Mouse.MoveAsync(box.X + box.Width / 2, box.Y + box.Height / 2);
        await open.Page.Mouse.DownAsync();
        await open.Page.Mouse.MoveAsync(box.X + box.Width / 2 + 80, box.Y + box.Height / 2 + 20);
        await open.Page.Mouse.UpAsync();
        await open.ExpectOtherPictureAsync("cosmos-canvas", still);

        foreach (string key in new[] { "ArrowLeft", "ArrowUp", "+", "PageDown" })
        {
            string before = await open.PictureAsync("cosmos-canvas");
            await open["cosmos"].PressAsync(key);
            await open.ExpectOtherPictureAsync("cosmos-canvas", before);
        }

        string value = await open.PictureAsync("cosmos-canvas");
        await open.Page.Locator("input[value=all]").CheckAsync();
        await open.ExpectOtherPictureAsync("cosmos-canvas", value);
        await Assertions.Expect(open["cosmos-caption"]).ToContainTextAsync("27 columns");
    }

    [SkippableFact]
    public async Task The_cosmos_tells_a_byte_and_stands_still_where_motion_is_not_wanted()
    {
        IBrowser chromium = browser.Chromium;
        await using RunningDemo demo = await RunningDemo.StartAsync(withModel: false);
        await using OpenPage open = await OpenPage.OpenAsync(chromium, demo);
        await open["cosmos"].ScrollIntoViewIfNeededAsync();
        await open.Page.WaitForTimeoutAsync(300);
        string still = await open.PictureAsync("cosmos-canvas");
        await open.Page.WaitForTimeoutAsync(300);
        Assert.Equal(still, await open.PictureAsync("cosmos-canvas"));
        await Assertions.Expect(open["cosmos-pause"]).ToHaveTextAsync("Rotate");

        await open["cosmos"].FocusAsync();
        foreach (string key in new[] { "PageDown", "PageUp", "PageUp", "PageUp" }) await open.Page.Keyboard.PressAsync(key);
        string delta = string.Concat(HslFeatures.Encode([0xFD])[..8].Select(OpenPage.Invariant));
        await open.ExpectTextAsync("cosmos-readout", $"FD 0xFD · 253 · never in UTF-8.*Δ {delta}");
        await Assertions.Expect(open["variance"]).ToContainTextAsync($"{100 * Cosmos.Compute().Views[0].Components.Explained[0]:F1} %");
    }

    [SkippableFact]
    public async Task A_binary_file_is_dropped_or_picked_and_only_its_beginning_is_sent()
    {
        IBrowser chromium = browser.Chromium;
        await using RunningDemo demo = await RunningDemo.StartAsync(withModel: false);
        await using OpenPage open = await OpenPage.OpenAsync(chromium, demo);
        string before = await open.PictureAsync("map-canvas");
        await open.Page.EvaluateAsync(
            """
            () => {
              const data = new DataTransfer();
              data.items.add(new File([Uint8Array.from({ length: 100000 }, (_, i) => (i * 7) % 256)], 'noise.bin'));
              for (const type of ['dragover', 'drop']) document.body.dispatchEvent(new DragEvent(type, { dataTransfer: data, bubbles: true, cancelable: true }));
            }
            """);
        await open.ExpectTextAsync("file-name", "^noise.bin$");
        await open.ExpectTextAsync("file-note", "^the first 4,096 of 100,000 bytes$");
        await open.ExpectTextAsync("file-hex", "^00 07 0E 15");
        await open.ExpectTextAsync("source-facts", "^4,096 bytes · 512 slots$");
        await open.ExpectOtherPictureAsync("map-canvas", before);
        await Assertions.Expect(open["drop"]).ToBeHiddenAsync();

        // The far end is drawn when scrolled into view.
        string beginning = await open.PictureAsync("map-canvas");
        await open["map"].EvaluateAsync("map => { map.scrollLeft = map.scrollWidth; }");
        await open.ExpectOtherPictureAsync("map-canvas", beginning);

        await open["picker"].SetInputFilesAsync(
            new FilePayload { Name = "three.bin", MimeType = "application/octet-stream", Buffer = [0, 255, 128] });
        await open.ExpectTextAsync("source-facts", "^3 bytes · 1 slot$");
        await open["file-close"].ClickAsync();
        await open.ExpectTextAsync("source-facts", "^62 bytes");
        await Assertions.Expect(open["text"]).ToBeFocusedAsync();
    }

    [SkippableFact]
    public async Task A_question_shows_its_facts_and_what_they_saved_of_the_answer()
    {
        IBrowser chromium = browser.Chromium;
        using DemoKnowledge knowledge = DemoKnowledge.Find()!;
        await using RunningDemo demo = await RunningDemo.StartAsync(null, null, knowledge);
        await using OpenPage open = await OpenPage.OpenAsync(chromium, demo);
        ILocator answers = open["answers"].Locator(".line"), cards = open["cards"].Locator(".fact");
        string[] examples = [.. knowledge.Description.Examples];
        string Answer(string question, AskedFacts facts, string text = "") =>
            knowledge.Answer(new() { Question = question, Facts = facts, Text = text }, CancellationToken.None).Answer;

        await open["ask"].ClickAsync();
        string right = Answer(examples[0], AskedFacts.Right);
        await Assertions.Expect(answers).ToHaveTextAsync([right]);
        await open.ExpectTextAsync("answer-readout", @"^The answer costs \d+\.\d bits with its facts and \d+\.\d bits without\.$");
        Assert.InRange(await cards.CountAsync(), 1, 8);
        await Assertions.Expect(cards.First).ToContainTextAsync("score ");

        await answers.First.FocusAsync();
        await open.Page.Keyboard.PressAsync("ArrowRight");
        await open.ExpectTextAsync("answer-readout", $"^‘{right[0]}’: .* they (save|cost) ");
        await open.Page.Locator("input[value=swapped]").CheckAsync(); // asks the same question again
        await Assertions.Expect(answers).ToHaveTextAsync([Answer(examples[0], AskedFacts.Swapped), right]);
        await open.Page.Locator("input[value=none]").CheckAsync();
        await Assertions.Expect(answers).ToHaveCountAsync(3);
        await Assertions.Expect(cards).ToHaveCountAsync(0);

        await open.Page.Locator("input[value=right]").CheckAsync();
        await open["questions"].Locator("button").Nth(1).ClickAsync(); // Korean
        await Assertions.Expect(answers.First).ToHaveTextAsync(Answer(examples[1], AskedFacts.Right));

        await open.Page.Locator("input[value=text]").CheckAsync();
        await open["question"].FillAsync("Where was Zanira Quell born?");
        await open["own-picker"].SetInputFilesAsync(
            new FilePayload { Name = "mine.txt", MimeType = "text/plain", Buffer = "Zanira Quell was born in Hollowick."u8.ToArray() });
        await open.ExpectTextAsync("own-size", "^35 of 65,536 bytes");
        await open["question"].PressAsync("Enter");
        await Assertions.Expect(cards).ToHaveTextAsync([new Regex("^Zanira Quell was born in Hollowick\\.")]);
        await Assertions.Expect(answers.First).ToHaveTextAsync(
            Answer("Where was Zanira Quell born?", AskedFacts.Text, "Zanira Quell was born in Hollowick."));
        await open["own-picker"].SetInputFilesAsync(new FilePayload { Name = "song.bin", MimeType = "", Buffer = [0xFF, 0xFE] });
        await open.ExpectTextAsync("asking-problem", "^song.bin is not UTF-8 text.$");

        await open.Page.SetViewportSizeAsync(360, 740);
        Assert.Equal(360, await open.NumberAsync("document.documentElement.scrollWidth"));
    }

    [SkippableFact]
    public async Task Bytes_are_generated_with_what_else_could_have_come()
    {
        IBrowser chromium = browser.Chromium;
        await using RunningDemo demo = await RunningDemo.StartAsync();
        await using OpenPage open = await OpenPage.OpenAsync(chromium, demo);
        await open["prompt"].FillAsync("ab");
        await open["length"].FillAsync("60");
        await open["generate"].ClickAsync();
        await open.ExpectTextAsync("generation-status", "^60 bytes, \\d+ a second: as many as were asked for\\.$");
        Assert.Equal(12, await open.Page.Locator("#chances li").CountAsync());
        await open.ExpectTextAsync("chances-title", "^What would come next$");

        ILocator second = open.Page.Locator("#output [data-at='1'], #output [data-at='2'], #output [data-at='3']").First;
        await second.HoverAsync();
        await open.ExpectTextAsync("chances-title", "^Byte [123]: ");
        await open["show-above"].ClickAsync();
        await open.ExpectTextAsync("file-name", "^Prompt and continuation$");
        await open.ExpectTextAsync("source-facts", "^62 bytes");
    }

    [SkippableFact]
    public async Task A_generation_is_cancelled_and_so_is_the_work_behind_it()
    {
        IBrowser chromium = browser.Chromium;
        await using RunningDemo demo = await RunningDemo.StartAsync(new DemoLimits { GeneratedBytes = 1_000_000 });
        await using OpenPage open = await OpenPage.OpenAsync(chromium, demo);
        await open["length"].FillAsync("1000000");
        await open["generate"].ClickAsync();
        await open.ExpectTextAsync("generation-status", "^\\d{2,} bytes, \\d+ a second$");
        Assert.Equal(1, (await demo.DiagnoseAsync()).Generations);
        await open["cancel"].ClickAsync();
        await open.ExpectTextAsync("generation-status", "^Cancelled after \\d+ bytes\\.$");
        await demo.ComeToRestAsync();
        await Assertions.Expect(open["generate"]).ToBeEnabledAsync();
        await Assertions.Expect(open["cancel"]).ToBeDisabledAsync();

        // Closing the page also disconnects.
        await open["generate"].ClickAsync();
        await open.ExpectTextAsync("generation-status", "^\\d{2,} bytes, \\d+ a second$");
        await open.Page.CloseAsync();
        await demo.ComeToRestAsync();
    }

    [SkippableFact]
    public async Task A_busy_server_is_told_in_words_and_asked_again()
    {
        IBrowser chromium = browser.Chromium;
        await using RunningDemo demo = await RunningDemo.StartAsync(
            new DemoLimits { GeneratedBytes = 1_000_000, Generations = 1, WaitingGenerations = 0 });
        OpenPage open = await OpenPage.OpenAsync(chromium, demo);
        await open["length"].FillAsync("5");
        using (await demo.BeginAsync(1_000_000))
        {
            await open["generate"].ClickAsync();
            await open.ExpectTextAsync("generation-status", "^The server is busy");
        }

        // The other client has left. The page comes back by itself.
        await open.ExpectTextAsync("generation-status", "^5 bytes, ");
        await Assertions.Expect(open["generation-problem"]).ToBeHiddenAsync();

        // The browser itself reports the refused request, and nothing else.
        Assert.NotEmpty(open.Complaints);
        Assert.All(open.Complaints, complaint => Assert.Contains("429", complaint, StringComparison.Ordinal));
        await open.Page.CloseAsync();
    }

    [SkippableFact]
    public async Task Without_weights_the_page_says_so_and_the_rest_works()
    {
        IBrowser chromium = browser.Chromium;
        await using RunningDemo demo = await RunningDemo.StartAsync(withModel: false);
        await using OpenPage open = await OpenPage.OpenAsync(chromium, demo);
        await Assertions.Expect(open["generation-missing"]).ToBeVisibleAsync();
        await Assertions.Expect(open["generate"]).ToBeDisabledAsync();
        await Assertions.Expect(open["prompt"]).ToBeDisabledAsync();
        await open.ExpectTextAsync("map-readout", "^Byte 0, ‘N’");
    }

    [SkippableTheory]
    [InlineData(ColorScheme.Light)]
    [InlineData(ColorScheme.Dark)]
    public async Task It_fits_a_phone(ColorScheme scheme)
    {
        IBrowser chromium = browser.Chromium;
        await using RunningDemo demo = await RunningDemo.StartAsync();
        await using OpenPage open = await OpenPage.OpenAsync(chromium, demo, scheme, width: 360, height: 740);
        await open["length"].FillAsync("40");
        await open["generate"].ClickAsync();
        await open.ExpectTextAsync("generation-status", "^\\d+ bytes, ");
        await open["text"].FillAsync(new string('x', 500));
        await open.ExpectTextAsync("source-facts", "^500 bytes");
        Assert.Equal(360, await open.NumberAsync("document.documentElement.scrollWidth"));
        foreach (string id in new[] { "map", "slot", "cosmos", "output", "chances", "generate" })
        {
            LocatorBoundingBoxResult box = (await open[id].BoundingBoxAsync())!;
            Assert.True(box.X >= 0 && box.X + box.Width <= 360 && box.Width > 40, $"#{id} lies from {box.X} to {box.X + box.Width}");
        }
    }

    [SkippableTheory]
    [InlineData(ColorScheme.Light)]
    [InlineData(ColorScheme.Dark)]
    public async Task Text_can_be_read_and_the_theme_is_kept(ColorScheme scheme)
    {
        IBrowser chromium = browser.Chromium;
        await using RunningDemo demo = await RunningDemo.StartAsync();
        await using OpenPage open = await OpenPage.OpenAsync(chromium, demo, scheme);
        double[] contrasts = await open.Page.EvaluateAsync<double[]>(
            """
            async () => {
              const { rgb } = await import('/app/theme.js');
              const light = name => rgb(name).map(part => part / 255).map(part => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)
                .reduce((sum, part, i) => sum + part * [0.2126, 0.7152, 0.0722][i], 0);
              const pairs = [['ink', 'card'], ['ink', 'well'], ['muted', 'card'], ['muted', 'well'], ['muted', 'ground'], ['accent', 'card'], ['accent', 'ground'], ['alarm', 'card'], ['alarm', 'well'], ['on-accent', 'accent']];
              return pairs.map(([a, b]) => [light(a), light(b)].sort((x, y) => y - x)).map(([x, y]) => (x + 0.05) / (y + 0.05));
            }
            """);
        Assert.All(contrasts, contrast => Assert.True(contrast >= 4.5, $"a contrast of {contrast:F2}"));

        string before = await open.PictureAsync("map-canvas");
        string other = scheme == ColorScheme.Dark ? "Light" : "Dark";
        for (int i = 0; i < 3 && await open["theme"].InnerTextAsync() != other; i++) await open["theme"].ClickAsync();
        await open.ExpectOtherPictureAsync("map-canvas", before);
        await open.Page.ReloadAsync();
        await Assertions.Expect(open["theme"]).ToHaveTextAsync(other);
    }

    [SkippableFact]
    public async Task Everything_that_takes_focus_has_a_name_and_shows_the_focus()
    {
        IBrowser chromium = browser.Chromium;
        await using RunningDemo demo = await RunningDemo.StartAsync();
        await using OpenPage open = await OpenPage.OpenAsync(chromium, demo);
        HashSet<string> reached = [];
        for (int i = 0; i < 45; i++)
        {
            await open.Page.Keyboard.PressAsync("Tab");
            string[] focus = await open.Page.EvaluateAsync<string[]>(
                """
                () => {
                  const e = document.activeElement;
                  const name = e.getAttribute('aria-label') ?? [...(e.labels ?? [])].map(label => label.textContent).join(' ') + e.textContent;
                  const style = getComputedStyle(e);
                  return [e.id || e.name || e.textContent, name.trim(), style.outlineStyle + ' ' + parseFloat(style.outlineWidth)];
                }
                """);
            reached.Add(focus[0]);
            if (focus[0].Length == 0) continue;
            Assert.True(focus[1].Length > 0, $"#{focus[0]} has no name.");
            if (await open.Page.EvaluateAsync<bool>("document.activeElement !== document.body")) Assert.Equal("solid 2", focus[2]);
        }

        string[] needed = ["theme", "text", "pick", "map", "slot", "slot-on", "cosmos", "view", "cosmos-pause", "cosmos-path", "prompt",
            "temperature", "top-k", "seed", "length", "generate", "output"];
        Assert.Empty(needed.Except(reached));
    }

    [SkippableFact]
    public async Task Bytes_are_split_into_characters_and_invalid_bytes_as_dotnet_does()
    {
        IBrowser chromium = browser.Chromium;
        await using RunningDemo demo = await RunningDemo.StartAsync(withModel: false);
        await using OpenPage open = await OpenPage.OpenAsync(chromium, demo);
        Random random = new(8);
        byte[] interesting = [0x00, 0x41, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC2, 0xDF, 0xE0, 0xE1, 0xED, 0xEF, 0xF0, 0xF1,
            0xF4, 0xF5, 0xFF];
        byte[] input = [.. Enumerable.Range(0, 4000).Select(
            _ => random.Next(3) == 0 ? (byte)random.Next(256) : interesting[random.Next(interesting.Length)])];
        int[] units = await open.Page.EvaluateAsync<int[]>(
            """
            async bytes => {
              const { Utf8Units } = await import('/app/bytes.js');
              const split = new Utf8Units();
              const units = bytes.flatMap(value => split.push(value)).concat(split.end());
              return units.map(unit => unit.valid ? unit.bytes.length : -unit.bytes.length);
            }
            """, input.Select(value => (int)value).ToArray());

        List<int> expected = [];
        for (ReadOnlySpan<byte> rest = input; !rest.IsEmpty;)
        {
            bool valid = Rune.DecodeFromUtf8(rest, out _, out int length) == System.Buffers.OperationStatus.Done;
            if (valid) expected.Add(length);
            else expected.AddRange(Enumerable.Repeat(-1, length));
            rest = rest[length..];
        }

        Assert.Equal(expected, units);
    }
}
