using System.Runtime.InteropServices;

namespace HslEmbeddingZero.Tests.Interop;

public sealed partial class NativeEnvironmentTests
{
    [SkippableFact]
    public void Native_code_sees_a_default_and_what_the_user_has_set_instead()
    {
        Skip.If(OperatingSystem.IsWindows(), "getenv of libc is asked.");
        NativeEnvironment.SetDefault("HSL_TEST_DEFAULT", "one");
        Assert.Equal("one", Native("HSL_TEST_DEFAULT"));

        Environment.SetEnvironmentVariable("HSL_TEST_GIVEN", "mine");
        Assert.Null(Native("HSL_TEST_GIVEN")); // .NET sets it in its own copy only
        NativeEnvironment.SetDefault("HSL_TEST_GIVEN", "one");
        Assert.Equal("mine", Native("HSL_TEST_GIVEN"));
    }

    [SkippableFact]
    public void Native_code_and_dotnet_see_a_value_that_replaces_the_user_s()
    {
        Skip.If(OperatingSystem.IsWindows(), "getenv of libc is asked.");
        Environment.SetEnvironmentVariable("HSL_TEST_REPLACED", "mine");
        NativeEnvironment.SetDefault("HSL_TEST_REPLACED", "one");
        NativeEnvironment.Set("HSL_TEST_REPLACED", "two");
        Assert.Equal("two", Native("HSL_TEST_REPLACED"));
        Assert.Equal("two", Environment.GetEnvironmentVariable("HSL_TEST_REPLACED"));
    }

    [SkippableFact]
    public void CuDnn_attention_is_put_behind_flash_attention_once_libtorch_is_loaded()
    {
        Skip.If(OperatingSystem.IsWindows(), "getenv of libc is asked.");
        TorchRuntime.EnsureLoaded();
        Assert.Equal(Environment.GetEnvironmentVariable(TorchRuntime.CuDnnAttentionLast) ?? "1", Native("TORCH_CUDNN_SDPA_DEPRIORITIZED"));
    }

    private static string? Native(string name) => Marshal.PtrToStringUTF8(GetVariable(name));

    [LibraryImport("libc", EntryPoint = "getenv", StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint GetVariable(string name);
}
