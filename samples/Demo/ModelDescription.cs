namespace HslEmbeddingZero.Samples.Demo;

/// <summary>What the page tells of the model.</summary>
/// <param name="Name">Name that its file gives it, or the file's own.</param>
/// <param name="Steps">Steps of training, if its file tells them.</param>
/// <param name="Parameters">Learned numbers, door and body.</param>
/// <param name="Door">Arm of the door.</param>
/// <param name="DoorParameters">Learned numbers of the door.</param>
/// <param name="NgramOrders">
/// Lengths of the n-grams whose codes stand behind the features of a stream position; left out where there are none.
/// </param>
/// <param name="NgramColumns">Columns of these codes; left out where there are none.</param>
/// <param name="BytesPerSlot">K, bytes side by side in a slot.</param>
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
