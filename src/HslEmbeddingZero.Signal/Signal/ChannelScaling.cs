namespace HslEmbeddingZero;

/// <summary>Fixed scaling of the 27 channels. It has no learned parameter, uses no data and loses no information.</summary>
public enum ChannelScaling
{
    /// <summary>The unscaled features, as in the published door.</summary>
    None,

    /// <summary>
    /// Subtracts the mean of each channel and divides by its standard deviation, both for independent uniform bytes and in closed form.
    /// Mean: 1/2 for Δ and Δ², 3/4 for the boundary, 4 for fft_re0, 0 elsewhere. Deviation: 1/2 for Δ and Δ², √(5/144) for the boundary, √2
    /// for fft_re0 and fft_re4, 1 for the other Fourier columns, √(1/2) for the phase. Special ids stay all zero.
    /// </summary>
    Standardized,
}
