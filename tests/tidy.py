#!/usr/bin/env python3
"""Enforces what compilers do not: no source of nondeterminism in what one seed decides, includes that
run one way, and the house's habits. Each finding says what to use instead.

  tests/tidy.py              checks the project, exit 1 when something is found
  tests/tidy.py --self-test  checks that each rule catches its own bad example

A rule that must be broken somewhere gets an entry in EXCEPTIONS, with the reason.
"""

import argparse
import dataclasses
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent

# Everything that a seed must decide completely. Paths are prefixes; "!" takes a part away.
PURE_CORE = ("core/", "!core/runtime/")
SEEDED = PURE_CORE + ("sim/world/", "sim/judge/", "sim/trace/", "sim/script/")
# The visualizer's own arithmetic: which frame is shown must not depend on when one looks.
SEEDED += ("viz/model/", "viz/player/")
ENGINES = PURE_CORE + ("sim/world/", "sim/judge/", "sim/trace/")
DECISIONS = PURE_CORE + ("sim/world/", "sim/judge/")
CPP = (".h", ".cpp")
TEXT = CPP + (".py", ".sh", ".txt", ".md", ".json", ".cmake", ".toml", "")


@dataclasses.dataclass
class Rule:
    name: str
    where: tuple
    pattern: str
    instead: str
    bad: str  # one line that it must catch
    good: str = "int fine = 0;"  # one line that it must let pass
    suffixes: tuple = CPP
    raw: bool = False  # also looks into comments and strings
    example_path: str = "core/raft/example.cpp"

    def __post_init__(self):
        self.regex = re.compile(self.pattern)


RULES = [
    Rule("threads", SEEDED,
         r"#include\s*<(thread|mutex|shared_mutex|condition_variable|future|atomic|semaphore|latch|barrier|stop_token|pthread\.h)>",
         "one event after the other; threads run whole simulations (sim/chaos) or real I/O (core/runtime)",
         "#include <mutex>", "#include <vector>"),
    Rule("random", SEEDED,
         r"#include\s*<random>|std::(mt19937|minstd_rand|random_device|default_random_engine|uniform_\w+_distribution|shuffle|sample)\b|(?<![\w.:>])s?rand\s*\(",
         "draw by key with core/base/random.h; std's generators and distributions differ between libraries",
         "int x = rand();", "int x = operand(1); draw(2); random_.draw(3, 4);"),
    Rule("clock", SEEDED,
         r"#include\s*<(chrono|ctime|time\.h|sys/time\.h)>|std::chrono|system_clock|steady_clock|\b(gettimeofday|clock_gettime)\s*\(|std::time\s*\(",
         "the time comes with the event, as Now; the world's own is in its queue",
         "auto t = std::chrono::steady_clock::now();", "Now t = clock(node);"),
    Rule("sleep", SEEDED, r"\b(sleep_for|sleep_until|usleep|nanosleep)\s*\(",
         "set a deadline: Effects::wake_at or a timer event", "usleep(5);"),
    Rule("files", SEEDED,
         r"#include\s*<(fstream|filesystem|fcntl\.h|unistd\.h)>|\bfopen\s*\(|std::[io]?fstream\b|\bFILE\s*\*",
         "effects name files (Effects::Write); only readers and writers of whole files may open them",
         "#include <fstream>"),
    Rule("printing", SEEDED,
         r"#include\s*<iostream>|std::(cout|cerr|clog)\b|(?<!\w)f?printf\s*\(|fmt::print\s*\(",
         "emit a note or a record; the command line prints", "std::cout << 1;",
         "snprintf(buffer, 5, text);"),
    Rule("unordered", SEEDED, r"unordered_(multi)?(map|set)\b",
         "a vector indexed by id, a sorted vector, or std::map: iteration must have one order",
         "std::unordered_map<int, int> m;", "std::map<int, int> m;"),
    Rule("order by address", SEEDED, r"std::(multi)?(map|set)\s*<\s*(const\s+)?[\w:]+\s*\*",
         "key by id or sequence; addresses differ from run to run", "std::set<const Node*> s;",
         "std::map<int, Node*> m;"),
    Rule("std::function", SEEDED, r"std::(move_only_)?function\b",
         "data and a switch; state must copy as a value", "std::function<void()> f;"),
    Rule("shared ownership", SEEDED, r"std::(shared_ptr|weak_ptr|make_shared|enable_shared_from_this)\b",
         "a 32-bit handle into a slab that the value owns", "std::shared_ptr<int> p;"),
    Rule("environment", SEEDED, r"\b(secure_)?getenv\s*\(|\bsetenv\s*\(",
         "configuration, as data", 'auto x = std::getenv("HOME");'),
    Rule("floating point", DECISIONS, r"\b(float|double)\b",
         "integers: nanoseconds, Probability, parts of a million; floating point differs with options",
         "double x = 1;", "int doubled = 1;"),
    Rule("real functions", DECISIONS,
         r"#include\s*<cmath>|std::(log|log2|log10|log1p|exp|exp2|pow|sqrt|sin|cos|tan)\s*\(",
         "the fixed-point functions of core/base; libm differs between systems",
         "auto y = std::log(3);", "auto y = log(index);"),
    Rule("exceptions", ENGINES, r"\bthrow\b|\btry\s*\{|\bcatch\s*\(",
         "Result<T> for input from outside, an enum for expected outcomes, ASSERT for our own bugs",
         "throw 1;"),
    Rule("virtual calls", PURE_CORE, r"\bvirtual\b|\boverride\b",
         "data and a switch; engines are plain values", "virtual void f();"),
    Rule("simulated?", PURE_CORE, r"(?i)\b\w*simulat\w*\b|#include\s*\"sim/",
         "nothing: nobody in core asks which world it is in", "if (is_simulated()) return;"),
    Rule("heavy headers", ("core/", "sim/", "viz/"),
         r"#include\s*[<\"](boost/|nlohmann/json\.hpp|CLI/|imgui|pybind11)",
         "a declaration; include it in the .cpp file: build time is a feature",
         "#include <nlohmann/json.hpp>", "#include <nlohmann/json_fwd.hpp>", suffixes=(".h",),
         example_path="sim/script/example.h"),
    # Expected output in tests/data is written by the tests themselves.
    Rule("trailing space", ("", "!tests/data/"), r"[ \t]+$", "no space at a line's end", "int x = 0; ",
         suffixes=TEXT, raw=True),
    Rule("machine path", ("",), r"(?<![\w.])/(work|home/\w+|root|Users/\w+)/",
         "a path relative to the project", "// see " + "/wo" + "rk/main/notes", suffixes=TEXT,
         raw=True),
    Rule("registry host", ("",),
         r"pypi\.org|pythonhosted\.org|npmjs\.org|crates\.io|proxy\.golang\.org|repo1\.maven|deb\.debian\.org",
         "the package's name; where it comes from is the machine's business",
         "// from https://py" + "pi.org/simple", suffixes=TEXT, raw=True),
]

