namespace HslEmbeddingZero.Training;

/// <summary>What keeps the held-out films apart from the training films.</summary>
internal static class FilmSplit
{
    /// <summary>
    /// Refuses films that overlap, unless one window serves as video and as caption on the same side, and groups on both sides of
    /// the split, unless the held-out film is its training film's later part: the same name with ".later", in the same file,
    /// beginning at least ten windows after it ends, with no other recording between. (Without a sidecar a short file has a smaller gap.)
    /// </summary>
    public static void Check(IReadOnlyList<WindowFile> files, IReadOnlyList<Film> films)
    {
        CheckOverlaps(files, films);
        foreach (var group in films.GroupBy(film => film.Group))
            foreach (var train in group.Where(film => !film.IsHeldOut))
                foreach (var heldOut in group.Where(film => film.IsHeldOut))
                    CheckPair(files, films, train, heldOut);
    }

    private static void CheckOverlaps(IReadOnlyList<WindowFile> files, IReadOnlyList<Film> films)
    {
        var ordered = films.OrderBy(film => film.First).ToArray();
        for (var i = 0; i < ordered.Length; i++)
            for (var j = i + 1; j < ordered.Length && ordered[j].First < ordered[i].End; j++)
                if (ordered[i].Use == ordered[j].Use || ordered[i].IsHeldOut != ordered[j].IsHeldOut)
                    throw new CorpusException(
                        $"{files[ordered[i].File].Path}: films '{ordered[i].Name}' and '{ordered[j].Name}' share " +
                        $"{Math.Min(ordered[i].End, ordered[j].End) - ordered[j].First} windows; at most 0 are allowed.");
    }

    private static void CheckPair(IReadOnlyList<WindowFile> files, IReadOnlyList<Film> films, Film train, Film heldOut)
    {
        var gap = heldOut.First - train.End;
        var least = files[train.File].SidecarSha256 is null ? 0 : FilmList.Gap;
        var isLaterPart = heldOut.File == train.File && heldOut.Name == train.Name + FilmList.LaterSuffix && gap >= least
            && !films.Any(film => film.Group != heldOut.Group && film.First < heldOut.First && film.End > train.End);
        if (!isLaterPart)
            throw new CorpusException(
                $"{files[heldOut.File].Path}: group '{heldOut.Group}' is on both sides of the split, " +
                $"with '{train.Name}' in training and '{heldOut.Name}' held out, {gap} windows after it. " +
                $"That is allowed only to a later part: named '{train.Name}{FilmList.LaterSuffix}', " +
                $"at least {FilmList.Gap} windows after the end, with no film between.");
    }
}
