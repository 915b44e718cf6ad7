"""Writes src/schedsvc/v1 from protos/schedsvc/v1, in two steps.

The contract imports `buf/validate/validate.proto`; the generated Python must not, or it would need
a top-level package `buf` that others ship too. So the first step compiles everything into one
descriptor set, and the second generates from that set without the import. The rules stay in the
options as bytes, which is where protovalidate reads them.

    python protos/generate.py                write the code
    python protos/generate.py --check        fail when the committed code is not that
    python protos/generate.py --image PATH   write the descriptors with comments, for `buf lint`
    python protos/generate.py --baseline     write protos/baseline.binpb, for `buf breaking`
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

import google.api
from google.protobuf.descriptor_pb2 import FileDescriptorProto, FileDescriptorSet
from protovalidate._gen.buf.validate import validate_pb

PROTOS = Path(__file__).resolve().parent
SOURCE = PROTOS.parent / "src"
BASELINE = PROTOS / "baseline.binpb"
VALIDATE = "buf/validate/validate.proto"
GOOGLE = Path(google.api.__path__[0]).parent.parent
INIT = '"""Generated from protos/schedsvc/v1 by `make proto`. Not edited by hand."""\n'


def ours(protos: Path) -> list[str]:
    """The names of our proto files below `protos`, sorted."""
    return sorted(str(path.relative_to(protos)) for path in protos.glob("schedsvc/**/*.proto"))


def protoc(*arguments: str) -> None:
    """Runs the compiler inside grpc_tools; its messages go to standard error."""
    subprocess.run([sys.executable, "-m", "grpc_tools.protoc", *arguments], check=True)


def compiled(protos: Path) -> FileDescriptorSet:
    """Our files and all they import, with comments.

    protovalidate carries the descriptor of validate.proto but not its text, so it is handed over
    as a descriptor set beside the include paths.
    """
    validate = FileDescriptorProto.FromString(validate_pb.desc().proto.to_binary())
    with tempfile.TemporaryDirectory() as folder:
        rules, image = Path(folder, "validate.binpb"), Path(folder, "image.binpb")
        rules.write_bytes(FileDescriptorSet(file=[validate]).SerializeToString())
        protoc(
            f"--descriptor_set_in={rules}",
            f"-I{protos}",
            f"-I{GOOGLE}",
            "--include_imports",
            "--include_source_info",
            f"--descriptor_set_out={image}",
            *ours(protos),
        )
        return FileDescriptorSet.FromString(image.read_bytes())


def without_validate(files: FileDescriptorSet) -> FileDescriptorSet:
    """The same files without validate.proto; options that it defines become unknown fields."""
    kept = FileDescriptorSet()
    for file in files.file:
        if file.name == VALIDATE:
            continue
        if file.public_dependency or file.weak_dependency:
            message = f"{file.name}: public and weak imports are numbered and would shift"
            raise ValueError(message)
        names = [name for name in file.dependency if name != VALIDATE]
        copy = kept.file.add()
        copy.CopyFrom(file)
        del copy.dependency[:]
        copy.dependency.extend(names)
    return kept


def without_comments(files: FileDescriptorSet) -> FileDescriptorSet:
    """The same files without source positions and comments."""
    kept = FileDescriptorSet()
    kept.CopyFrom(files)
    for file in kept.file:
        file.ClearField("source_code_info")
    return kept


def plugin(name: str) -> str:
    """The option that points protoc to a plugin of this environment, activated or not."""
    return f"--plugin={name}={Path(sysconfig.get_path('scripts'), name)}"


def generate(protos: Path, target: Path) -> None:
    """Writes messages, services and their stubs for type checkers below `target`."""
    files = without_validate(compiled(protos))
    names = ours(protos)
    serving = [file.name for file in files.file if file.service and file.name in names]
    with tempfile.TemporaryDirectory() as folder:
        image = Path(folder, "python.binpb")
        image.write_bytes(files.SerializeToString())
        read = f"--descriptor_set_in={image}"
        messages = (f"--python_out={target}", f"--mypy_out=quiet:{target}")
        protoc(read, plugin("protoc-gen-mypy"), *messages, *names)
        services = (f"--grpc_python_out={target}", f"--mypy_grpc_out=quiet:{target}")
        protoc(read, plugin("protoc-gen-mypy_grpc"), *services, *serving)
    (target / "schedsvc/v1/__init__.py").write_text(INIT)


def generated(target: Path) -> dict[str, bytes]:
    """Generated files below `target` by name."""
    found = (path for path in target.glob("schedsvc/v1/**/*") if path.suffix in {".py", ".pyi"})
    return {str(path.relative_to(target)): path.read_bytes() for path in found}


def write(protos: Path, target: Path) -> None:
    """Generates into `target` and removes what no proto file stands behind any more."""
    with tempfile.TemporaryDirectory() as folder:
        generate(protos, Path(folder))
        fresh = generated(Path(folder))
    for name in generated(target).keys() - fresh.keys():
        (target / name).unlink()
    for name, content in fresh.items():
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        (target / name).write_bytes(content)


def stale(protos: Path, target: Path) -> list[str]:
    """The names of files below `target` that are wrong, missing or left over."""
    with tempfile.TemporaryDirectory() as folder:
        generate(protos, Path(folder))
        fresh = generated(Path(folder))
    there = generated(target)
    names = sorted(fresh.keys() | there.keys())
    return [name for name in names if fresh.get(name) != there.get(name)]


def check(protos: Path, target: Path) -> int:
    """Prints what is stale. Returns the exit code."""
    names = stale(protos, target)
    for name in names:
        print(f"not what the protos say: {os.path.relpath(target / name)}")
    print("run `make proto`" if names else "generated code is fresh")
    return 1 if names else 0


def main() -> int:
    """Reads the command line. Returns the exit code."""
    parser = argparse.ArgumentParser(description="Generates src/schedsvc/v1 from protos/.")
    parser.add_argument("--protos", type=Path, default=PROTOS, help="folder of the contract")
    parser.add_argument("--target", type=Path, default=SOURCE, help="folder to write below")
    mode = parser.add_mutually_exclusive_group()
    mode.add_argument("--check", action="store_true", help="compare with what is committed")
    mode.add_argument("--image", type=Path, metavar="PATH", help="write descriptors with comments")
    mode.add_argument("--baseline", action="store_true", help="write the published contract")
    options = parser.parse_args()
    if options.check:
        return check(options.protos, options.target)
    if options.image:
        options.image.write_bytes(compiled(options.protos).SerializeToString())
    elif options.baseline:
        published = without_comments(without_validate(compiled(options.protos)))
        BASELINE.write_bytes(published.SerializeToString())
    else:
        write(options.protos, options.target)
    return 0


if __name__ == "__main__":
    sys.exit(main())
