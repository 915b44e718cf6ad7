"""Runs pytest as an unprivileged user in a copy of this folder, as on a developer's machine.

    python .ci/test_as_user.py [pytest arguments]

Root copies the project, the installed packages and, where nobody may not read it, the interpreter
to a fresh temporary folder, and runs the tests there as nobody. Any other user runs them in place.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
# Not part of the project, or made by running it.
LEFT_OUT = shutil.ignore_patterns(".git", ".venv*", "build", "dist", "__pycache__", ".*_cache", ".hypothesis", "*.db*")
NOT_NEEDED = shutil.ignore_patterns("__pycache__", "test", "site-packages", "config-*", "*.a")


def run_as(user: pwd.struct_passwd, command: list[str], cwd: Path, **environment: str) -> int:
    """Runs a command as another user with a small environment. Returns its exit code."""
    return subprocess.run(
        command,
        cwd=cwd,
        user=user.pw_uid,
        group=user.pw_gid,
        extra_groups=[],
        env={"PATH": os.environ["PATH"], "HOME": str(cwd), **environment},
        check=False,
    ).returncode


def can_run(user: pwd.struct_passwd, program: Path, cwd: Path) -> bool:
    """Whether another user may execute a Python interpreter."""
    try:
        return run_as(user, [str(program), "-c", "import ssl, sqlite3"], cwd) == 0
    except PermissionError:
        return False


def copied_interpreter(folder: Path) -> tuple[Path, dict[str, str]]:
    """Copies the running interpreter with its library. Returns it and the variables it needs."""
    base = Path(sys.base_prefix)
    name = f"python3.{sys.version_info.minor}"
    (folder / "bin").mkdir(parents=True)
    program = Path(shutil.copy2((base / "bin" / name).resolve(), folder / "bin" / name))
    shutil.copytree(base / "lib" / name, folder / "lib" / name, ignore=NOT_NEEDED, symlinks=True)
    for library in (base / "lib").glob("libpython3*.so*"):
        shutil.copy2(library, folder / "lib", follow_symlinks=False)
    return program, {"LD_LIBRARY_PATH": str(folder / "lib"), "PYTHONHOME": str(folder)}


def interpreter_for(user: pwd.struct_passwd, folder: Path) -> tuple[Path, dict[str, str]]:
    """An interpreter of this version that `user` can run, and the variables it needs."""
    base = Path(getattr(sys, "_base_executable", sys.executable)).resolve()
    if can_run(user, base, folder):
        return base, {}
    return copied_interpreter(folder / "python")


def test_as(user: pwd.struct_passwd, arguments: list[str]) -> int:
    """Copies everything, hands it over and runs pytest. Returns its exit code."""
    with tempfile.TemporaryDirectory(prefix="schedsvc-user-", dir="/tmp") as name:
        folder = Path(name)
        os.chown(folder, user.pw_uid, user.pw_gid)
        tree, packages = folder / "schedsvc", folder / "packages"
        shutil.copytree(PROJECT, tree, ignore=LEFT_OUT, symlinks=True)
        shutil.copytree(sysconfig.get_path("purelib"), packages, symlinks=True)
        program, variables = interpreter_for(user, folder)
        for path in (tree, *tree.rglob("*")):
            os.chown(path, user.pw_uid, user.pw_gid, follow_symlinks=False)
        variables["PYTHONPATH"] = f"{tree / 'src'}{os.pathsep}{packages}"
        print(f"as {user.pw_name} in {tree}: pytest {' '.join(arguments)}", flush=True)
        return run_as(user, [str(program), "-m", "pytest", *arguments], tree, **variables)


def main() -> int:
    """Returns the exit code of pytest."""
    arguments = sys.argv[1:]
    if os.geteuid() == 0:
        return test_as(pwd.getpwnam("nobody"), arguments)
    return subprocess.run([sys.executable, "-m", "pytest", *arguments], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
