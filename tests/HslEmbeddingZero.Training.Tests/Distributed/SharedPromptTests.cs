using System.Runtime.InteropServices;
using HslEmbeddingZero.Tests;
using HslEmbeddingZero.Training.Tests.Runs;

namespace HslEmbeddingZero.Training.Tests.Distributed;

/// <summary>Ranks share samples of several lengths.</summary>
[Collection(GlobalGenerator.Name)]
public sealed class SharedPromptTests
{
    /// <summary>The ranks have samples of other lengths, so a mean over bytes would differ from that of one process.</summary>
    [Theory]
    [InlineData(2, 1, true)] // halves of the only micro-batch
    [InlineData(2, 2, false)]
    public void Ranks_train_the_model_of_one_process_up_to_rounding(int size, int microBatches, bool sharesRows)
    {
        TrainerOptions options = PromptRun.Options with
        {
            Steps = 8,
            BatchSize = 4,
            GradientAccumulationSteps = microBatches,
            Distributed = new() { SharesRows = sharesRows },
        };
        (float[] start, float[] one, List<TrainingProgress> reports) = Train(null);
        foreach ((_, float[] weights, List<TrainingProgress> ofRank) in ThreadGroup.Run(size, Train))
        {
            double moved = Distance(start, one), difference = Distance(weights, one);
            Assert.True(difference < 1e-3 * moved, $"{difference} of {moved}");
            Assert.All(reports.Zip(ofRank), pair => Assert.Equal(pair.First.BitsPerByte, pair.Second.BitsPerByte, 1e-4));
        }

        (float[] Start, float[] End, List<TrainingProgress> Reports) Train(IProcessGroup? group)
        {
            using TinyRun run = PromptRun.Create(options, group: group);
            float[] before = Values(run);
            Reports told = new();
            run.Trainer.Run(told);
            return (before, Values(run), told.Lines);
        }
    }

    [Fact]
    public void Scores_and_exact_answers_are_those_of_one_process()
    {
        using TinyRun run = PromptRun.Create();
        run.Trainer.Run(stopAt: 60);
        SourceScore one = new Evaluator([PromptRun.Source()], batchSize: 2).Evaluate(run.Model)["asked"];
        Assert.InRange(one.ExactMatch!.Value, 0.1, 0.9);
        using TemporaryFolder folder = new();
        run.Model.Save(folder.PathOf("model.safetensors"));
        SourceScore[] many = ThreadGroup.Run(3, group =>
        {
            using var rank = ByteLanguageModel.Load(folder.PathOf("model.safetensors"));
            return new Evaluator([PromptRun.Source()], 2, group: group).Evaluate(rank)["asked"];
        });
        Assert.All(many, score => Assert.Equal((one.BitsPerByte, one.ExactMatch), (score.BitsPerByte, score.ExactMatch)));
    }

    /// <summary>Every rank has its own turn of a micro-batch, whose sum with one other does not depend on the order.</summary>
    [Fact]
    public void Ranks_train_the_curriculum_of_one_process_bit_for_bit()
    {
        Curriculum curriculum = TinyCurriculum.Stages with
        {
            Stages = [.. TinyCurriculum.Stages.Stages.Select(
                stage => stage with { Training = stage.Training with { GradientAccumulationSteps = 2 } })],
        };
        using TemporaryFolder folder = new();
        TinyCurriculum.Run(new(folder.PathOf("one"), curriculum));
        ThreadGroup.Run(2, group =>
        {
            TinyCurriculum.Run(new(folder.PathOf("two"), curriculum, group: group));
            return true;
        });
        foreach (CurriculumStage stage in curriculum.Stages)
        {
            string name = $"{stage.Name}.weights.safetensors";
            Assert.Equal(File.ReadAllBytes(folder.PathOf($"one/{name}")), File.ReadAllBytes(folder.PathOf($"two/{name}")));
        }
    }

    private static float[] Values(TinyRun run) =>
        [.. run.Weights.Values.SelectMany(bytes => MemoryMarshal.Cast<byte, float>(bytes).ToArray())];

    private static double Distance(float[] first, float[] second) =>
        Math.Sqrt(first.Zip(second).Sum(pair => Math.Pow(pair.First - pair.Second, 2)));
}
