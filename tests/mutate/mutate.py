#!/usr/bin/env python3
"""The judges judged: put one small bug at a time into core/raft, and see whether fuzzing notices.

Each mutant changes one place: a comparison flipped, an increment lost, a statement dropped, a
condition negated, `and` for `or`, `min` for `max`. It is built in a copy of the project and fuzzed
with the same seeds as the original. A mutant is

  killed      the fuzz run failed: a checker tripped, a node died, nothing moved on, or it hung
  survived    the fuzz run held although the digest of its seeds differs from the original's
  unseen      the digest is the same: on these seeds the change alters nothing the world can see
  equal       the compiler made the same object code of it
  unbuildable it does not compile

The share printed is killed / (killed + survived), as only those change behaviour. With --unit, what
survived is also shown to the unit tests of core/raft, and the share of both together is printed.
"""

import argparse
import hashlib
import os
import pathlib
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
SOURCES = ["engine", "election", "replication", "reads", "snapshot", "membership", "log", "progress",
           "quorum", "wal"]

# Lines whose change is no bug of the protocol: what is only told, what only checks itself, and what
# consults or describes rules.
NOT_MUTATED = re.compile(
    r"ASSERT|note\(|notes|Note\{|Fact::|#include|#define|static_assert|^\s*//|^\s*case |^\s*default:|"
    r"namespace |^\s*using |^\s*template")

REPLACEMENTS = [  # (what it is, pattern, replacement)
    ("comparison", r" < ", " <= "), ("comparison", r" <= ", " < "),
    ("comparison", r" > ", " >= "), ("comparison", r" >= ", " > "),
    ("comparison", r" == ", " != "), ("comparison", r" != ", " == "),
    ("logic", r" && ", " || "), ("logic", r" \|\| ", " && "),
    ("negation", r"\bif \((?!!)(.*)\) (\{|return|continue|break)", r"if (!(\1)) \2"),
    ("negation", r"\(!(\w+)", r"(\1"),
    ("increment", r"\+\+(\w+)", r"\1"), ("increment", r"(\w+)\+\+", r"\1"),
    ("increment", r"\.next\(\)", ""), ("increment", r" \+ 1\b", ""), ("increment", r" - 1\b", ""),
    ("min/max", r"std::min\b", "std::max"), ("min/max", r"std::max\b", "std::min"),
    ("truth", r"\breturn true;", "return false;"), ("truth", r"\breturn false;", "return true;"),
    ("truth", r" = true;", " = false;"), ("truth", r" = false;", " = true;"),
]
STATEMENT = re.compile(r"^\s+(?!return|const |auto |if |for |while |else|break|continue|std::\w+ \w+|"
                       r"[A-Z]\w* \w+[ ;{(=]|bool |std::uint)[\w.\->\[\]():]+.*;\s*$")


def mutants():
    """Every mutant as (file, line number from 1, kind, old line, new line), in a fixed order."""
    found = []
    for name in SOURCES:
        path = ROOT / "core" / "raft" / f"{name}.cpp"
        if not path.exists():
            continue
        lines = path.read_text().splitlines()
        previous_ended = True
        for number, line in enumerate(lines, 1):
            whole = previous_ended  # the statement begins on this line
            stripped = line.split("//")[0].rstrip()
            previous_ended = not stripped or stripped.endswith((";", "{", "}", ":"))
            if NOT_MUTATED.search(line) or not stripped:
                continue
            for kind, pattern, replacement in REPLACEMENTS:
                for match in re.finditer(pattern, stripped):
                    new = stripped[:match.start()] + match.expand(replacement) + stripped[match.end():]
                    found.append((path, number, kind, line, new))
            if whole and STATEMENT.match(stripped):
                found.append((path, number, "statement", line, re.match(r"\s*", line).group() + ";"))
    return found


def run(command, timeout, **kwargs):
    """Runs a command; answers (exit code or None when it took too long, output)."""
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              errors="replace", timeout=timeout, check=False, **kwargs)
        return done.returncode, done.stdout
    except subprocess.TimeoutExpired as late:
        return None, (late.stdout or b"").decode(errors="replace") if late.stdout else ""


