"""Pictures of a cluster at one moment: a ring as SVG, lines for a terminal, pixels, and pages in a notebook. No
JavaScript in what a notebook shows by itself, and no display but for "human"."""

from __future__ import annotations

import html
import math
import os
import pathlib
import re
import struct
import subprocess
import sys
import tempfile
import zlib
from typing import TYPE_CHECKING, Any

from . import _core
from .errors import ScenarioError
from .values import whole_number

if TYPE_CHECKING:
    import numpy

    from .cluster import Cluster

__all__ = ["Page", "Picture", "render"]

# Okabe and Ito's colours; what a colour says is also said by a shape or a word.
FILL = {"leader": "#e69f00", "candidate": "#f0e442", "pre_candidate": "#f0e442", "follower": "#56b4e9", "none": "#56b4e9",
        "down": "#e4e2dc", "paused": "#ffffff"}
INK, SOFT, GOOD, BAD = "#1d1d1b", "#63625c", "#00805d", "#b84a00"


class Page:
    """A page of HTML that needs nothing else. In a notebook it stands in a frame of its own; elsewhere
    ``save(path)`` writes it."""

    def __init__(self, text: str, height: int = 600):
        self.text = text
        self.height = whole_number(height, "height", 100)

    def save(self, path: "str | os.PathLike[str]") -> pathlib.Path:
        target = pathlib.Path(path)
        target.write_text(self.text, encoding="utf-8")
        return target

    def _repr_html_(self) -> str:
        return (f'<iframe srcdoc="{html.escape(self.text)}" width="100%" height="{int(self.height)}" '
                'style="border:1px solid #dedcd5" sandbox="allow-scripts" title="quorumlab"></iframe>')

    def __repr__(self) -> str:
        return f"<Page of {len(self.text):,} characters>"


def alone(diagram: str) -> str:
    """A diagram whose rules of style hold for itself only: notebooks may put all their drawings into one page."""
    def rule(match: "re.Match[str]") -> str:
        selectors = (re.sub(r"^svg\b\s*", "", selector.strip()) for selector in match.group(1).split(","))
        return f"\n{', '.join(f'svg.ladder {selector}' for selector in selectors)} {{{match.group(2)}}}"

    style = re.compile(r"(?<=<style>).*?(?=</style>)", re.S)
    rules = style.sub(lambda found: re.sub(r"\s*([^{}]+)\{([^{}]*)\}", rule, found.group(0)).rstrip() + "\n", diagram, count=1)
    return rules.replace("<svg ", '<svg class="ladder" ', 1)


class Picture:
    """Pixels that a notebook shows: ``pixels`` (height x width x 3 of uint8), ``save(path)`` as PNG. Parts are cut out
    as of an array, ``picture[:300, :500]``, and ``a + b`` puts two beside each other."""

    def __init__(self, pixels: "numpy.ndarray[Any, Any]"):
        self.pixels = pixels

    def __getitem__(self, part: Any) -> "Picture":
        return Picture(self.pixels[part])

    def __add__(self, other: "Picture") -> "Picture":
        import numpy

        gap = numpy.full((max(len(self.pixels), len(other.pixels)), 8, 3), 255, dtype=numpy.uint8)
        both = [numpy.pad(p, ((0, len(gap) - len(p)), (0, 0), (0, 0)), constant_values=255) for p in (self.pixels, other.pixels)]
        return Picture(numpy.concatenate([both[0], gap, both[1]], axis=1))

    def save(self, path: "str | os.PathLike[str]") -> pathlib.Path:
        """Writes it as PNG, and answers the path."""
        target = pathlib.Path(path)
        target.write_bytes(self._repr_png_())
        return target

    def _repr_png_(self) -> bytes:
        rows, palette = _painted(self.pixels)
        height, width = self.pixels.shape[:2]
        parts = ((b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)), (b"PLTE", palette),
                 (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b""))
        return b"\x89PNG\r\n\x1a\n" + b"".join(
            struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in parts)

    def __repr__(self) -> str:
        return f"<Picture of {self.pixels.shape[1]} x {self.pixels.shape[0]} pixels>"


