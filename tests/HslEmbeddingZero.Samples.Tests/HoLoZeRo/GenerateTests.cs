using System.Buffers.Binary;
using System.Text;
using System.Text.RegularExpressions;
using HslEmbeddingZero.Tests;
using HslEmbeddingZero.Training;

namespace HslEmbeddingZero.Samples.Tests.HoLoZeRo;

public sealed class GenerateTests(TrainedModel trained) : IClassFixture<TrainedModel>, IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void The_same_seed_gives_the_same_text_and_another_one_another()
    {
        string first = Generate("--prompt", "안녕 hello", "--bytes", "40", "--seed", "5");
        Assert.StartsWith("안녕 hello", first, StringComparison.Ordinal);
        Assert.Contains("\\x", first, StringComparison.Ordinal); // barely trained, so some bytes are not text
        Assert.Equal(first, Generate("--prompt", "안녕 hello", "--bytes", "40", "--seed", "5"));
        Assert.NotEqual(first, Generate("--prompt", "안녕 hello", "--bytes", "40", "--seed", "6"));
        Assert.StartsWith(first.TrimEnd('\n')[..15], Generate("--prompt", "안녕 hello", "--bytes", "400", "--seed", "5"),
            StringComparison.Ordinal);
    }

    [Fact]
    public void The_likeliest_bytes_do_not_depend_on_the_seed() => Assert.Equal(
        Generate("--prompt", "a", "--bytes", "20", "--temperature", "0", "--seed", "1"),
        Generate("--prompt", "a", "--bytes", "20", "--top-k", "1", "--seed", "2"));

    [Fact]
    public void No_bytes_are_only_the_prompt() => Assert.Equal("abc\n", Generate("--prompt", "abc", "--bytes", "0"));

    /// <summary>The same bytes, however they come.</summary>
    [SkippableFact]
    public void A_prompt_comes_from_the_command_line_a_pipe_or_a_file()
    {
        string expected = Generate("--prompt", "And he 한 ", "--bytes", "30");
        Assert.StartsWith("And he 한 ", expected, StringComparison.Ordinal);
        foreach (string command in (string[])[
            "printf 'And he \\355\\225\\234 ' | {0} {1}",
            "printf 'And he \\355\\225\\234 ' | {0} {1} --prompt -",
            "printf 'And he \\355\\225\\234 ' | {0} {1} --prompt-file -",
            "printf 'And he \\355\\225\\234 ' > p; {0} {1} < p",
            "printf 'And he \\355\\225\\234 ' > p; {0} {1} --prompt-file p",
            "{0} {1} --prompt-file <(printf 'And he \\355\\225\\234 ')",
            "(printf 'And he '; sleep 4; printf '\\355\\225\\234 ') | {0} {1}", // it began in time
            "echo other | {0} {1} --prompt 'And he 한 '"]) // the option goes before the pipe
        {
            string output = Encoding.UTF8.GetString(InShell(command.Replace("{1}", "generate --bytes 30", StringComparison.Ordinal)));
            Assert.True(expected == output, $"{command} gives {output}");
        }
    }

    /// <summary>NUL, bytes that are no UTF-8, a byte order mark, both ends of line, and no trimming.</summary>
    [SkippableTheory]
    [InlineData("a\\000b")]
    [InlineData("\\377\\376\\000\\200")]
    [InlineData("\\357\\273\\277text")]
    [InlineData("  text\\r\\n\\n")]
    [InlineData("")]
    public void A_prompt_of_any_bytes_is_taken_as_it_is_and_raw_output_is_what_the_model_drew(string octal)
    {
        byte[] prompt = InShell($"printf '{octal}'");
        byte[] raw = InShell($"printf '{octal}' | {{0}} generate --raw --bytes 50 --temperature 20 --seed 3");
        var model = ByteDecoder.Load(trained.Weights);
        GenerationOptions options = new() { Temperature = 20, TopP = 0.95, Seed = 3 };
        Assert.Equal(model.Generate(prompt, 50, options), raw);
        Assert.Contains(raw, value => value >= 0x80);
    }

    [SkippableTheory]
    [InlineData("decoder", false)]
    [InlineData("torch", true)]
    public void Libtorch_is_loaded_by_its_own_engine_only(string engine, bool expected)
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "The libraries of a process are listed in /proc.");
        // At this temperature, a whole line comes soon. The generation then goes on until the process is killed.
        using SampleProcess process = new(TrainedModel.Assembly, "generate", "--weights", Endless(), "--device", "cpu", "--engine", engine,
            "--raw", "--temperature", "20", "--bytes", "1000000");
        process.WaitUntil(() => process.Output.Length > 0);
        string libraries = File.ReadAllText($"/proc/{process.Id}/maps");
        process.Kill();
        Assert.Contains("libcoreclr", libraries, StringComparison.Ordinal);
        Assert.Equal(expected, libraries.Contains("libtorch", StringComparison.OrdinalIgnoreCase));
    }

    [SkippableTheory]
    [InlineData("--engine decoder --device cuda", "--engine decoder cannot be combined with --device cuda")]
    [InlineData("--engine torch --precision int8", "--precision is for the decoder")]
    [InlineData("--device cuda --precision int8", "--precision is for the decoder")]
    [InlineData("--engine onnx", "--engine must be decoder or torch; got 'onnx'")]
    [InlineData("--precision int4", "--precision must be stored, float32, bfloat16 or int8; got 'int4'")]
    [InlineData("--device cuda", "--device cuda: no CUDA device")] // libtorch says so
    public void An_engine_refuses_what_it_cannot_do(string options, string expected)
    {
        Skip.If(options == "--device cuda" && TorchSharp.torch.cuda_is_available(), "This machine has a CUDA device.");
        (int exitCode, _, string error) = SampleProcess.Run(TrainedModel.Assembly, ["generate", "--bytes", "1", .. options.Split(' ')]);
        Assert.Equal(1, exitCode);
        Assert.Contains(expected, Assert.Single(error.TrimEnd().Split('\n')), StringComparison.Ordinal);
    }

    /// <summary>The shipped model knows what follows a whole line, and what follows a part of one.</summary>
    [SkippableFact]
    public void A_newline_at_the_end_of_a_prompt_is_kept()
    {
        SampleProcess.SkipWithoutShell();
        byte[] part = Continue("And he said"), line = Continue("And he said\\n");
        Assert.Equal((20, 20), (part.Length, line.Length));
        Assert.NotEqual(part, line);

        byte[] Continue(string prompt) => SampleProcess.RunInShell(
            _folder.FullName, TrainedModel.Assembly,
            $"printf '{prompt}' | {{0}} generate --device cpu --raw --bytes 20 --temperature 0").Output;
    }

    /// <summary>As in a build or a service. The note says that nothing came, and what waits for it.</summary>
    [SkippableFact]
    public void An_input_that_says_nothing_does_not_stop_the_program()
    {
        SampleProcess.SkipWithoutShell();
        (int exitCode, byte[] output, string error) = SampleProcess.RunInShell(_folder.FullName, TrainedModel.Assembly,
            $"mkfifo p; exec 3<>p; {{0}} generate --weights '{trained.Weights}' --device cpu --raw --bytes 20 <&3");
        Assert.True(exitCode == 0, error);
        Assert.Equal(InShell("{0} generate --raw --bytes 20 </dev/null"), output);
        Assert.Contains("Nothing came on standard input for 3 seconds, so a new document begins. --prompt - waits for it.", error,
            StringComparison.Ordinal);
    }

    [SkippableTheory]
    [InlineData("--prompt-file missing", "missing")]
    [InlineData("--prompt-file .", "this is a folder")]
    [InlineData("--prompt-file large", "more than 16777216 bytes")]
    [InlineData("--prompt - < large", "more than 16777216 bytes")]
    [InlineData("--window 0 --out w < large --prompt -", "--window cannot be combined with --prompt")]
    [InlineData("--weights .", "this is a folder")]
    [InlineData("--weights /dev/stdin", "a pipe")]
    [InlineData("--weights <(sleep 1)", "a pipe")]
    [InlineData("--weights pipe", "a pipe")]
    [InlineData("--weights empty", "0 bytes long")]
    public void A_prompt_or_weights_that_cannot_be_read_are_one_line(string arguments, string expected)
    {
        SampleProcess.SkipWithoutShell();
        (int exitCode, byte[] output, string error) = SampleProcess.RunInShell(_folder.FullName, TrainedModel.Assembly,
            "truncate -s 17M large; mkfifo pipe; : > empty; "
                + $"{{ echo x || :; }} 2>/dev/null | {{0}} generate --device cpu --bytes 1 {arguments}"); // the shell may lose its reader
        Assert.Equal(1, exitCode);
        Assert.Empty(output);
        Assert.Contains(expected, Assert.Single(error.Split('\n', StringSplitOptions.RemoveEmptyEntries)), StringComparison.Ordinal);
    }

    /// <summary>A million bytes would take hours.</summary>
    [SkippableTheory]
    [InlineData("")]
    [InlineData("--raw")]
    public void A_reader_that_has_enough_ends_the_generation(string option)
    {
        SampleProcess.SkipWithoutShell();
        (int exitCode, byte[] output, string error) = SampleProcess.RunInShell(_folder.FullName, TrainedModel.Assembly,
            $"set -o pipefail; {{0}} generate --weights '{Endless()}' --device cpu --prompt abcd --bytes 1000000 {option} | head -c 4");
        Assert.True(exitCode == 0, error);
        Assert.Equal(4, output.Length);
        Assert.DoesNotContain("error", error, StringComparison.Ordinal);
    }

    [SkippableFact]
    public void A_full_disk_behind_the_output_is_an_error()
    {
        SampleProcess.SkipWithoutShell();
        Skip.IfNot(File.Exists("/dev/full"), "This system has no /dev/full.");
        (int exitCode, _, string error) = SampleProcess.RunInShell(_folder.FullName, TrainedModel.Assembly,
            $"{{0}} generate --weights '{trained.Weights}' --device cpu --prompt x > /dev/full");
        Assert.Equal(1, exitCode);
        Assert.StartsWith("error: standard output could not be written: ", error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_stop_text_ends_the_generation_and_an_empty_one_is_refused()
    {
        string[] whole = ["--prompt", "abc", "--bytes", "60", "--temperature", "20"]; // a temperature at which all bytes occur
        string text = Generate(whole).TrimEnd('\n');
        string letters = Regex.Replace(text, @"\\x[0-9A-F]{2}", "\0\0\0\0"); // \x codes do not count as letters
        char stop = letters.Skip(4).First(letter => letter is > ' ' and < (char)127);
        string expected = text[..letters.IndexOf(stop, 3)];
        Assert.Equal(expected + "\n", Generate([.. whole, "--stop", $"{stop}"]));
        (int exitCode, _, string error) = SampleProcess.Run(TrainedModel.Assembly, "generate", "--weights", trained.Weights, "--stop", "");
        Assert.NotEqual(0, exitCode);
        Assert.Contains("--stop", error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_repetition_penalty_gives_other_bytes_and_one_below_1_is_refused()
    {
        string[] greedy = ["--prompt", "abc", "--bytes", "60", "--temperature", "0"];
        Assert.NotEqual(Generate(greedy), Generate([.. greedy, "--repetition-penalty", "100"]));
        (int exitCode, _, string error) = SampleProcess.Run(TrainedModel.Assembly, "generate", "--weights", trained.Weights,
            "--repetition-penalty", "0.5");
        Assert.NotEqual(0, exitCode);
        Assert.Contains("--repetition-penalty", error, StringComparison.Ordinal);
    }

    /// <summary>More than one part of a long text (448 bytes), without a prompt, by a model that never ends a document.</summary>
    [Fact]
    public void Long_texts_go_on()
    {
        (int exitCode, string output, string error) = SampleProcess.Run(
            TrainedModel.Assembly, "generate", "--weights", Endless(), "--device", "cpu", "--bytes", "470");
        Assert.True(exitCode == 0, error);
        Assert.DoesNotContain("The document ended", error, StringComparison.Ordinal); // said where fewer bytes came
        Assert.Equal(470 + 1, Encoding.UTF8.GetByteCount(Regex.Replace(output, @"\\x[0-9A-F]{2}", "x"))); // and the end of the last line
    }

    [Fact]
    public void A_window_gives_the_next_one_as_picture_sound_and_caption()
    {
        string[] names = ["audio.wav", "frame.png", "window.bin"];
        Window("first", "0");
        Assert.Equal(names, Directory.GetFiles(_folder.PathOf("first")).Select(Path.GetFileName).Order());
        byte[] window = File.ReadAllBytes(PathOf("first", "window.bin"));
        Assert.Equal(WindowRecord.Size, window.Length);

        byte[] wave = File.ReadAllBytes(PathOf("first", "audio.wav"));
        Assert.Equal("RIFF", Encoding.ASCII.GetString(wave, 0, 4));
        Assert.Equal("WAVEfmt ", Encoding.ASCII.GetString(wave, 8, 8));
        const int sound = 2 * WindowRecord.AudioSize; // bytes of 16-bit samples
        Assert.Equal((44 + sound, 44 + sound - 8, sound), (wave.Length, Number(wave, 4), Number(wave, 40)));
        Assert.Equal((8000, 16000), (Number(wave, 24), Number(wave, 28)));
        for (int i = 0; i < WindowRecord.AudioSize; i++)
        {
            short expected = (short)Math.Round(MuLaw.Decode(window[WindowRecord.AudioOffset + i]) * short.MaxValue);
            Assert.Equal(expected, BinaryPrimitives.ReadInt16LittleEndian(wave.AsSpan(44 + 2 * i)));
        }

        using (var picture = SkiaSharp.SKBitmap.Decode(PathOf("first", "frame.png")))
        {
            Assert.Equal((256, 256), (picture.Width, picture.Height));
            for (int y = 0; y < 256; y++)
            {
                for (int x = 0; x < 256; x++) Assert.Equal(window[y / 16 * 16 + x / 16], picture.GetPixel(x, y).Red);
            }
        }

        // The previous window, given as a file, gives the same result.
        byte[] corpus = File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "data", "windows.bin"));
        Window("second", _folder.Write("prompt.bin", corpus[..WindowRecord.Size]));
        foreach (string name in names) Assert.Equal(File.ReadAllBytes(PathOf("first", name)), File.ReadAllBytes(PathOf("second", name)));
        (int exitCode, _, string error) = SampleProcess.Run(TrainedModel.Assembly, "generate", "--weights", trained.Weights, "--window",
            _folder.Write("short.bin", corpus[..(WindowRecord.Size - 1)]));
        Assert.Equal(1, exitCode);
        Assert.Contains($"{WindowRecord.Size - 1} bytes", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("torch", "0.000000.")]
    [InlineData("decoder", "0.00000")]
    public void Evaluate_gives_the_scores_of_the_file(string engine, string difference)
    {
        (int exitCode, string output, string error) = SampleProcess.Run(
            TrainedModel.Assembly, "evaluate", "--weights", trained.Weights, "--device", "cpu", "--engine", engine);
        Assert.True(exitCode == 0, error);
        Assert.Contains($"Same held-out samples; the largest difference is {difference}", output, StringComparison.Ordinal);
        Assert.Contains("text.ko.txt", output, StringComparison.Ordinal);
    }

    /// <summary>
    /// A window for captions: the model has learned its caption from its picture and sound, and never what comes after it. In the layout of
    /// video, six of six captions were noise.
    /// </summary>
    [Theory]
    [InlineData("0")]
    [InlineData("0.8")]
    public void A_window_for_captions_gets_a_readable_caption_of_its_picture_and_sound(string temperature)
    {
        byte[] corpus = File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "data", "windows.bin"));
        int readable = 0;
        int[] windows = [1687, 1702, 3600, 3974, 4460, 4490]; // held out: three films of English and one of Korean
        foreach (int window in windows)
        {
            string folder = _folder.PathOf($"{window}");
            (int exitCode, string output, string error) = SampleProcess.Run(
                TrainedModel.Assembly, "generate", "--device", "cpu", "--window", $"{window}", "--temperature", temperature, "--out",
                folder);
            Assert.True(exitCode == 0, error);
            Assert.Contains("caption of the same picture and sound: '", output, StringComparison.Ordinal);
            byte[] generated = File.ReadAllBytes(Path.Combine(folder, "window.bin"));
            Assert.Equal(
                corpus.AsSpan(window * WindowRecord.Size, WindowRecord.CaptionOffset), generated.AsSpan(0, WindowRecord.CaptionOffset));
            Assert.Equal(WindowRecord.RecordEnd, generated[^1]);
            if (System.Text.Unicode.Utf8.IsValid(WindowRecord.Caption(generated).TrimEnd((byte)' '))) readable++;
        }

        Assert.InRange(readable, windows.Length - 1, windows.Length); // 59 of 60 in the measurement
    }

    /// <summary>Weights and other metadata stay equal, byte for byte.</summary>
    [Fact]
    public void Scores_can_be_measured_anew()
    {
        string path = _folder.PathOf("stopped.safetensors");
        var metadata = Safetensors.ReadHeader(trained.Weights).Metadata.Where(entry => entry.Key is not ("format" or "door" or "body"))
            .ToDictionary();
        string scores = metadata["scores"];
        metadata["scores"] = scores.Replace("\"text\":", "\"text\":1", StringComparison.Ordinal);
        Assert.NotEqual(scores, metadata["scores"]);
        using (var model = ByteLanguageModel.Load(trained.Weights)) model.Save(path, TorchSharp.torch.ScalarType.BFloat16, metadata);
        Assert.Equal(0, SampleProcess.Run(TrainedModel.Assembly, "evaluate", "--weights", path, "--device", "cpu", "--update").ExitCode);
        Assert.Equal(File.ReadAllBytes(trained.Weights), File.ReadAllBytes(path));
    }

    [Fact]
    public void Weights_without_provenance_generate_but_are_not_scored()
    {
        string path = _folder.PathOf("bare.safetensors");
        using (var model = ByteLanguageModel.Load(trained.Weights)) model.Save(path);
        Assert.Equal(0, SampleProcess.Run(TrainedModel.Assembly, "generate", "--weights", path, "--bytes", "1").ExitCode);
        (int exitCode, _, string error) = SampleProcess.Run(TrainedModel.Assembly, "evaluate", "--weights", path);
        Assert.Equal(1, exitCode);
        Assert.Contains("'scores'", error, StringComparison.Ordinal);
    }

    private string PathOf(string folder, string name) => Path.Combine(_folder.PathOf(folder), name);

    private static int Number(byte[] file, int offset) => BinaryPrimitives.ReadInt32LittleEndian(file.AsSpan(offset));

    private void Window(string folder, string which)
    {
        (int exitCode, string output, string error) = SampleProcess.Run(
            TrainedModel.Assembly, "generate", "--weights", trained.Weights, "--device", "cpu", "--window", which, "--out",
            _folder.PathOf(folder));
        Assert.True(exitCode == 0, error);
        Assert.Contains("caption: '", output, StringComparison.Ordinal);
    }

    private string Generate(params string[] arguments)
    {
        (int exitCode, string output, string error) = SampleProcess.Run(TrainedModel.Assembly,
            ["generate", "--weights", trained.Weights, "--device", "cpu", .. arguments]);
        Assert.True(exitCode == 0, error);
        return output;
    }

    /// <summary>Writes the weights of a model that never ends a document.</summary>
    private string Endless() => TrainedModel.SaveEndless(trained.Weights, _folder.PathOf("endless.safetensors"));

    /// <summary>Runs a command in a shell. {0} in it is the sample, and its commands get the weights.</summary>
    private byte[] InShell(string command)
    {
        SampleProcess.SkipWithoutShell();
        (int exitCode, byte[] output, string error) = SampleProcess.RunInShell(_folder.FullName, TrainedModel.Assembly,
            command.Replace("generate ", $"generate --weights '{trained.Weights}' --device cpu ", StringComparison.Ordinal));
        Assert.True(exitCode == 0, error);
        return output;
    }
}
