namespace HslEmbeddingZero.Samples.PrepareData;

/// <summary>A film as it lies in the file of windows.</summary>
/// <param name="Name">Its name, unlike that of any other film.</param>
/// <param name="File">The file it came from, without its folder.</param>
/// <param name="First">Its first window.</param>
/// <param name="Count">How many windows it has.</param>
/// <param name="FirstCaption">Its first window with a caption, counted in the film, or -1.</param>
/// <param name="LastCaption">Its last window with a caption, counted in the film, or -1.</param>
/// <param name="Captioned">How many windows have a caption.</param>
/// <param name="Sounding">How many windows have sound.</param>
/// <param name="HasVideo">False where its frames are black for want of pictures.</param>
/// <param name="HasAudio">False where its sound is silence for want of any.</param>
internal sealed record FilmEntry(
    string Name, string File, int First, int Count, int FirstCaption, int LastCaption, int Captioned, int Sounding, bool HasVideo,
    bool HasAudio);