# (rule, file) -> why. An entry that is no longer needed is itself a finding.
EXCEPTIONS = {
    ("printing", "core/base/assert.cpp"): "a broken simulation prints why before it aborts",
    ("files", "sim/trace/file.cpp"): "writes and reads the finished trace as a whole",
    ("files", "sim/trace/json_lines.cpp"): "writes the finished trace as a whole",
    ("files", "sim/trace/output.h"): "the buffer of these two",
    ("files", "sim/script/loader.cpp"): "reads the scenario file as a whole",
    ("threads", "sim/script/runner.h"): "the flag by which Ctrl-C ends a run; it decides nothing else",
    ("shared ownership", "sim/trace/trace.h"): "finished chunks are immutable and shared by copies",
    ("shared ownership", "sim/trace/trace.cpp"): "finished chunks are immutable and shared by copies",
    ("threads", "sim/trace/trace.cpp"): "whole simulations in different threads may share chunks; a fence "
                                        "before one is written again, and nothing is decided by it",
    ("floating point", "core/gossip/coordinate.h"): "Vivaldi's only home, in a fixed order of + - * / sqrt",
    ("floating point", "core/gossip/coordinate.cpp"): "Vivaldi's only home, in a fixed order of + - * / sqrt",
    ("floating point", "core/gossip/message.h"): "network coordinates travel as real numbers",
    ("floating point", "core/gossip/codec_coordinate.cpp"): "network coordinates travel as real numbers",
    ("heavy headers", "viz/panels/paint.h"): "for the .cpp files of its own folder only",
    ("heavy headers", "core/runtime/wire.h"): "for the .cpp files of its own folder only",
    ("heavy headers", "core/runtime/loop_state.h"): "for the .cpp files of its own folder only",
}

LONG_FILE = 600


def without_comments_and_strings(text):
    """C++ with comments and the inside of literals blanked, line by line as it was."""
    pattern = re.compile(
        r'//[^\n]*|/\*.*?\*/|R"(?P<d>[^\s()\\]*)\(.*?\)(?P=d)"|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])\'', re.S)

    def blank(match):
        token = match.group(0)
        if token.startswith(("\"", "'", "R\"")):
            return token[0] + re.sub(r"[^\n]", " ", token[1:-1]) + token[-1]
        return re.sub(r"[^\n]", " ", token)

    # The names of included files must stay readable.
    lines = text.split("\n")
    includes = {i: line for i, line in enumerate(lines) if re.match(r"\s*#\s*include\b", line)}
    stripped = pattern.sub(blank, text).split("\n")
    for i, line in includes.items():
        stripped[i] = line
    return stripped


