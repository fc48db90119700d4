using System.Reflection;
using HslEmbeddingZero.TestRunner;
using Xunit.Abstractions;
using Xunit.Sdk;

// HslEmbeddingZero.TestRunner [text] ...
//
// Runs the tests whose class name holds one of the texts, or all of them; exits with 1 if one fails.
Options options = new();
Outcome outcome = new();
foreach (string assembly in (string[])["HslEmbeddingZero.Tests", "HslEmbeddingZero.Training.Tests"])
{
    using XunitTestFramework framework = new(outcome);
    Found found = new();
    using ITestFrameworkDiscoverer discoverer = framework.GetDiscoverer(Reflector.Wrap(Assembly.Load(assembly)));
    discoverer.Find(includeSourceInformation: false, found, options);
    found.Finished.WaitOne();
    using ITestFrameworkExecutor executor = framework.GetExecutor(new AssemblyName(assembly));
    executor.RunTests(
        found.Cases.Where(test => args.Length == 0
            || args.Any(text => test.TestMethod.TestClass.Class.Name.Contains(text, StringComparison.OrdinalIgnoreCase))),
        outcome, options);
    outcome.Finished.WaitOne();
}

Console.WriteLine($"{outcome.Passed} passed, {outcome.Failed} failed, {outcome.Skipped} skipped");
return outcome.Failed == 0 && outcome.Passed + outcome.Skipped > 0 ? 0 : 1;
