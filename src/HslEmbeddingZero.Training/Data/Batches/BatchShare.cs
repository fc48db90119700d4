using System.Numerics;

namespace HslEmbeddingZero.Training;

/// <summary>
/// The part of every step that one process computes. A step has a fixed number of micro-batches, whatever the number of processes. They are
/// dealt out in turn. If their number is not a multiple of the number of processes, the rows of each are cut into equal parts first.
/// </summary>
internal sealed class BatchShare
{
    private readonly int _rank;
    private readonly int _size;
    private readonly int _microBatches;

    /// <param name="rank">The process, from 0.</param>
    /// <param name="size">Number of processes; 1 for all of a step.</param>
    /// <param name="microBatches">Micro-batches in a step.</param>
    /// <param name="batchSize">Rows in a micro-batch.</param>
    /// <param name="sharesRows">Whether every process takes rows of every micro-batch, even where whole ones could be dealt out.</param>
    /// <exception cref="ArgumentException">The rows of a micro-batch cannot be cut into equal parts.</exception>
    public BatchShare(int rank, int size, int microBatches, int batchSize, bool sharesRows = false)
    {
        (_rank, _size, _microBatches) = (rank, size, microBatches);
        Parts = sharesRows ? size : size / (int)BigInteger.GreatestCommonDivisor(microBatches, size);
        if (batchSize % Parts != 0)
        {
            throw new ArgumentException(
                $"{size} processes cannot share a step of {microBatches} × {batchSize} samples (GradientAccumulationSteps × BatchSize): "
                + $"each micro-batch would be cut into {Parts} parts. Use a number of processes that divides "
                + $"{(sharesRows ? batchSize : (long)microBatches * batchSize)}, or a BatchSize that is a multiple of {Parts}.");
        }

        Rows = batchSize / Parts;
        PiecesPerStep = (int)((long)microBatches * Parts / size);
    }

    /// <summary>Parts into which each micro-batch is cut; 1 where whole ones are dealt out.</summary>
    public int Parts { get; }

    /// <summary>Rows in a part.</summary>
    public int Rows { get; }

    /// <summary>Parts of a step that this process computes.</summary>
    public int PiecesPerStep { get; }

    /// <summary>The micro-batch and the first row of one of this process' pieces.</summary>
    /// <param name="piece">Index of the piece, counted over all steps from 0.</param>
    public (long MicroBatch, int FirstRow) At(long piece)
    {
        (long step, long turn) = Math.DivRem(piece, PiecesPerStep);
        (long inStep, long part) = Math.DivRem((turn * _size) + _rank, Parts);
        return ((step * _microBatches) + inStep, (int)part * Rows);
    }
}
