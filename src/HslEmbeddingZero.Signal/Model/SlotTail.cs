namespace HslEmbeddingZero;

/// <summary>What happens to a last slot that has fewer than K bytes.</summary>
public enum SlotTail
{
    /// <summary>The slot is completed with 0x00 bytes: ceil(L/K) slots, and no byte is ever lost.</summary>
    Pad,

    /// <summary>The incomplete slot is left out: floor(L/K) slots.</summary>
    Drop,
}
