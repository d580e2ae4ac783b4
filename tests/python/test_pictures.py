"""Pictures: each mode answers data without a display."""

import os
import re
import xml.etree.ElementTree

import pytest

import quorumlab
from quorumlab import Cluster, ScenarioError, load

from conftest import ROOT


@pytest.fixture(autouse=True)
def no_display(monkeypatch):
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)


@pytest.mark.parametrize("settings", [{"nodes": 1}, {"nodes": 5}, {"nodes": 21}, {"nodes": 4, "raft": False, "gossip": True},
                                      {"nodes": 3, "kv": True}])
def test_the_ring_is_good_svg_at_every_moment(settings):
    sim = Cluster(seed=1, **settings)
    for _ in range(4):
        root = xml.etree.ElementTree.fromstring(sim.render("svg"))
        assert len([e for e in root.iter() if e.get("class") == "server"]) == settings["nodes"]
        assert not [e for e in root.iter() if e.tag.endswith("script")]
        assert sim.render("ansi").count("\n") == settings["nodes"]
        sim.run_for("400ms")
    sim.crash("n1")
    assert "down" in sim.render("svg") or settings["nodes"] > 20
    assert sim.render("html").lstrip().startswith("<!")


def test_the_picture_in_the_readme_is_what_its_lines_show():
    folder = ROOT / "pybind"
    code = re.search(r"```python\n(.*?)```", (folder / "README.md").read_text(), re.S).group(1)
    names = {}
    exec(code, names)
    assert (folder / "ring.svg").read_text() == names["sim"].render("svg") + "\n"


def test_pixels():
    if not quorumlab.build_info()["rgb_array"]:
        pytest.skip("the visualizer is not built")
    import numpy

    sim = Cluster(nodes=5, seed=42).run_for("2s")
    pixels = sim.render("rgb_array")
    assert pixels.shape == (800, 1280, 3) and pixels.dtype == numpy.uint8
    assert len(numpy.unique(pixels.reshape(-1, 3), axis=0)) > 20
    assert (pixels == sim.fork().render("rgb_array")).all()
    sim.crash("@leader")
    assert (pixels != sim.render("rgb_array")).any()
    folder = os.environ.get("QUORUMLAB_PICTURES")
    if folder:
        from PIL import Image

        Image.fromarray(pixels).save(folder + "/rgb.png")


def test_only_human_touches_a_display():
    with pytest.raises(ScenarioError):
        Cluster(nodes=3, seed=1).run_for("1s").render("human")


def test_a_program_is_shown():
    apps = load("leader-election").to_dict()["cluster"]["apps"]
    assert apps
    sc = load("leader-election")
    document = {k: v for k, v in sc.to_dict()["cluster"].items()}
    names = document.pop("nodes")
    kv = document.pop("etcd")
    sim = Cluster(names, kv=kv, seed=1, **document).run_for("10s")
    program = next(sim[h] for h in sim.hosts if sim[h].kind == "program")
    assert program.name in sim.render("svg") and isinstance(program.holds, bool) and program.token >= 0