def applies(rule, path):
    if path.suffix not in rule.suffixes:
        return False
    name = path.as_posix()
    if any(name.startswith(p[1:]) for p in rule.where if p.startswith("!")):
        return False
    return any(name.startswith(p) for p in rule.where if not p.startswith("!"))


def folder_dependencies(cmake_text):
    """What each folder may include, from the quorumlab_folder lines of CMakeLists.txt."""
    direct, folders = {}, {}
    for line in re.findall(r"^ *quorumlab_folder\(([^)]*)\)", cmake_text, re.M):
        words = line.split()
        folder, depends = words[0], []
        if "DEPENDS" in words:
            for word in words[words.index("DEPENDS") + 1:]:
                if word in ("LINK", "DEPENDS"):
                    break
                depends.append(word)
        name = folder.rsplit("/", 1)[-1]
        folders[name], direct[name] = folder, depends

    def closure(name, seen):
        for other in direct.get(name, []):
            if other not in seen:
                seen.add(other)
                closure(other, seen)
        return seen

    return {folders[n]: {folders[m] for m in closure(n, {n}) if m in folders} for n in direct}


class Tidy:
    def __init__(self, root, exceptions):
        self.root, self.exceptions = root, exceptions
        self.findings, self.warnings, self.used = [], [], set()
        cmake = root / "CMakeLists.txt"
        self.allowed = folder_dependencies(cmake.read_text()) if cmake.exists() else {}

    def report(self, rule, path, line, instead):
        key = (rule, path.as_posix())
        if key in self.exceptions:
            self.used.add(key)
            return
        self.findings.append((rule, f"{path.as_posix()}:{line}: {rule}: use instead: {instead}"))

    def check(self, path):
        try:
            text = (self.root / path).read_text(encoding="utf-8")
        except UnicodeDecodeError:
            return  # not text: a corpus, a picture
        raw = text.split("\n")
        code = without_comments_and_strings(text) if path.suffix in CPP else raw
        for rule in RULES:
            if not applies(rule, path) or path.as_posix() == "tests/tidy.py" and rule.raw:
                continue
            for number, line in enumerate(raw if rule.raw else code, 1):
                if rule.regex.search(line):
                    self.report(rule.name, path, number, rule.instead)
        self.check_includes(path, code)
        self.check_opening(path, raw)
        self.check_assertions(path, text)
        if path.suffix in CPP + (".py",) and len(raw) > LONG_FILE:
            self.warnings.append(f"{path.as_posix()}: {len(raw)} lines: look again whether it is one thing")

    def check_includes(self, path, code):
        folder = path.parent.as_posix()
        if folder not in self.allowed or path.suffix not in CPP:
            return
        for number, line in enumerate(code, 1):
            match = re.match(r'\s*#\s*include\s*"((?:core|sim|viz)/[^"]+)/[^"/]+"', line)
            if not match:
                continue
            included = match.group(1)
            while included not in self.allowed and included.count("/") > 1:
                included = included.rpartition("/")[0]  # a part of the folder above
            if included not in self.allowed[folder]:
                self.report("include direction", path, number,
                            f"{folder} may include {', '.join(sorted(self.allowed[folder]))} "
                            "(quorumlab_folder in CMakeLists.txt)")

    def check_opening(self, path, raw):
        if path.suffix in CPP:
            opened = raw[0].startswith("//")
        elif path.suffix == ".py":
            first = raw[1] if raw[0].startswith("#!") and len(raw) > 1 else raw[0]
            opened = first.startswith(('"""', "#", 'r"""'))
        elif path.name == "CMakeLists.txt" or raw[0].startswith("#!"):
            opened = any(line.startswith("#") for line in raw[:3] if not line.startswith("#!"))
            opened = opened or path.as_posix() == "CMakeLists.txt"
        else:
            return
        if not opened:
            self.report("opening comment", path, 1, "two to six lines that say what the file is for")

    def check_assertions(self, path, text):
        if not path.as_posix().startswith("tests/"):
            return
        if path.name.endswith("_test.cpp"):
            missing = not re.search(r"\b(CHECK|REQUIRE)\w*\s*\(|\bRC_ASSERT\w*\s*\(|rc::check", text)
        elif path.name.startswith("test_") and path.suffix == ".py":
            missing = not re.search(r"\bassert\b|self\.assert|pytest\.raises|sys\.exit\(", text)
        else:
            return
        if missing:
            self.report("no assertion", path, 1, "a test that can fail")

    def finish(self):
        for rule, path in sorted(set(self.exceptions) - self.used):
            self.findings.append(("stale exception",
                                  f"tests/tidy.py: the exception ({rule}, {path}) is not needed"))