class Workshop:
    """A copy of the project in which mutants are built and fuzzed."""

    def __init__(self, folder, jobs, seeds, first_seed, unit):
        self.source = folder / "source"
        self.build = folder / "build"
        self.out = folder / "out"
        self.jobs, self.seeds, self.first_seed = jobs, seeds, first_seed
        self.source.mkdir(parents=True)
        shutil.copy(ROOT / "CMakeLists.txt", self.source)
        self.unit = unit
        parts = ("core", "sim", "viz") + (("tests", "scenarios", "script") if unit else ())
        for part in parts:
            shutil.copytree(ROOT / part, self.source / part)
        self.must(["cmake", "-S", self.source, "-B", self.build, "-G", "Ninja",
                   "-DCMAKE_BUILD_TYPE=Release", "-DCMAKE_CXX_FLAGS_RELEASE=-O1",
                   f"-DQUORUMLAB_TESTS={'ON' if unit else 'OFF'}"])
        started = time.monotonic()
        self.must(self.build_command())
        print(f"original built in {time.monotonic() - started:.0f} s", flush=True)
        self.try_original()

    def try_original(self):
        started = time.monotonic()
        code, text = self.fuzz(600)
        self.usual_seconds = time.monotonic() - started
        if code != 0:
            sys.exit(f"the original does not survive its own fuzzing (exit {code}):\n{text[-3000:]}")
        self.digest = self.digest_in(text)
        print(f"original fuzzed with {self.seeds} seeds in {self.usual_seconds:.1f} s, "
              f"digest {self.digest}", flush=True)

    def build_command(self):
        return ["cmake", "--build", str(self.build), "--target", "quorumlab", "-j", str(self.jobs)]

    def forget(self, path):
        """The mutant is gone."""

    def rebuild(self, _):
        return run(self.build_command(), 600)[0] == 0

    def must(self, command):
        code, text = run([str(c) for c in command], 1800)
        if code != 0:
            sys.exit(f"{' '.join(map(str, command))} failed:\n{text[-3000:]}")

    def fuzz(self, timeout):
        shutil.rmtree(self.out, ignore_errors=True)
        return run([str(self.build / "quorumlab"), "fuzz", "--seeds", str(self.seeds), "--seed",
                    str(self.first_seed), "--jobs", str(self.jobs), "--out", str(self.out)], timeout)

    @staticmethod
    def digest_in(text):
        found = re.findall(r"^digest: ([0-9a-f]{16,})", text, re.M)
        return found[-1] if found else None

    def object_hash(self, path):
        for obj in self.build.rglob(f"{path.name}.o"):
            if obj.parent.name == "raft":
                return hashlib.sha256(obj.read_bytes()).hexdigest()
        return None

    def unit_tests_fail(self):
        code, text = run(["cmake", "--build", str(self.build), "--target", "test_unit_raft", "-j",
                          str(self.jobs)], 1800)
        if code != 0:
            sys.exit(f"the unit tests cannot be built:\n{text[-3000:]}")
        code, _ = run([str(self.build / "tests" / "test_unit_raft"), "-a"], 300)
        return code != 0  # one that hangs fails

    def judge(self, mutant):
        """Builds and fuzzes one mutant; answers (verdict, remark)."""
        path, number, _, _, new = mutant
        target = self.source / path.relative_to(ROOT)
        original = target.read_text()
        before = self.object_hash(path)
        lines = original.splitlines()
        lines[number - 1] = new
        try:
            target.write_text("\n".join(lines) + "\n")
            if not self.rebuild(path):
                return "unbuildable", ""
            if self.object_hash(path) == before:
                return "equal", ""
            code, text = self.fuzz(20 + 10 * self.usual_seconds)
            if code is None:
                return "killed", "hung"
            if code != 0:
                reason = re.search(r"(violat\S+[^\n]*|should hold: [^\n]*|no progress[^\n]*)", text)
                return "killed", reason.group(1)[:100] if reason else f"exit {code}"
            if self.digest_in(text) == self.digest:
                return "unseen", ""
            return "survived", "killed by unit tests" if self.unit and self.unit_tests_fail() else ""
        finally:
            target.write_text(original)
            self.forget(path)


