"""The performance figures of the service, as ratios of rates that were measured in turns on one machine.

`python -m benchmarks` runs every row; `python -m benchmarks P1 P7` runs some. See docs/benchmarks.md.
"""
