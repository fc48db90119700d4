namespace HslEmbeddingZero.Samples.Demo;

/// <summary>The description of the model on the page.</summary>
/// <param name="Name">Name in the metadata of the file, or else the file name.</param>
/// <param name="Steps">Training steps, if the file has them.</param>
/// <param name="Parameters">Number of parameters of door and body.</param>
/// <param name="Door">Arm of the door.</param>
/// <param name="DoorParameters">Number of parameters of the door.</param>
/// <param name="NgramOrders">
/// Lengths of the n-grams whose codes follow the features of a stream position; null where there are none.
/// </param>
/// <param name="NgramColumns">Columns of these codes; null where there are none.</param>
/// <param name="BytesPerSlot">K, the bytes per slot.</param>
/// <param name="Dim">Width of a slot.</param>
/// <param name="Layers">Layers of the body.</param>
internal sealed record ModelDescription(
    string Name,
    int? Steps,
    long Parameters,
    string Door,
    long DoorParameters,
    IReadOnlyList<int>? NgramOrders,
    int? NgramColumns,
    int BytesPerSlot,
    int Dim,
    int Layers);
