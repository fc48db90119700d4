namespace HslEmbeddingZero.Samples.SyntheticData;

/// <summary>Parts of English names and values. Names, towns and schools are invented.</summary>
internal static class EnglishParts
{
    /// <summary>Most letters of a given or a family name.</summary>
    private const int MostNameLetters = 9;

    public static IReadOnlyList<string> Months { get; } =
    [
        "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December",
    ];

    public static IEnumerable<string> GivenNames =>
        from start in Words("Ta Mo Be Ca De El Fa Ga He Il Jo Ka Lu Ma Ne O Pe Qui Ro Sa Ti U Va We Xa Ye Zo Bri Cle Dra")
        from middle in Words("la ri no ve du si go")
        from end in Words("via rinth dess vick lorn meth nel quin rado sten thea vash wyn zar limo mira bren")
        where start.Length + middle.Length + end.Length <= MostNameLetters
        select start + middle + end;

    public static IEnumerable<string> FamilyNames =>
        from start in Words(
            "Mor Hal Bren Cald Dusk Fal Grov Hest Jarn Kest Lorn Marr Nesk Orm Pend Quar Rusk Sorn Tarl Usk Vard Wend Yarl Zand")
        from middle in Words("a e i o u an el im or us")
        from end in Words("wen lick var dane keth ridge low mond by dett gulf nder tory mish pole")
        where start.Length + middle.Length + end.Length <= MostNameLetters
        select start + middle + end;

    public static IEnumerable<string> Towns =>
        from start in Words(
            "Varn Quel Bram Osk Fenn Drov Hask Morv Tarv Wyl Cael Grix Lund Pelk Rav Skel Thar Ulv Vesk Yarn Zell Brix Crad Nolv")
        from end in Words("holt mere wick stead fell garth combe moor haven brook shaw thorpe dale")
        select start + end;

    /// <summary>Days with two digits only, as "4 May" is a part of "14 May".</summary>
    public static IEnumerable<string> Birthdays =>
        from month in Enumerable.Range(1, 12)
        from day in Enumerable.Range(10, DateTime.DaysInMonth(2024, month) - 9)
        select $"{day} {Months[month - 1]}";

    public static IEnumerable<string> Schools =>
        from start in Words("Al Cor Del Em Gal Ir Jor Kel Lor Nev Or Per Sal Tor Ven")
        from end in Words("brath dane lisk morth quist rade sett vane wyth zoar")
        from kind in Words("College Academy Institute Lyceum")
        select $"{start}{end} {kind}";

    public static IEnumerable<string> Occupations =>
        from place in Words(
            "marine alpine desert river island forest polar night harbor valley canal coastal glacier orchard railway airport museum "
                + "theater cave reef")
        from trade in Words(
            "cartographer botanist librarian photographer mechanic surveyor ranger archivist geologist beekeeper inspector gardener "
                + "architect painter biologist guide historian translator")
        select $"{place} {trade}";

    public static IEnumerable<string> Collections =>
        from kind in Words(
            "copper glass wooden silver paper clay velvet bronze tin porcelain leather amber striped painted tiny antique carved folding "
                + "musical brass")
        from thing in Words(
            "thimbles buttons masks spoons lanterns bells boxes whistles marbles puppets keys teapots compasses brooches kites clocks")
        select $"{kind} {thing}";

    public static IEnumerable<string> Dishes =>
        from method in Words("smoked roasted pickled baked spicy creamy grilled sweet")
        from ingredient in Words("plum beet leek barley turnip walnut trout pumpkin lentil quince fennel chestnut")
        from kind in Words("soup stew pie dumplings noodles salad pudding")
        select $"{method} {ingredient} {kind}";

    private static string[] Words(string text) => text.Split(' ');
}