def _painted(pixels: "numpy.ndarray[Any, Any]") -> tuple[bytes, bytes]:
    """Rows of a PNG with a palette, and the palette: the 256 colours that are used most; all others are near one."""
    import numpy

    wide = pixels.astype(numpy.uint32)
    colours, where, count = numpy.unique(wide[..., 0] << 16 | wide[..., 1] << 8 | wide[..., 2], return_inverse=True, return_counts=True)
    split = numpy.stack([colours >> 16 & 255, colours >> 8 & 255, colours & 255], axis=-1).astype(numpy.int32)
    palette = split[numpy.lexsort((colours, -count))[:256]]
    nearest = numpy.array([numpy.abs(palette - colour).sum(axis=1).argmin() for colour in split], dtype=numpy.uint8)
    rows = nearest[where].reshape(pixels.shape[:2])
    no_filter = numpy.zeros((len(rows), 1), dtype=numpy.uint8)
    return numpy.concatenate([no_filter, rows], axis=1).tobytes(), palette.astype(numpy.uint8).tobytes()


def render(cluster: "Cluster", mode: str) -> Any:
    if mode == "svg":
        return svg(cluster)
    if mode == "ansi":
        return ansi(cluster)
    if mode == "html":
        return cluster.trace.to_html()
    if mode == "rgb_array":
        return rgb_array(cluster)
    if mode == "human":
        return window(cluster)
    raise ScenarioError(f'there is no mode "{mode}"; there are svg, ansi, html, rgb_array and human')


def _states(cluster: "Cluster") -> list[dict[str, Any]]:
    out = []
    for i in range(len(cluster.hosts)):
        s = cluster._core.status(i + 1)
        s["number"] = i + 1
        s["word"] = "down" if not s["running"] else "paused" if s["paused"] else s.get("role", "none")
        if s["word"] == "none" and s.get("state"):
            # A node of one's own: who leads looks like a leader, and each has the word that it says of itself.
            s["word"] = "leader" if s["leads"] else "candidate" if s["state"] == "candidate" else "none"
        out.append(s)
    return out


def _heading(cluster: "Cluster") -> tuple[str, bool | None]:
    own = cluster._document["cluster"].get("node", "").rpartition(":")[2].rpartition(".")[2]
    if own:
        up = sum(server.running for server in cluster.nodes)
        return f"{own}: {up} of {len(cluster)} run", None
    raft = any(s.get("raft") for s in [cluster._core.status(1)])
    if not raft:
        return "serf agents", None
    q = cluster.quorum
    word = "available" if q else "unavailable"
    return f"quorum {word}: {q.have} of {q.voters} up and connected, {q.need} needed", bool(q)


def _short(name: str) -> str:
    return name if len(name) <= 32 else name[:31] + "…"


