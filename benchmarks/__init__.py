"""The performance figures of the service, as ratios of rates that were measured in turns on one machine.

`python -m benchmarks` runs every row; `python -m benchmarks P1 P7` runs some. See docs/benchmarks.md.
"""

from __future__ import annotations

import os

# The program that starts the others fills their databases over gRPC, which need not survive a fork.
os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "false")
