#!/usr/bin/env python3
"""The notebooks run, and show today what is committed in them: text, tables and SVG to the letter, plots pixel by
pixel within a small tolerance (anti-aliasing is not the same on every processor).

  notebooks.py --build build notebooks/01-first-election.ipynb ...   runs copies and compares, exit 1 at a difference
  notebooks.py --build build --write notebooks/*.ipynb               runs them and writes what they show now
  notebooks.py --build build --canary                                checks that a changed output is noticed

The copies with today's outputs are left in build/notebooks.
"""

import argparse
import base64
import copy
import difflib
import io
import json
import os
import pathlib
import re
import sys
import tempfile
import time

SOURCE = pathlib.Path(__file__).resolve().parent.parent
LARGEST = 600_000  # GitHub shows notebooks up to a size; diffs should stay readable
# A pixel differs if a channel does by more than this; a picture differs if more than this part of its pixels do.
CHANNEL, PART = 24, 0.002
SKIPPED = 77

try:
    import nbclient
    import nbformat
    import numpy
    from jupyter_client.kernelspec import KernelSpecManager
    from PIL import Image

    MISSING = None
except ImportError as error:
    MISSING = error


def settle_environment(build, scratch):
    """One interpreter, one thread, one locale, no files of the user's own: the same outputs everywhere."""
    os.environ.update(
        PYTHONPATH=str(build / "python"), PYTHONDONTWRITEBYTECODE="1", PYTHONHASHSEED="0",
        PYDEVD_DISABLE_FILE_VALIDATION="1", OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", COLUMNS="100", LINES="40",
        TZ="UTC", LC_ALL="C.UTF-8", MPLBACKEND="module://matplotlib_inline.backend_inline",
        # Matplotlib's list of fonts takes seconds to make: it is kept between runs.
        MPLCONFIGDIR=str(build / "notebooks" / "matplotlib"), IPYTHONDIR=str(scratch / "ipython"),
        JUPYTER_CONFIG_DIR=str(scratch / "config"), JUPYTER_DATA_DIR=str(scratch / "data"),
        JUPYTER_RUNTIME_DIR=str(scratch / "run"), JUPYTER_PATH="", JUPYTER_NO_CONFIG="1")
    # What says "python3" shall be this interpreter, whatever else is installed.
    kernel = scratch / "data" / "kernels" / "python3"
    kernel.mkdir(parents=True)
    command = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    (kernel / "kernel.json").write_text(json.dumps({"argv": command, "display_name": "Python 3", "language": "python"}))


class Broken(Exception):
    """A notebook that did not run to its end."""


def execute(notebook, folder, seconds=240):
    """Runs all cells in a kernel of its own and answers the notebook with their outputs."""
    done = copy.deepcopy(notebook)
    specs = KernelSpecManager(ensure_native_kernel=False)
    client = nbclient.NotebookClient(done, timeout=seconds, kernel_name="python3", record_timing=False,
                                     resources={"metadata": {"path": str(folder)}})
    client.create_kernel_manager()
    client.km.kernel_spec_manager = specs
    # Sockets in the file system: kernels that run side by side cannot race for a port.
    client.km.transport = "ipc"
    client.km.ip = tempfile.mkdtemp(prefix="kernel-") + "/socket"
    try:
        client.execute()
    except nbclient.exceptions.CellExecutionError as error:
        raise Broken(re.sub(r"\x1b\[[0-9;]*m", "", str(error)).strip()) from None
    except nbclient.exceptions.CellTimeoutError as error:
        raise Broken(f"a cell took longer than {seconds} s\n{error}") from None
    return settled(done)


