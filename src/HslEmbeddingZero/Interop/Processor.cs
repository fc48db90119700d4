using System.Runtime.Intrinsics.X86;

namespace HslEmbeddingZero;

/// <summary>
/// Features of the processor that a choice of arithmetic depends on. Such a choice never depends on a timing: a busy machine must compute
/// the same numbers as an idle one.
/// </summary>
/// <param name="IsAmd">The maker is AMD.</param>
/// <param name="HasAvx512">AVX-512 F.</param>
/// <param name="HasAvx512BFloat16">AVX512_BF16: products of pairs of bfloat16.</param>
/// <param name="HasAmxBFloat16">AMX-BF16: products of tiles of bfloat16.</param>
/// <param name="HidesCaches">
/// The maker is AMD, and CPUID describes no cache, as under some hypervisors. oneDNN 3.7 (libtorch 2.10) then assumes that the L1 cache has
/// one byte. Its convolutions with kernel size 1 give wrong numbers (64 to 258 channels) or end the process by SIGFPE (256 to 1,024
/// channels).
/// </param>
internal readonly record struct Processor(
    bool IsAmd, bool HasAvx512, bool HasAvx512BFloat16, bool HasAmxBFloat16, bool HidesCaches = false)
{
    /// <summary>An environment variable of oneDNN. It limits the instructions that oneDNN uses.</summary>
    public const string OneDnnLimit = "ONEDNN_MAX_CPU_ISA";

    /// <summary>The processor of this process, as oneDNN may use it. All values are false on processors other than x86.</summary>
    public static Processor Current { get; } = Read().LimitedTo(Environment.GetEnvironmentVariable(OneDnnLimit));

    /// <summary>Removes the bfloat16 instructions above a limit of oneDNN, such as AVX512_CORE_BF16. Null or empty is no limit.</summary>
    public Processor LimitedTo(string? oneDnnLimit)
    {
        if (string.IsNullOrEmpty(oneDnnLimit) || oneDnnLimit.Equals("DEFAULT", StringComparison.OrdinalIgnoreCase)) return this;
        bool allowsAmx = oneDnnLimit.Contains("AMX", StringComparison.OrdinalIgnoreCase);
        bool allowsBFloat16 = allowsAmx
            || oneDnnLimit.Equals("AVX512_CORE_BF16", StringComparison.OrdinalIgnoreCase)
            || oneDnnLimit.Equals("AVX512_CORE_FP16", StringComparison.OrdinalIgnoreCase);
        return this with
        {
            HasAmxBFloat16 = HasAmxBFloat16 && allowsAmx,
            HasAvx512BFloat16 = HasAvx512BFloat16 && allowsBFloat16,
        };
    }

    private static Processor Read()
    {
        if (!X86Base.IsSupported) return default;
        (int highest, int first, int last, int middle) = X86Base.CpuId(0, 0);
        bool isAmd = (first, middle, last) == (0x68747541, 0x69746E65, 0x444D4163); // "Auth", "enti", "cAMD"
        bool hidesCaches = isAmd && !DescribesCaches();
        if (highest < 7) return new(isAmd, false, false, false, hidesCaches);
        (int subleaves, _, _, int features) = X86Base.CpuId(7, 0); // EDX: bit 22 AMX-BF16, bit 24 AMX-TILE
        bool hasAvx512 = Avx512F.IsSupported; // asks the operating system too
        bool hasBFloat16 = subleaves >= 1 && (X86Base.CpuId(7, 1).Eax & (1 << 5)) != 0;
        return new(isAmd, hasAvx512, hasAvx512 && hasBFloat16, hasAvx512 && (features & (1 << 22)) != 0 && (features & (1 << 24)) != 0,
            hidesCaches);
    }

    // AMD's leaf of cache properties: bits 0 to 4 of its first entry are the kind of the first cache, 0 for none.
    private static bool DescribesCaches()
    {
        const uint leaf = 0x8000001D;
        return (uint)X86Base.CpuId(unchecked((int)0x80000000), 0).Eax >= leaf && (X86Base.CpuId(unchecked((int)leaf), 0).Eax & 0x1F) != 0;
    }
}
