// Continues a text with a model file, in one small executable: no libtorch, and no .NET if it is published with NativeAOT.
using System.Diagnostics;
using System.Globalization;
using System.Text;
using HslEmbeddingZero;

if (args.Length is < 2 or > 3 || (args.Length == 3 && !int.TryParse(args[2], NumberStyles.None, CultureInfo.InvariantCulture, out _)))
{
    Console.Error.WriteLine("Usage: NativeGenerate MODEL.safetensors TEXT [BYTES]");
    return 2;
}

try
{
    int count = args.Length == 3 ? int.Parse(args[2], CultureInfo.InvariantCulture) : 200;
    var decoder = ByteDecoder.Load(args[0]);
    using IByteGenerator generator = decoder.CreateTextGenerator(Encoding.UTF8.GetBytes(args[1]));
    using Stream output = Console.OpenStandardOutput();
    long start = 0;
    int written = 0;
    foreach (byte value in generator.Generate(count, new GenerationOptions { Temperature = 0 }))
    {
        output.WriteByte(value);
        output.Flush();
        if (written++ > 0) continue;
        start = Stopwatch.GetTimestamp();
        double first = (DateTime.Now - Process.GetCurrentProcess().StartTime).TotalMilliseconds;
        Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"first byte after {first:F0} ms"));
    }

    if (written > 1)
    {
        double rate = (written - 1) / Stopwatch.GetElapsedTime(start).TotalSeconds;
        Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"\n{rate:F0} bytes/s"));
    }

    return 0;
}
catch (Exception error) when (error is IOException or UnauthorizedAccessException or SafetensorsException)
{
    Console.Error.WriteLine($"error: {error.Message}");
    return 1;
}