class Graft(Workshop):
    """Mutants grafted onto a build that there is: one file compiled and one program linked for each."""

    def __init__(self, folder, jobs, seeds, first_seed, tree):
        self.source = folder / "source"
        self.build = folder
        self.out = folder / "out"
        self.tree = tree.resolve()
        self.jobs, self.seeds, self.first_seed, self.unit = jobs, seeds, first_seed, False
        shutil.copytree(ROOT / "core" / "raft", self.source / "core" / "raft")
        code, text = run(["ninja", "-C", str(self.tree), "-t", "commands", "quorumlab"], 60)
        commands = text.splitlines()
        if code != 0 or not commands or "libquorumlab_raft.a" not in commands[-1]:
            sys.exit(f"{self.tree} is no build by Ninja with the program in it:\n{text[-1000:]}")
        self.link = commands[-1].removeprefix(": && ").removesuffix(" && :").split()
        self.compile = {}
        for command in (c.split() for c in commands):
            if "-c" in command and "/core/raft/" in command[-1]:
                self.compile[pathlib.Path(command[-1]).name] = [w for w in command if w != "-Werror"]
        shutil.copy(self.tree / "quorumlab", self.build)
        self.try_original()

    def grafted(self, path):
        return self.build / "raft" / f"{path.name}.o"

    def object_hash(self, path):
        """Of the mutant's object, or before there is one of the original's."""
        if not self.grafted(path).exists():
            self.rebuild(path)
        return hashlib.sha256(self.grafted(path).read_bytes()).hexdigest()

    def forget(self, path):
        self.grafted(path).unlink(missing_ok=True)

    def rebuild(self, path):
        self.grafted(path).parent.mkdir(exist_ok=True)
        command = list(self.compile[path.name])
        command[-1] = str(self.source / path.relative_to(ROOT))
        for option, place in (("-o", self.grafted(path)), ("-MF", self.grafted(path).with_suffix(".d"))):
            command[command.index(option) + 1] = str(place)
        library = self.build / "libquorumlab_raft.a"
        shutil.copy(self.tree / library.name, library)
        link = [str(library) if w == library.name else w for w in self.link]
        link[link.index("-o") + 1] = str(self.build / "quorumlab")
        return all(self.run_there(c) for c in (command, ["ar", "r", str(library), str(self.grafted(path))], link))

    def run_there(self, command):
        return subprocess.run(command, cwd=self.tree, capture_output=True, check=False, timeout=600).returncode == 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("--sample", type=int, default=0, help="so many mutants, drawn by --seed (0: all)")
    parser.add_argument("--seed", type=int, default=1, help="which sample")
    parser.add_argument("--seeds", type=int, default=400, help="fuzz seeds for each mutant")
    parser.add_argument("--first-seed", type=int, default=1, help="first fuzz seed")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--minutes", type=float, default=0, help="stop after so long (0: no limit)")
    parser.add_argument("--file", action="append", default=[], help="only this file of core/raft")
    parser.add_argument("--at-least", type=float, default=0, help="fail below this share, in percent")
    parser.add_argument("--unit", action="store_true", help="show survivors to the unit tests, too")
    parser.add_argument("--build", type=pathlib.Path,
                        help="graft mutants onto this build instead of building a copy; not with --unit")
    parser.add_argument("--list", action="store_true", help="print the mutants and stop")
    arguments = parser.parse_args()
    if arguments.build and arguments.unit:
        parser.error("--unit needs a copy: leave --build out")

    chosen = mutants()
    if arguments.file:
        chosen = [m for m in chosen if m[0].stem in arguments.file or m[0].name in arguments.file]
    total = len(chosen)
    if arguments.sample and arguments.sample < total:
        chosen = random.Random(arguments.seed).sample(chosen, arguments.sample)
    print(f"{total} mutants of core/raft, {len(chosen)} of them in this run", flush=True)
    if arguments.list:
        for path, number, kind, _, new in chosen:
            print(f"{path.name}:{number}: {kind}: {new.strip()}")
        return 0
    if not chosen:
        print("nothing to mutate", file=sys.stderr)
        return 1

    verdicts, by_unit = [], 0
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="quorumlab-mutants-") as folder:
        where = pathlib.Path(folder), arguments.jobs, arguments.seeds, arguments.first_seed
        shop = Graft(*where, arguments.build) if arguments.build else Workshop(*where, arguments.unit)
        for at, mutant in enumerate(chosen, 1):
            if arguments.minutes and time.monotonic() - started > 60 * arguments.minutes:
                print(f"time is up: {len(chosen) - at + 1} mutants left out")
                break
            verdict, remark = shop.judge(mutant)
            verdicts.append((verdict, mutant))
            by_unit += remark == "killed by unit tests"
            path, number, kind, _, new = mutant
            print(f"{at:4}/{len(chosen)} {verdict:11} {path.name}:{number} {kind}: "
                  f"{new.strip()[:70]}{'  <- ' + remark if remark else ''}", flush=True)

    count = {v: sum(1 for w, _ in verdicts if w == v)
             for v in ("killed", "survived", "unseen", "equal", "unbuildable")}
    print("\nsurvivors (they change what the world sees, and no checker minded):")
    for verdict, (path, number, kind, old, new) in verdicts:
        if verdict == "survived":
            print(f"  {path.name}:{number} {kind}\n    - {old.strip()}\n    + {new.strip()}")
    behaving = count["killed"] + count["survived"]
    share = 100 * count["killed"] / behaving if behaving else 0.0
    print(f"\n{len(verdicts)} mutants: {count['killed']} killed, {count['survived']} survived, "
          f"{count['unseen']} unseen, {count['equal']} equal, {count['unbuildable']} unbuildable")
    print(f"killed by fuzzing alone: {share:.1f} % of the {behaving} that change behaviour "
          f"({arguments.seeds} seeds each)")
    if arguments.unit and behaving:
        print(f"with the unit tests: {100 * (count['killed'] + by_unit) / behaving:.1f} %: they kill "
              f"{by_unit} of the {count['survived']} that survived")
    return 0 if behaving and share >= arguments.at_least else 1


if __name__ == "__main__":
    sys.exit(main())
