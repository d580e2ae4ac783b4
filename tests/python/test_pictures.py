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


def test_a_picture_of_a_slide_is_a_small_png_with_the_same_pixels():
    if not quorumlab.build_info()["rgb_array"]:
        pytest.skip("the visualizer is not built")
    import io

    import numpy
    from PIL import Image

    run = load("quorum").run()
    one, two = run.picture(21), run.picture("two are down")
    assert (one.pixels == two.pixels).all() and (one.pixels != run.picture(20).pixels).any()
    assert run.when(21) == run.when("two are down") and run.when(20) < run.when(21) < run.end
    png = one._repr_png_()
    again = numpy.asarray(Image.open(io.BytesIO(png)).convert("RGB")).astype(int)
    assert again.shape == (500, 800, 3) and len(png) < 40_000
    # Colours that are seldom are replaced by near ones.
    assert numpy.abs(again - one.pixels).max() < 60 and (again == one.pixels).mean() > 0.97
    both = one[:100, :200] + two[:50, :100]
    assert both.pixels.shape == (100, 308, 3) and (both.pixels[60, 250] == 255).all()
    assert (run.picture().pixels == run.trace.picture(run.trace[-1].time).pixels).all()
    for wrong in (99, 0, "never heard of", "", True):
        with pytest.raises(ScenarioError):
            run.picture(wrong)
    with pytest.raises(ScenarioError, match="came to no bookmark 'two masters'"):
        load("blind-master").run().when("two masters")
    with pytest.raises(ScenarioError, match="width"):
        run.picture(21, width=5)
    with pytest.raises(ScenarioError):
        load("quorum").run(trace=False).picture(21)


def test_only_human_touches_a_display():
    with pytest.raises(ScenarioError):
        Cluster(nodes=3, seed=1).run_for("1s").render("human")


def test_diagrams_in_a_notebook_leave_other_drawings_alone():
    sim = Cluster(nodes=3, seed=1).run_for("1s")
    for shown in (sim.trace, load("quorum").run()):
        text = shown._repr_mimebundle_()["image/svg+xml"]
        root = xml.etree.ElementTree.fromstring(text)
        rules = re.findall(r"([^{}]+)\{[^{}]*\}", "".join(e.text for e in root.iter() if e.tag.endswith("style")))
        assert len(rules) > 15 and root.get("class") == "ladder"
        assert all(one.strip().startswith("svg.ladder ") for rule in rules for one in rule.split(","))


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


def test_what_print_shows(monkeypatch):
    import io
    import sys

    sim = Cluster(nodes=3, seed=1).run_for("1s")
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setattr(sys, "stdout", Terminal())
    assert "\033[33m" in str(sim)
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    assert "\033" not in str(sim) and "leader" in str(sim) and "\033[33m" in sim.render("ansi")
    agents = Cluster(nodes=3, gossip=True, raft=False, seed=1).run_for("1s")
    agents.join("n2", to="n1")
    agents.run_for("5s")
    assert [line.split("lists ")[1] for line in str(agents).splitlines()[1:]] == ["2 alive", "2 alive", "1 alive"]


def test_every_server_has_its_name_in_the_ring():
    sim = Cluster(nodes=64, seed=1).run_for("1s")
    drawn = sim.render("svg")
    texts = [e.text for e in xml.etree.ElementTree.fromstring(drawn).iter("{http://www.w3.org/2000/svg}text")]
    assert set(sim.names) - set(texts) == {sim.leader.name} and f"{sim.leader.name}, leads" in texts
    # What does not fit into a circle stands beside it, inside the picture.
    names = ["a-name-of-a-server-in-europe", "another-name-of-one-in-asia", "third"]
    root = xml.etree.ElementTree.fromstring(Cluster(nodes=names, seed=1).run_for("1s").render("svg"))
    width = float(root.get("viewBox").split()[2])
    middles = [(float(e.get("cx")), float(e.get("cy"))) for e in root.iter("{http://www.w3.org/2000/svg}circle")]
    found = [e for e in root.iter("{http://www.w3.org/2000/svg}text") if e.text in names]
    assert [e.text for e in found] == names
    for e in found:
        x, y, reach = float(e.get("x")), float(e.get("y")), 9 * len(e.text)
        left, right = {"start": (x, x + reach), "end": (x - reach, x), "middle": (x - reach / 2, x + reach / 2)}[e.get("text-anchor")]
        assert left > 0 and right < width
        assert all((max(left - cx, cx - right, 0)) ** 2 + (y - cy) ** 2 > 30**2 for cx, cy in middles)
