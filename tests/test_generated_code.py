from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).parent.parent
GENERATED = PROJECT / "src/schedsvc/v1"
GENERATE = PROJECT / "protos/generate.py"


def check(target: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(GENERATE), "--check", "--target", str(target)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_generated_code_is_what_the_protos_say() -> None:
    result = check(PROJECT / "src")
    assert result.returncode == 0, result.stdout + result.stderr


def test_a_changed_and_a_left_over_file_are_named_as_stale(tmp_path: Path) -> None:
    copy = tmp_path / "schedsvc/v1"
    shutil.copytree(GENERATED, copy, ignore=shutil.ignore_patterns("__pycache__"))
    (copy / "accounts_pb2.py").write_text("changed")
    (copy / "left_over_pb2.py").touch()
    result = check(tmp_path)
    assert result.returncode == 1
    named = re.findall(r"not what the protos say: .*/(\w+\.py)", result.stdout)
    assert named == ["accounts_pb2.py", "left_over_pb2.py"]


def test_the_generated_code_imports_no_package_named_buf() -> None:
    imports = re.compile(r"^\s*(from|import)\s.*(\bbuf\b|validate)", re.MULTILINE)
    files = [path for path in GENERATED.rglob("*") if path.suffix in {".py", ".pyi"}]
    assert len(files) > 10
    assert [path.name for path in files if imports.search(path.read_text())] == []
