"""Builds the project in other ways than the build under test: with the other compiler, without
optimisation, with sanitizers. Used by the determinism test and by the fuzzers, which share a build."""

import os
import pathlib
import subprocess
import sys

SOURCE = pathlib.Path(__file__).resolve().parent.parent

# The names say what differs; every other option is as in the build under test.
VARIANTS = {
    "gcc-O0": ["-DCMAKE_CXX_COMPILER=g++", "-DCMAKE_BUILD_TYPE=Debug", "-DCMAKE_CXX_FLAGS=-O0"],
    "gcc-O3": ["-DCMAKE_CXX_COMPILER=g++", "-DCMAKE_BUILD_TYPE=Release", "-DCMAKE_CXX_FLAGS=-O3"],
    "clang-O2": ["-DCMAKE_CXX_COMPILER=clang++", "-DCMAKE_BUILD_TYPE=Release",
                 "-DCMAKE_CXX_FLAGS_RELEASE=-O2"],
    "gcc-sanitized": ["-DCMAKE_CXX_COMPILER=g++", "-DCMAKE_BUILD_TYPE=Debug",
                      "-DCMAKE_CXX_FLAGS_DEBUG=-O1",
                      "-DQUORUMLAB_SANITIZE=address,undefined"],
    # One build for two tests: another compiler and sanitizers for the digests, and the fuzzers.
    "clang-sanitized": ["-DCMAKE_CXX_COMPILER=clang++", "-DCMAKE_BUILD_TYPE=Debug",
                        "-DCMAKE_CXX_FLAGS_DEBUG=-O1",
                        "-DQUORUMLAB_SANITIZE=address,undefined", "-DQUORUMLAB_FUZZERS=ON"],
}
# Its objects again, from the compiler's cache, and unit tests.
VARIANTS["clang-sanitized-tests"] = [*VARIANTS["clang-sanitized"], "-DQUORUMLAB_TESTS=ON", "-DQUORUMLAB_PYTHON=OFF"]


def build(name, targets, build_root):
    """Configures (once) and builds targets of a variant; answers its folder. Exits when it fails."""
    folder = pathlib.Path(build_root) / "variants" / name
    folder.mkdir(parents=True, exist_ok=True)
    jobs = str(len(os.sched_getaffinity(0)))
    log = folder / "variant.log"
    with log.open("w") as out:
        for command in (
                ["cmake", "-S", str(SOURCE), "-B", str(folder), "-G", "Ninja", "-DQUORUMLAB_TESTS=OFF"]
                + VARIANTS[name],
                ["cmake", "--build", str(folder), "-j", jobs, "--target", *targets]):
            if subprocess.run(command, stdout=out, stderr=subprocess.STDOUT, check=False).returncode:
                out.flush()
                print(log.read_text()[-8000:])
                sys.exit(f"the variant {name} does not build: {' '.join(command)}")
    return folder
