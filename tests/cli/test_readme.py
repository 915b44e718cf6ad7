from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from tests.cli import programs

README = Path(__file__).resolve().parents[2] / "README.md"


def test_the_python_example_of_the_readme_works(tmp_path: Path) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    with programs.server("--clock", "2027-05-10T08:00:00Z", folder=tmp_path) as server:
        done = subprocess.run(
            [sys.executable, "-c", code.replace("localhost:50051", server.address)],
            env=programs.environment(),
            capture_output=True,
            text=True,
            timeout=programs.PATIENCE_SECONDS,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    *slots, booked, refused = done.stdout.splitlines()
    assert len(slots) == 3
    assert booked == f"Visit of a visitor {slots[0]}"
    assert refused == "SLOT_UNAVAILABLE ['BUSY']"
