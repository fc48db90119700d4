// Live tensors are counted for the whole process, so tests run one at a time.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
