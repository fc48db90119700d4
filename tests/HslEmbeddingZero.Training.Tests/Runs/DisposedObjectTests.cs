using HslEmbeddingZero.Tests;
using TorchSharp;
using static TorchSharp.torch;

namespace HslEmbeddingZero.Training.Tests.Runs;

/// <summary>A call on a disposed object says which class it was, instead of an error of libtorch about an empty tensor.</summary>
public sealed class DisposedObjectTests
{
    public static TheoryData<string, Type> Calls => new()
    {
        { "model.forward", typeof(ByteLanguageModel) },
        { "model.Save", typeof(ByteLanguageModel) },
        { "model.ResetParameters", typeof(ByteLanguageModel) },
        { "model.Generate", typeof(ByteLanguageModel) },
        { "new Trainer", typeof(ByteLanguageModel) },
        { "evaluator.Evaluate", typeof(ByteLanguageModel) },
        { "door.forward", typeof(ZeroDoor) },
        { "door.Stream", typeof(ZeroDoor) },
        { "door.Features", typeof(ZeroDoor) },
        { "door.WriteStream", typeof(ZeroDoor) },
        { "body.forward", typeof(ByteTransformer) },
        { "features.forward", typeof(ControlFeatures) },
        { "generator.Logits", typeof(ByteGenerator) },
        { "generator.Accept", typeof(ByteGenerator) },
        { "generator.Generate", typeof(ByteGenerator) },
        { "trainer.Run", typeof(Trainer) },
        { "trainer.SaveCheckpoint", typeof(Trainer) },
        { "trainer.LoadCheckpoint", typeof(Trainer) },
        { "run.Run", typeof(TrainingRun) },
        { "run.Resume", typeof(TrainingRun) },
        { "optimizer.Step", typeof(FusedAdamW) },
        { "optimizer.State", typeof(FusedAdamW) },
        { "optimizer.Rebind", typeof(FusedAdamW) },
        { "log.Report", typeof(MetricsLog) },
    };

    [Theory]
    [MemberData(nameof(Calls))]
    public void The_message_names_the_class(string call, Type type)
    {
        using DisposeScope scope = NewDisposeScope();
        using TemporaryFolder folder = new();
        using TinyRun tiny = new(TinyRun.Options);
        tiny.Trainer.Run(stopAt: 1);
        tiny.Trainer.SaveCheckpoint(folder.PathOf("checkpoint"));
        ByteLanguageModel model = tiny.Model;
        model.eval();
        Tensor ids = tensor((byte[])[1, 2, 3, 4], [1, 4]), positions = zeros(1, 4, model.Door.Dim);
        var generator = ByteGenerator.ForText(model, "ab"u8);
        FusedAdamW optimizer = new(new ByteTransformer(new() { Dim = 64, Layers = 1, Heads = 2 }));
        TrainingRun run = new(folder.PathOf("run"), model, TinyRun.Sources, TinyRun.Options);
        MetricsLog log = new(folder.PathOf("log"));
        ControlFeatures features = new(ControlKind.Random);
        foreach (IDisposable one in (IDisposable[])[features, generator, optimizer, run, log, tiny.Trainer, model]) one.Dispose();

        ObjectDisposedException error = Assert.Throws<ObjectDisposedException>(() =>
        {
            _ = call switch
            {
                "model.forward" => model.forward(ids, ids),
                "model.Save" => Do(() => model.Save(folder.PathOf("model"))),
                "model.ResetParameters" => Do(() => model.ResetParameters(1)),
                "model.Generate" => Do(() => model.GenerateText("a", 3)),
                "new Trainer" => Do(() => new Trainer(model, TinyRun.Sources, TinyRun.Options)),
                "evaluator.Evaluate" => Do(() => new Evaluator(TinyRun.TextOnly).Evaluate(model)),
                "door.forward" => model.Door.forward(ids),
                "door.Stream" => model.Door.Stream(ids),
                "door.Features" => model.Door.Features(ids),
                "door.WriteStream" => Do(() => ((ZeroDoor)model.Door).WriteStream(ids, positions)),
                "body.forward" => model.Body.forward(positions, positions),
                "features.forward" => features.forward(ids),
                "generator.Logits" => Do(() => generator.Probabilities()),
                "generator.Accept" => Do(() => generator.Accept(1)),
                "generator.Generate" => Do(() => generator.Generate(1).Count()),
                "trainer.Run" => Do(() => tiny.Trainer.Run()),
                "trainer.SaveCheckpoint" => Do(() => tiny.Trainer.SaveCheckpoint(folder.PathOf("other"))),
                "trainer.LoadCheckpoint" => Do(() => tiny.Trainer.LoadCheckpoint(folder.PathOf("checkpoint"))),
                "run.Run" => Do(() => run.Run()),
                "run.Resume" => Do(() => run.Resume()),
                "optimizer.Step" => Do(() => optimizer.Step(1e-3)),
                "optimizer.State" => Do(() => optimizer.State()),
                "optimizer.Rebind" => Do(optimizer.Rebind),
                "log.Report" => Do(() => log.Report(null!)),
                _ => throw new ArgumentException(call),
            };
        });
        Assert.Equal(type.FullName, error.ObjectName);
    }

    private static Tensor? Do(Action action)
    {
        action();
        return null;
    }

    private static Tensor? Do<T>(Func<T> action)
    {
        action();
        return null;
    }

    /// <summary>A failed step may have left half of itself in the cache. Logits from before it would be wrong.</summary>
    [Fact]
    public void A_generator_whose_step_has_failed_gives_no_older_logits()
    {
        TinyRun run = new(TinyRun.Options);
        run.Model.eval();
        using var generator = ByteGenerator.ForText(run.Model, "ab"u8);
        generator.Accept('c');
        run.Dispose();
        Assert.Throws<ObjectDisposedException>(() => generator.Probabilities());
        Assert.Contains("has failed", Assert.Throws<InvalidOperationException>(() => generator.Probabilities()).Message,
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_model_with_a_disposed_part_is_not_saved(bool isBody)
    {
        using TemporaryFolder folder = new();
        string path = folder.Write("model", "an earlier file");
        using TinyRun run = new(TinyRun.Options);
        nn.Module part = isBody ? run.Model.Body : run.Model.Door;
        part.Dispose();
        Assert.Throws<ObjectDisposedException>(() => run.Model.Save(path));
        Assert.Throws<ObjectDisposedException>(() => run.Trainer.Run());
        Assert.Equal("an earlier file", File.ReadAllText(path));
    }
}
