"""What is measured, and beside what: `python -m benchmarks NAME`, or `python3 dev.py bench NAME`."""
