using HslEmbeddingZero.Training;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace HslEmbeddingZero.Package.Tests;

/// <summary>A door written outside the library supports all that the library's doors do.</summary>
public sealed class OwnDoorTests : IDisposable
{
    private const int Width = 32;

    private readonly DisposeScope _scope = NewDisposeScope();

    public void Dispose() => _scope.Dispose();

    [Fact]
    public void Ids_are_checked_padded_and_shaped_by_the_base()
    {
        using AveragingDoor door = new(bytesPerSlot: 4, contextBytes: 1);
        Assert.Equal([2, 3, 3, Width], door.forward(zeros([2, 3, 9], ScalarType.Int64)).shape);
        Assert.Equal([9, Width], door.Stream(zeros([9], ScalarType.Byte)).shape);
        Assert.Equal([0, Width], door.Stream(zeros([0], ScalarType.Byte)).shape);
        Assert.Equal(ByteIds.Count * Width + Width, door.LearnedParameters);
        Assert.Throws<ArgumentOutOfRangeException>(() => door.forward(full([1], ByteIds.Count, ScalarType.Int64)));
        Assert.Throws<ArgumentException>(() => door.forward(zeros(1)));
        Assert.Throws<ArgumentOutOfRangeException>(() => new AveragingDoor(bytesPerSlot: 0, contextBytes: 1));
    }

    /// <summary>Four bytes back: further than the features depend on.</summary>
    [Fact]
    public void A_generator_gives_the_door_as_many_ids_as_it_looks_back()
    {
        using ByteLanguageModel model = Model(contextBytes: 4);
        model.eval();
        short[] stream = [.. Enumerable.Range(0, 20).Select(i => (short)(i * 37 % ByteIds.Count))];
        using Tensor whole = model.forward(zeros([1, 0], ScalarType.Int16), tensor(stream, [1, stream.Length]));
        using ByteGenerator generator = new(model, []);
        for (int j = 0; j < stream.Length; j++)
        {
            float[] expected = [.. whole[0, j].data<float>()];
            for (int v = 0; v < expected.Length; v++) Assert.Equal(expected[v], generator.Logits[v], 1e-4f);
            generator.Accept(stream[j]);
        }
    }

    /// <summary>The library would set the scale, a vector, to zero. The door overrides this.</summary>
    [Fact]
    public void Training_begins_as_the_door_says_and_learns_it()
    {
        string file = Path.GetTempFileName();
        try
        {
            File.WriteAllLines(file, Enumerable.Range(0, 300).Select(i => $"Line {i} of a text.\n"));
            var text = TextCorpus.Load([file], heldOutShare: 0.25);
            TrainerOptions options = new() { Steps = 4, WarmupSteps = 0, BatchSize = 1, GradientAccumulationSteps = 1 };
            using ByteLanguageModel model = Model(contextBytes: 1);
            var door = (AveragingDoor)model.Door;
            using Trainer trainer = new(model, [new TextSource(text)], options);
            Assert.All(door.Scale, value => Assert.Equal(1, value));
            float[] before = door.Table;
            trainer.Run();
            Assert.Contains(door.Scale, value => value != 1);
            Assert.NotEqual(before, door.Table);
        }
        finally
        {
            File.Delete(file);
        }
    }

    /// <summary>A model file names its door. This door has no such name, but its weights can still be saved.</summary>
    [Fact]
    public void A_file_of_the_weights_alone_is_offered()
    {
        using ByteLanguageModel model = Model(contextBytes: 1);
        string file = Path.GetTempFileName();
        try
        {
            Assert.Contains("SaveWeights", Assert.Throws<ArgumentException>(() => model.Save(file)).Message, StringComparison.Ordinal);
            model.SaveWeights(file);
            using ByteLanguageModel copy = Model(contextBytes: 1);
            copy.LoadWeights(file);
            Assert.Equal(((AveragingDoor)model.Door).Table, ((AveragingDoor)copy.Door).Table);
        }
        finally
        {
            File.Delete(file);
        }
    }

    private static ByteLanguageModel Model(int contextBytes) =>
        new(new AveragingDoor(4, contextBytes), new ByteTransformer(new() { Dim = Width, Layers = 1, Heads = 2, Dropout = 0 }));

    /// <summary>Each position is the scaled sum of the rows of a learned table over the bytes it sees.</summary>
    private sealed class AveragingDoor : InputDoor
    {
        private readonly Embedding table;
        private readonly Parameter scale;

        public AveragingDoor(int bytesPerSlot, int contextBytes) : base(nameof(AveragingDoor), bytesPerSlot, Width)
        {
            ContextBytes = contextBytes;
            table = nn.Embedding(ByteIds.Count, Width);
            scale = new Parameter(ones(Width));
            scale.DetachFromDisposeScope();
            RegisterComponents();
        }

        public override int ContextBytes { get; }

        public float[] Scale => [.. scale.data<float>()];

        public float[] Table => [.. table.weight!.data<float>()];

        protected override Device Device => scale.device;

        protected override Tensor FeaturesCore(Tensor ids) => table.forward(ids.to(ScalarType.Int64)) * scale;

        protected override Tensor SlotsCore(Tensor ids, long slots) =>
            FeaturesCore(ids).view(ids.shape[0], slots, BytesPerSlot, Dim).mean([2]);

        protected override Tensor StreamCore(Tensor ids)
        {
            Tensor rows = FeaturesCore(ids);
            Tensor sum = rows;
            for (int back = 1; back <= ContextBytes; back++)
            {
                Tensor shifted = nn.functional.pad(rows, [0, 0, back, 0]).narrow(1, 0, ids.shape[1]);
                sum = sum + shifted;
            }

            return sum;
        }

        protected override void ResetParameters(Generator random)
        {
            base.ResetParameters(random);
            using IDisposable quiet = no_grad();
            scale.fill_(1);
        }
    }
}
