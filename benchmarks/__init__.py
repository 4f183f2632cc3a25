"""The benchmark table: `make bench`, or `python -m benchmarks NAME…` for some of its lines."""
