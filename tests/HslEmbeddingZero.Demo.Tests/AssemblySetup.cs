// Memory is that of the whole process, so tests run one at a time.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