def svg(cluster: "Cluster") -> str:
    """The servers around a ring: who leads is an orange hexagon, who asks for votes has a dashed edge, who is down a
    cross; a broken line where nothing gets through."""
    states = _states(cluster)
    servers = [s for s in states if s["kind"] == "server"]
    others = [s for s in states if s["kind"] == "program"]
    n = len(servers)
    dot = 30 if n <= 9 else 20 if n <= 20 else 10
    radius = 120.0 if n > 1 else 0.0
    if n > 9:
        radius = max(120.0, n * (dot + 6) / math.pi)
    # A name that does not fit into its circle stands beside it; of many servers all do, along the rays.
    beside = n > 20 or any(len(s["name"]) * 9.0 > 2 * dot - 6 for s in servers)
    longest = max((len(_short(s["name"])) for s in servers), default=0) if beside else 0
    room = 8.0 * (longest + 9) + 24 if n > 20 else 72.0 if beside else 0.0
    width, top = 2 * radius + max(340.0, 2 * room, 2 * (8.0 * longest + dot + 36) if n <= 20 else 0), 66
    width = max(width, 560.0)
    height = top + 2 * radius + max(110.0, 2 * room + (14 if beside and n <= 20 else 0)) + (24 * len(others))
    cx, cy = width / 2, top + radius + max(46.0, room)
    place = {s["number"]: (cx + radius * math.sin(2 * math.pi * i / n), cy - radius * math.cos(2 * math.pi * i / n))
             for i, s in enumerate(servers)}
    words, good = _heading(cluster)
    leader = cluster.leader
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" width="{min(width, 720):.0f}" '
           'font-family="system-ui, DejaVu Sans, Arial, sans-serif" role="img">',
           f"<title>{html.escape(words)}</title>",
           f'<rect width="{width:.0f}" height="{height:.0f}" fill="#fbfaf7"/>',
           f'<text x="16" y="26" font-size="15" font-weight="600" fill="{INK if good is None else GOOD if good else BAD}">'
           f'{"" if good is None else "✓ " if good else "✗ "}{html.escape(words)}</text>',
           f'<text x="16" y="46" font-size="13" fill="{SOFT}">at {cluster.now:.3f} s, seed {cluster.seed}'
           f'{"" if leader is None else f", {html.escape(leader.name)} leads" + (f" in term {leader.term}" if leader.term else "")}</text>']
    if n <= 20:
        for i, a in enumerate(servers):
            for b in servers[i + 1:]:
                (x1, y1), (x2, y2) = place[a["number"]], place[b["number"]]
                both = cluster._core.connected(a["number"], b["number"]), cluster._core.connected(b["number"], a["number"])
                style = f'stroke="{SOFT}" stroke-width="1" opacity="0.35"'
                if not all(both):
                    style = f'stroke="{BAD}" stroke-width="1.5" stroke-dasharray="2 7"'
                out.append(f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" {style}/>')
    for s in servers:
        x, y = place[s["number"]]
        word = s["word"]
        dash = ' stroke-dasharray="5 3"' if "candidate" in word else ""
        edge = 4 if word == "leader" else 2
        look = (f'fill="{FILL.get(word, "#ffffff")}" stroke="{INK if s["running"] else SOFT}" '
                f'stroke-width="{edge if s["running"] else 1.5}"{dash} class="server"')
        if word == "leader":
            corners = [(x + 1.15 * dot * math.cos(math.pi * k / 3), y + 1.15 * dot * math.sin(math.pi * k / 3)) for k in range(6)]
            out.append('<polygon points="' + " ".join(f"{px:.1f},{py:.1f}" for px, py in corners) + f'" {look}/>')
        else:
            out.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{dot}" {look}/>')
        if not s["running"]:
            d = dot * 0.6
            out.append(f'<path d="M{x - d:.1f} {y - d:.1f}L{x + d:.1f} {y + d:.1f}M{x + d:.1f} {y - d:.1f}L{x - d:.1f} {y + d:.1f}" '
                       f'stroke="{BAD}" stroke-width="2.5"/>')
        if n > 20:
            turn = 360 * (s["number"] - 1) / n - 90
            flip = s["number"] - 1 > n / 2
            lx, ly = (c + (p - c) * (1 + (1.15 * dot + 6) / radius) for c, p in ((cx, x), (cy, y)))
            said = _short(s["name"]) + {"leader": ", leads", "down": ", down", "paused": ", paused"}.get(word, "")
            out.append(f'<text transform="translate({lx:.1f} {ly:.1f}) rotate({turn + 180 * flip:.1f})" y="4" '
                       f'text-anchor="{"end" if flip else "start"}" font-size="13" fill="{INK}"'
                       f'{" font-weight=" + chr(34) + "600" + chr(34) if word == "leader" else ""}>{html.escape(said)}</text>')
        else:
            under = {"leader": "leads", "down": "down", "paused": "paused", "follower": "", "none": ""}.get(word, word.replace("_", "-"))
            under = s.get("state") or under
            if "term" in s:
                under += f"{', ' if under else ''}term {s['term']}"
            far = 1 + (dot + 16) / radius if radius else 1
            lx, ly = cx + (x - cx) * far, cy + (y - cy) * far
            anchor = "middle" if abs(lx - cx) < 12 else "start" if lx > cx else "end"
            shift = 0 if abs(lx - cx) >= 12 else (-8 if ly < cy else 14)
            if not radius:
                ly += dot + 18
            if beside:
                above = ly + shift < y and abs(lx - cx) < 12 and radius  # two lines, away from the circle
                out.append(f'<text x="{lx:.1f}" y="{ly + shift + (4 if not above else -11) - (0 if abs(lx - cx) < 12 else 4):.1f}" '
                           f'text-anchor="{anchor}" font-size="13" font-weight="600" fill="{INK}">{html.escape(_short(s["name"]))}</text>')
                ly += 0 if above else 15 if abs(lx - cx) < 12 else 11
            else:
                out.append(f'<text x="{x:.1f}" y="{y + 5:.1f}" text-anchor="middle" font-size="14" font-weight="600" fill="{INK}">'
                           f'{html.escape(s["name"])}</text>')
            out.append(f'<text x="{lx:.1f}" y="{ly + shift + 4:.1f}" text-anchor="{anchor}" font-size="12" fill="{SOFT}">'
                       f"{html.escape(under)}</text>")
    for i, s in enumerate(others):
        what = "holds its key" if s.get("holds") else s.get("doing") or ("down" if not s["running"] else "")
        out.append(f'<text x="16" y="{height - 14 - 24 * (len(others) - 1 - i):.0f}" font-size="13" fill="{INK}">'
                   f'{html.escape(s["name"])}: {html.escape(str(what))}</text>')
    return "".join(out) + "</svg>"


def in_colours() -> bool:
    """Whether what is printed is read by somebody who sees colours: at a terminal, or in a notebook."""
    if os.environ.get("NO_COLOR"):
        return False
    try:
        return sys.stdout.isatty() or type(sys.stdout).__module__.startswith("ipykernel")
    except (AttributeError, ValueError):  # none, or closed
        return False


def _listed(server: Any) -> str:
    """What an agent believes of all members: "lists 4 alive, 1 failed: n3"."""
    members = server.members.values()
    found = {status: [m.name for m in members if m.status == status] for status in dict.fromkeys(m.status for m in members)}
    names = [f"{len(of)} {status}" + ("" if status == "alive" or len(of) > 4 else f" ({' '.join(of)})")
             for status, of in sorted(found.items(), key=lambda item: (item[0] != "alive", item[0]))]
    return "lists " + (", ".join(names) or "nobody")


def ansi(cluster: "Cluster", coloured: bool = True) -> str:
    """A line for each host, in colours that every terminal has, or in none."""
    colour = {"leader": "\033[33m", "candidate": "\033[93m", "pre_candidate": "\033[93m", "down": "\033[31m", "paused": "\033[34m"}
    words, good = _heading(cluster)
    lines = [f"{'' if good is None else chr(27) + ('[32m' if good else '[31m')}{words}\033[0m   "
             f"{cluster.now:.6f} s, seed {cluster.seed}"]
    for s in _states(cluster):
        if s["kind"] == "client":
            continue
        mark = {"leader": "★", "down": "✗", "paused": "‖", "candidate": "?", "pre_candidate": "?"}.get(s["word"], "●")
        text = f"{mark} {s['name']:<8} {s.get('state') or (s['word'].replace('_', '-') if s['word'] != 'none' else s['kind']):<13}"
        if "term" in s:
            text += f" term {s['term']:<4} log {s['last_index']:<6} committed {s['commit_index']}"
        if s.get("gossip") and s["running"]:
            text += ("   " if "term" in s else " ") + _listed(cluster[s["name"]])
        if s.get("holds"):
            text += f" holds its key, token {s['token']}"
        lines.append(colour.get(s["word"], "") + text.rstrip() + "\033[0m")
    text = "\n".join(lines)
    return text if coloured else re.sub("\033\\[[0-9]*m", "", text)


def rgb_array(cluster: "Cluster", width: int = 1280, height: int = 800) -> Any:
    return screenshot(cluster.trace._tape, cluster.now_ns, width, height)


def screenshot(tape: "_core.Tape", time_ns: int, width: int, height: int) -> "numpy.ndarray[Any, Any]":
    if not hasattr(_core, "screenshot"):
        raise ScenarioError("pixels need the visualizer, which this build has not: libimgui-dev is missing")
    for name, value, least, most in (("width", width, 320, 7680), ("height", height, 240, 4320)):
        if isinstance(value, bool) or not hasattr(value, "__index__") or not least <= value <= most:
            raise ScenarioError(f"{name}: expected a whole number of pixels from {least:,} to {most:,}, got {value!r}")
    return _core.screenshot(tape, time_ns, int(width), int(height))


def window(cluster: "Cluster") -> None:
    """The visualizer's window on the run so far; comes back when it is closed."""
    import shutil

    build = pathlib.Path(__file__).parent.parent.parent / "quorumlab-viz"
    program = str(build) if build.exists() else shutil.which("quorumlab-viz")
    if program is None:
        raise ScenarioError("the window needs the program quorumlab-viz")
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "run.qlt")
        cluster.trace.save(path)
        done = subprocess.run([program, path, "--at", f"{cluster.now_ns}ns"], capture_output=True, text=True)
    if done.returncode != 0:
        raise ScenarioError(done.stderr.strip() or "the window could not be opened")
