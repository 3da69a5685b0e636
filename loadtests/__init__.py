"""Load tests over HTTP and side-by-side benchmarks."""
