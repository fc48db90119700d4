// Live tensors are counted for the whole process, so one test at a time.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
