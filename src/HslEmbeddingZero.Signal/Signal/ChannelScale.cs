namespace HslEmbeddingZero;

/// <summary>Mean and standard deviation of each of the 27 channels for independent uniform bytes, in closed form.</summary>
internal static class ChannelScale
{
    private const int Boundary = 16;
    private const int FourierReal0 = 17;
    private const int FourierReal4 = 21;
    private const int PhaseCosine = 25;

    public static double Mean(int channel) => channel switch
    {
        < Boundary => 0.5,
        Boundary => 0.75,
        FourierReal0 => 4.0,
        _ => 0.0,
    };

    public static double Deviation(int channel) => channel switch
    {
        < Boundary => 0.5,
        Boundary => Math.Sqrt(5.0 / 144.0),
        FourierReal0 or FourierReal4 => Math.Sqrt(2.0),
        < PhaseCosine => 1.0,
        _ => Math.Sqrt(0.5),
    };

    public static float Apply(ChannelScaling scaling, int channel, float value) =>
        scaling == ChannelScaling.None ? value : (float)((value - Mean(channel)) / Deviation(channel));
}
