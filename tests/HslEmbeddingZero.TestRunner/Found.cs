using Xunit;
using Xunit.Abstractions;

namespace HslEmbeddingZero.TestRunner;

/// <summary>Collects the tests of an assembly.</summary>
internal sealed class Found : LongLivedMarshalByRefObject, IMessageSink
{
    public List<ITestCase> Cases { get; } = [];

    public AutoResetEvent Finished { get; } = new(false);

    public bool OnMessage(IMessageSinkMessage message)
    {
        if (message is ITestCaseDiscoveryMessage discovered) Cases.Add(discovered.TestCase);
        if (message is IDiscoveryCompleteMessage) Finished.Set();
        return true;
    }
}
