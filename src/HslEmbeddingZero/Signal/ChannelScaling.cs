namespace HslEmbeddingZero;

/// <summary>Fixed scaling of the 27 channels. It learns nothing, looks at no data, and loses nothing.</summary>
public enum ChannelScaling
{
    /// <summary>The features as they are: the published door.</summary>
    None,

    /// <summary>
    /// Every channel has its mean under independent uniform bytes taken away and is divided by its deviation under them, both in closed
    /// form: mean 1/2 for Δ and Δ², 3/4 for the boundary, 4 for fft_re0, 0 elsewhere; deviation 1/2 for Δ and Δ², √(5/144) for the
    /// boundary, √2 for fft_re0 and fft_re4, 1 for the other Fourier columns, √(1/2) for the phase. Special ids stay all zero.
    /// </summary>
    Standardized,
}
