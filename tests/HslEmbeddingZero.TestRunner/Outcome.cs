using System.Globalization;
using Xunit;
using Xunit.Abstractions;

namespace HslEmbeddingZero.TestRunner;

/// <summary>Says how each test ended, and counts.</summary>
internal sealed class Outcome : LongLivedMarshalByRefObject, IMessageSink
{
    private readonly Lock _lock = new();

    public int Passed { get; private set; }

    public int Failed { get; private set; }

    public int Skipped { get; private set; }

    public AutoResetEvent Finished { get; } = new(false);

    public bool OnMessage(IMessageSinkMessage message)
    {
        lock (_lock)
        {
            switch (message)
            {
                case ITestPassed test:
                    Passed++;
                    Console.WriteLine(
                        string.Create(CultureInfo.InvariantCulture, $"passed   {test.Test.DisplayName} ({test.ExecutionTime:F2} s)"));
                    break;
                case ITestSkipped test:
                    Skipped++;
                    Console.WriteLine($"skipped  {test.Test.DisplayName}: {test.Reason}");
                    break;
                case ITestFailed test:
                    Fail(test.Test.DisplayName, test);
                    break;
                case IErrorMessage or ITestClassCleanupFailure or ITestCleanupFailure or ITestCollectionCleanupFailure
                    or ITestAssemblyCleanupFailure:
                    Fail("outside a test", (IFailureInformation)message);
                    break;
                case ITestAssemblyFinished:
                    Finished.Set();
                    break;
            }
        }

        return true;
    }

    private void Fail(string name, IFailureInformation failure)
    {
        Failed++;
        Console.WriteLine(
            $"FAILED   {name}: {string.Join(Environment.NewLine, failure.Messages)}{Environment.NewLine}"
                + $"{string.Join(Environment.NewLine, failure.StackTraces)}");
    }
}
