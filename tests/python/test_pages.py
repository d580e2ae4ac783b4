"""notebooks/pages.py: the notebooks as pages, with their drawings."""

import json
import subprocess
import sys

import pytest

from conftest import ROOT

pytest.importorskip("nbconvert")
PAGES = ROOT / "notebooks" / "pages.py"


def make(*arguments):
    return subprocess.run([sys.executable, PAGES, *arguments], capture_output=True, text=True)


def test_drawings_stay_whole(tmp_path):
    notebook = ROOT / "notebooks" / "01-first-election.ipynb"
    done = make(notebook, "-o", tmp_path)
    assert done.returncode == 0, done.stderr
    page = (tmp_path / "01-first-election.html").read_text()
    assert str(tmp_path / "01-first-election.html") in done.stdout
    drawings = ["".join(output["data"]["image/svg+xml"]) for cell in json.loads(notebook.read_text())["cells"]
                for output in cell.get("outputs", []) if "image/svg+xml" in output.get("data", {})]
    assert drawings
    for drawing in drawings:
        assert drawing.strip().split("\n")[-1][-200:] in page
    assert page.count("<path") >= sum(drawing.count("<path") for drawing in drawings)


def test_no_such_notebook(tmp_path):
    done = make("nothing.ipynb", "-o", tmp_path)
    assert done.returncode == 65 and "nothing.ipynb" in done.stderr
