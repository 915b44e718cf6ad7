from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]


def clean_environment() -> dict[str, str]:
    """Nothing of the checkout and no settings; pip keeps its own configuration."""
    dropped = ("SCHEDSVC_", "PYTHON", "VIRTUAL_ENV")
    return {name: value for name, value in os.environ.items() if not name.startswith(dropped)}


def command(*arguments: str | Path, folder: Path) -> str:
    """Runs a program to its end and hands back its output; its failure is the test's, with all it said."""
    done = subprocess.run(
        [str(argument) for argument in arguments],
        cwd=folder,
        env=clean_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{arguments} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    command(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "-w", folder, PROJECT, folder=folder)
    (found,) = folder.glob("*.whl")
    return found


@pytest.fixture(scope="session")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of programs of a fresh environment that has the wheel and what it needs, and nothing else."""
    environment = tmp_path_factory.mktemp("environment")
    command(sys.executable, "-m", "venv", environment, folder=environment)
    constraints = PROJECT / "constraints.txt"
    pip = (environment / "bin" / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
    command(*pip, "-c", constraints, wheel, folder=environment)
    return environment / "bin"