def settled(notebook):
    """Without what differs from run to run or from machine to machine and says nothing."""
    notebook.metadata = nbformat.from_dict({
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"}})
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    count = 0
    for cell in notebook.cells:
        cell.metadata = nbformat.from_dict({k: v for k, v in cell.metadata.items() if k == "tags"})
        if cell.cell_type != "code":
            continue
        count += 1
        cell.execution_count = count
        outputs = []
        for output in cell.outputs:
            if output.output_type == "execute_result":
                output.execution_count = count
            if output.output_type == "error":
                # A traceback names lines of files; the last line is what the reader is told.
                output.traceback = [f"{output.ename}: {output.evalue}"]
            output.get("metadata", {}).pop("needs_background", None)
            before = outputs[-1] if outputs else None
            if output.output_type == "stream" and before is not None and before.get("name") == output.name:
                before.text += output.text  # when a stream is flushed is chance
            else:
                outputs.append(output)
        cell.outputs = outputs
    return notebook


def text_of(notebook):
    return nbformat.writes(notebook, version=4) + "\n"


def place(notebook, at):
    cell = notebook.cells[at]
    code = sum(c.cell_type == "code" for c in notebook.cells[: at + 1])
    first = next((line for line in cell.source.splitlines() if line.strip()), "")
    return f"cell [{code}] (id {cell.get('id')}): {first[:70]}"


def parts(output):
    """What an output shows, by kind."""
    if output.output_type == "stream":
        return {output.name: output.text}
    if output.output_type == "error":
        return {"error": f"{output.ename}: {output.evalue}"}
    return {kind: value if isinstance(value, str) else json.dumps(value, indent=1, sort_keys=True)
            for kind, value in output.data.items()}


def picture_difference(committed, now):
    """In words; "" if they look the same."""
    old, new = (numpy.asarray(Image.open(io.BytesIO(base64.b64decode(data))).convert("RGBA"), dtype=numpy.int16)
                for data in (committed, now))
    if old.shape != new.shape:
        return f"the picture was {old.shape[1]} x {old.shape[0]}, and is {new.shape[1]} x {new.shape[0]}"
    away = numpy.abs(old - new).max(axis=2)
    wrong = int((away > CHANNEL).sum())
    if wrong <= PART * away.size:
        return ""
    rows, columns = numpy.nonzero(away > CHANNEL)
    return (f"{wrong} of {away.size} pixels differ, by up to {int(away.max())} of 255, within columns {columns.min()} to "
            f"{columns.max()} and rows {rows.min()} to {rows.max()}")


def text_difference(committed, now, most=40):
    # A picture of one line is no use in a diff: a line for each element.
    old, new = ((t.replace("><", ">\n<") if t.lstrip().startswith("<") else t).splitlines() for t in (committed, now))
    lines = list(difflib.unified_diff(old, new, "committed", "now", lineterm="", n=1))
    cut = [line[:160] for line in lines[:most]]
    return "\n".join(cut + [f"... and {len(lines) - most} more lines"] * (len(lines) > most))


def differences(committed, now):
    """What the notebook shows now and did not show when it was committed, each with its place."""
    found = []
    for at, (old, new) in enumerate(zip(committed.cells, now.cells)):
        if old.cell_type != "code":
            continue
        where = place(committed, at)
        if len(old.outputs) != len(new.outputs):
            shown = "".join(f"\n  now: {', '.join(parts(o))}: {next(iter(parts(o).values()))[:200]}" for o in new.outputs)
            found.append(f"{where}\n{len(old.outputs)} outputs are committed, and there are {len(new.outputs)} now{shown}")
            continue
        for number, (a, b) in enumerate(zip(old.outputs, new.outputs), 1):
            a, b = parts(a), parts(b)
            if list(sorted(a)) != list(sorted(b)):
                found.append(f"{where}\noutput {number} was {', '.join(sorted(a))}, and is {', '.join(sorted(b))}")
                continue
            for kind in a:
                if kind == "image/png":
                    wrong = picture_difference(a[kind], b[kind])
                elif a[kind].rstrip("\n") != b[kind].rstrip("\n"):
                    wrong = text_difference(a[kind], b[kind])
                else:
                    wrong = ""
                if wrong:
                    found.append(f"{where}\noutput {number}, {kind}:\n{wrong}")
    if len(committed.cells) != len(now.cells):
        found.append(f"{len(committed.cells)} cells are committed, and {len(now.cells)} ran")
    return found


def complaints(notebook, size):
    """What a notebook has to be like, whatever it shows."""
    found = []
    try:
        nbformat.validate(notebook)
    except nbformat.ValidationError as error:
        found.append(f"no valid notebook: {error}")
    texts = [c.source for c in notebook.cells if c.cell_type == "markdown"]
    if not texts or not texts[0].startswith("# ") or "What you will learn" not in texts[0]:
        found.append('it does not open with a title and "What you will learn"')
    if not texts or not any(re.search(r"^## Exercises$", t, re.M) for t in texts[-2:]):
        found.append('it does not end with "## Exercises"')
    ids = [c.get("id") for c in notebook.cells]
    if None in ids or len(set(ids)) < len(ids):
        found.append("cells need ids, all different (nbformat 4.5)")
    if size > LARGEST:
        found.append(f"{size:,} bytes are too many: {LARGEST:,} at most")
    for at, cell in enumerate(notebook.cells):
        for output in cell.get("outputs", ()):
            shown = parts(output)
            everything = "\n".join(v for k, v in shown.items() if k != "image/png")
            if "stderr" in shown:
                found.append(f"{place(notebook, at)}\nwrites to stderr:\n{shown['stderr'][:600]}")
            if "error" in shown and "raises-exception" not in cell.metadata.get("tags", ()):
                found.append(f"{place(notebook, at)}\nends with an error")
            for pattern, what in ((r"\bat 0x[0-9a-f]{6,}", "an address in memory"), (re.escape(str(SOURCE)), "this machine's folder"),
                                  (r"<script", "JavaScript, which GitHub does not run")):
                if re.search(pattern, everything):
                    found.append(f"{place(notebook, at)}\nshows {what}")
    return found


def check(path, build, write):
    """Runs one notebook; answers what is wrong with it."""
    committed = nbformat.read(path, as_version=4)
    started = time.monotonic()
    try:
        now = execute(committed, path.parent)
    except Broken as error:
        return [f"it does not run\n{error}"]
    seconds = time.monotonic() - started
    text = text_of(now)
    target = path if write else build / "notebooks" / path.name
    target.write_text(text, encoding="utf-8")
    wrong = complaints(now, len(text.encode()))
    if not write:
        wrong += differences(committed, now)
        if not wrong and text_of(settled(copy.deepcopy(committed))) != path.read_text(encoding="utf-8"):
            wrong.append("it is not written as --write writes it: volatile metadata, or another layout")
    print(f"{path.name}: {sum(c.cell_type == 'code' for c in now.cells)} cells of code in {seconds:.1f} s, "
          f"{len(text.encode()) / 1000:.0f} kB{', written' * write}")
    return wrong


def sample():
    """A notebook with an output of each kind."""
    new = nbformat.v4
    cells = [new.new_markdown_cell("# A sample\n\n## What you will learn\n\nNothing.", id="title"),
             new.new_code_cell("import quorumlab\nsim = quorumlab.Cluster(nodes=3, seed=1).run_for('1s')\nprint(sim.leader)\nsim", id="ring"),
             new.new_code_cell("sim.to_frame()", id="table"),
             new.new_code_cell("import matplotlib.pyplot as plt\nplt.plot([1, 2, 4]);", id="plot"),
             new.new_markdown_cell("## Exercises\n\n1. None.", id="end")]
    return settled(new.new_notebook(cells=cells))


def canary(build):
    """Whatever changes in an output is noticed, and nothing else is."""
    notebook = execute(sample(), build / "notebooks")
    size = len(text_of(notebook))
    checks = [("the same again", not differences(notebook, execute(notebook, build / "notebooks"))),
              ("its form", not complaints(notebook, size))]

    def changed(name, change, hint):
        other = copy.deepcopy(notebook)
        change(other.cells)
        found = "\n".join(differences(other, notebook))
        checks.append((f"{name} is noticed", hint in found))

    def repainted(share, by):
        def change(cells):
            data = next(o for o in cells[3].outputs if "image/png" in o.get("data", ())).data
            pixels = numpy.asarray(Image.open(io.BytesIO(base64.b64decode(data["image/png"]))).convert("RGBA")).astype(numpy.int16)
            rows = max(1, int(len(pixels) * share))
            part = pixels[len(pixels) // 2: len(pixels) // 2 + rows, :, :3]
            part[...] = numpy.where(part > 127, part - by, part + by)
            out = io.BytesIO()
            Image.fromarray(pixels.astype(numpy.uint8)).save(out, "png")
            data["image/png"] = base64.b64encode(out.getvalue()).decode()
        return change

    def replaced(cell, kind, old, new):
        def change(cells):
            output = next(o for o in cells[cell].outputs if kind in parts(o))
            assert old in parts(output)[kind], (kind, old)
            if kind == "stdout":
                output.text = output.text.replace(old, new)
            else:
                output.data[kind] = output.data[kind].replace(old, new)
        return change

    changed("a word that was printed", replaced(1, "stdout", "n", "m"), "stdout")
    changed("a number in a picture of ours", replaced(1, "image/svg+xml", 'font-size="15"', 'font-size="16"'), "image/svg+xml")
    changed("a cell of a table", replaced(2, "text/html", "follower", "leader"), "text/html")
    changed("a plot with a stripe", repainted(0.05, 100), "pixels differ")
    changed("an output that is gone", lambda cells: cells[2].outputs.clear(), "0 outputs are committed")
    other = copy.deepcopy(notebook)
    repainted(0.5, 3)(other.cells)
    checks.append(("anti-aliasing that differs by a shade is let pass", not differences(other, notebook)))
    broken = sample()
    broken.cells[2].source = "sim.crash('n9')"
    try:
        execute(broken, build / "notebooks")
        checks.append(("a cell that raises is noticed", False))
    except Broken as error:
        checks.append(("a cell that raises is noticed", "n9" in str(error)))
    for name, source, hint in (("stderr", "import sys; print('oh', file=sys.stderr)", "stderr"), ("an address", "print(object())", "address")):
        loud = sample()
        loud.cells[2].source = source
        found = "\n".join(complaints(execute(loud, build / "notebooks"), size))
        checks.append((f"{name} is noticed", hint in found))
    checks.append(("what is too large is noticed", bool(complaints(notebook, LARGEST + 1))))
    for name, held in checks:
        print(f"{'ok ' if held else 'BAD'} {name}")
    return all(held for _, held in checks)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, default=SOURCE / "build", help="build folder, with python/quorumlab in it")
    parser.add_argument("--write", action="store_true", help="write the outputs instead of comparing them")
    parser.add_argument("--canary", action="store_true", help="check that a changed output is noticed")
    parser.add_argument("notebooks", nargs="*", type=pathlib.Path, help="without any: all")
    given = parser.parse_args()
    if MISSING is not None:
        print(f"skipped: {MISSING}; Debian: python3-nbclient python3-ipykernel python3-matplotlib python3-pil")
        return SKIPPED
    build = given.build.resolve()
    (build / "notebooks").mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        tempfile.tempdir = scratch
        settle_environment(build, pathlib.Path(scratch))
        if given.canary:
            return 0 if canary(build) else 1
        bad = 0
        for path in given.notebooks or sorted((SOURCE / "notebooks").glob("*.ipynb")):
            for complaint in check(path.resolve(), build, given.write):
                bad += 1
                print(f"\n{path.name}: {complaint}")
    if bad:
        print(f"\n{bad} difference{'s' * (bad > 1)}. What is wanted: tests/notebooks.py --build {given.build} --write NOTEBOOK, and say why "
              "in the commit.")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
