using System.Globalization;

namespace HslEmbeddingZero.DeviceBenchmarks;

/// <summary>
/// Measures on a device, in one plain process:
/// <code>
/// step  [body=quick|paper] [batch=12] [steps=20] [precision=float32] [device=cpu|cuda] [memory=freed|kept]     times of a training step
/// doors [device=cpu|cuda] [mebibytes=64] [precision=float32,bfloat16] [k=8,16] [rounds=9] [memory=freed|kept]   bandwidth of the zero door
/// soak  [steps] [memory=freed|kept]                                                                           memory over many steps
/// </code>
/// batch, precision, mebibytes and k take several values, separated by commas.
/// </summary>
internal static class DeviceProgram
{
    public static readonly string[] Commands = ["step", "doors", "soak"];

    public static int Main(string[] args)
    {
        try
        {
            switch (args)
            {
                case ["step", .. string[] rest]:
                    StepTime.Run(rest);
                    return 0;
                case ["doors", .. string[] rest]:
                    DoorBandwidth.Run(rest);
                    return 0;
                case ["soak", .. string[] rest]:
                    int steps = rest is [string first, ..] ? int.Parse(first, CultureInfo.InvariantCulture) : 2000;
                    Soak.Run(steps, rest is [_, "memory=kept"] ? "kept" : "freed");
                    return 0;
                default:
                    Console.Error.WriteLine($"Name one of {string.Join(", ", Commands)}; got '{string.Join(' ', args)}'.");
                    return 2;
            }
        }
        catch (Exception error) when (error is ArgumentException or FormatException or IOException or TorchRuntimeException)
        {
            Console.Error.WriteLine($"error: {error.Message}");
            return 1;
        }
    }
}
