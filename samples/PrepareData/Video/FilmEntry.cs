namespace HslEmbeddingZero.Samples.PrepareData;

/// <summary>A film in the window file.</summary>
/// <param name="Name">Unique name of the film.</param>
/// <param name="File">Name of the source file, without its folder.</param>
/// <param name="First">Index of its first window.</param>
/// <param name="Count">Number of windows.</param>
/// <param name="FirstCaption">Its first window with a caption, counted within the film, or -1.</param>
/// <param name="LastCaption">Its last window with a caption, counted within the film, or -1.</param>
/// <param name="Captioned">Number of windows with a caption.</param>
/// <param name="Sounding">Number of windows with sound.</param>
/// <param name="HasVideo">False where the film has no pictures and its frames are black.</param>
/// <param name="HasAudio">False where the film has no audio and its sound is silence.</param>
/// <param name="Content">Digest of its pictures and sound. It tells two films of one name apart, also in different window files.</param>
/// <param name="LeftOutWords">Number of words of its captions that had no space in their windows.</param>
internal sealed record FilmEntry(
    string Name, string File, int First, int Count, int FirstCaption, int LastCaption, int Captioned, int Sounding, bool HasVideo,
    bool HasAudio, string Content = "", int LeftOutWords = 0);
