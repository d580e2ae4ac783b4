#!/usr/bin/env python3
"""Unit tests once more, built by clang++ with the address and the undefined-behaviour sanitizers.

  sanitized.py --build-root build test_unit_viz test_unit_viz_screen
"""

import argparse
import os
import pathlib
import subprocess
import sys

import variants


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build-root", type=pathlib.Path, required=True)
    parser.add_argument("tests", nargs="+")
    arguments = parser.parse_args()
    folder = variants.build("clang-sanitized-tests", arguments.tests, arguments.build_root)
    environment = {**os.environ, "ASAN_OPTIONS": "detect_stack_use_after_return=1:strict_string_checks=1",
                   "UBSAN_OPTIONS": "print_stacktrace=1"}
    failed = [test for test in arguments.tests
              if subprocess.run([folder / "tests" / test], env=environment, check=False).returncode]
    sys.exit(f"failed: {' '.join(failed)}" if failed else 0)


if __name__ == "__main__":
    main()
