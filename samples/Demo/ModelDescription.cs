namespace HslEmbeddingZero.Samples.Demo;

/// <summary>What the page tells of the model.</summary>
/// <param name="Name">Name of its file.</param>
/// <param name="Parameters">Learned numbers, door and body.</param>
/// <param name="Door">Arm of the door.</param>
/// <param name="DoorParameters">Learned numbers of the door.</param>
/// <param name="BytesPerSlot">K, bytes side by side in a slot.</param>
/// <param name="Dim">Width of a slot.</param>
/// <param name="Layers">Layers of the body.</param>
internal sealed record ModelDescription(string Name, long Parameters, string Door, long DoorParameters, int BytesPerSlot, int Dim, int Layers);