def project_files(root):
    """Everything that is or would be committed; without git, everything outside build folders."""
    try:
        listed = subprocess.run(
            ["git", "-C", str(root), "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            check=True, capture_output=True, text=True).stdout.split("\0")
        names = sorted(set(filter(None, listed)))
    except (OSError, subprocess.CalledProcessError):
        names = sorted(p.relative_to(root).as_posix() for p in root.rglob("*") if p.is_file()
                       and not p.relative_to(root).parts[0].startswith((".git", "build", "out")))
    return [pathlib.Path(n) for n in names
            if (root / n).is_file() and not n.startswith("tests/fuzzers/corpus/")]


def run(root, exceptions):
    tidy = Tidy(root, exceptions)
    files = project_files(root)
    for path in files:
        tidy.check(path)
    tidy.finish()
    return tidy, files


def self_test():
    """Each rule must catch its bad line in a tree of one file, and let the good one pass."""
    comment = "// An example of what must or must not be caught, made by the self test of tidy.\n"
    test = "TEST_CASE(\"x\") { CHECK(true); }\n"
    cmake = "# A\nquorumlab_folder(core/base)\nquorumlab_folder(core/raft DEPENDS base)\n" \
            "quorumlab_folder(sim/world/part DEPENDS base)\nquorumlab_folder(sim/world DEPENDS raft)\n"
    cases = []  # (rule, path, content, caught)
    for rule in RULES:
        cases.append((rule.name, rule.example_path, comment + rule.bad + "\n", True))
        cases.append((rule.name, rule.example_path, comment + rule.good + "\n", False))
        if not rule.raw and "#include" not in rule.bad:
            cases.append((rule.name, rule.example_path, comment + "// " + rule.bad + "\n", False))
    cases += [
        ("include direction", "core/base/x.h", comment + '#include "core/raft/log.h"\n', True),
        ("include direction", "core/raft/x.h", comment + '#include "sim/world/clock.h"\n', True),
        ("include direction", "sim/world/x.h", comment + '#include "core/base/types.h"\n', False),
        ("include direction", "sim/world/x.h", comment + '#include "sim/world/part/x.h"\n', True),
        ("include direction", "sim/world/part/y.h", comment + '#include "sim/world/part/x.h"\n', False),
        ("include direction", "sim/world/part/y.h", comment + '#include "sim/world/x.h"\n', True),
        ("opening comment", "core/base/x.h", "int x;\n", True),
        ("opening comment", "tests/x.py", "#!/usr/bin/env python3\nimport sys\n", True),
        ("opening comment", "tests/x.py", '#!/usr/bin/env python3\n"""Why."""\n', False),
        ("no assertion", "tests/unit/raft/x_test.cpp", comment + "TEST_CASE(\"x\") {}\n", True),
        ("no assertion", "tests/unit/raft/x_test.cpp", comment + test, False),
        ("floating point", "core/runtime/x.cpp", comment + "double x;\n", False),
        ("files", "sim/cli/x.cpp", comment + "#include <fstream>\n", False),
    ]
    failures = 0
    for name, path, content, caught in cases:
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            (root / "CMakeLists.txt").write_text(cmake)
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(content)
            tidy, _ = run(root, {})
            found = [rule for rule, _ in tidy.findings]
            if (name in found) != caught:
                failures += 1
                print(f"{name}: {'missed' if caught else 'wrongly caught'} in {path}:\n{content}")
            allowed, _ = run(root, {(name, path): "as the self test asks"})
            if any(rule == name for rule, _ in allowed.findings):
                failures += 1
                print(f"{name}: an exception for {path} does not work")
            if not caught and not any(rule == "stale exception" for rule, _ in allowed.findings):
                failures += 1
                print(f"{name}: a stale exception for {path} is not noticed")
    print(f"tidy's self test: {len(cases)} examples, {failures} wrong")
    return failures == 0


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--self-test", action="store_true")
    if parser.parse_args().self_test:
        return 0 if self_test() else 1
    tidy, files = run(ROOT, EXCEPTIONS)
    for warning in tidy.warnings:
        print("warning:", warning)
    for _, finding in tidy.findings:
        print(finding)
    print(f"tidy: {len(files)} files, {len(RULES) + 3} rules, {len(tidy.findings)} findings")
    # Nothing looked at is not the same as nothing found.
    return 1 if tidy.findings or len(files) < 10 else 0


if __name__ == "__main__":
    sys.exit(main())
