"""What the notebooks' pictures share: colours that colour-blind readers can tell apart (Okabe and Ito's), lines that
also differ in their dashes, and several drawings beside each other. `import style` is all that a notebook needs.
"""

import html
import re

import matplotlib
import matplotlib.pyplot as plt
from cycler import cycler

BLUE, ORANGE, GREEN, RED, PURPLE = "#0072b2", "#e69f00", "#009e73", "#d55e00", "#cc79a7"
SKY, YELLOW, BLACK, GREY = "#56b4e9", "#f0e442", "#1d1d1b", "#63625c"
COLOURS = [BLUE, ORANGE, GREEN, RED, PURPLE, SKY]
# Two lines never differ by their colour alone.
DASHES = ["-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (8, 2))]
MARKERS = ["o", "s", "^", "D", "v", "P"]

matplotlib.rcParams.update({
    "axes.prop_cycle": cycler(color=COLOURS) + cycler(linestyle=DASHES),
    "axes.grid": True, "grid.color": "#dedcd5", "grid.linewidth": 0.8, "axes.axisbelow": True,
    "axes.spines.top": False, "axes.spines.right": False, "axes.edgecolor": GREY, "axes.titlelocation": "left",
    "figure.figsize": (8.0, 3.8), "figure.dpi": 90, "figure.facecolor": "white", "savefig.facecolor": "white",
    "font.family": "DejaVu Sans", "font.size": 10.5, "legend.frameon": False, "lines.linewidth": 2.0,
})


def plot(title, across, up, columns=1, **settings):
    """A figure and its axes (a list of them for several columns), with words at both axes."""
    figure, axes = plt.subplots(1, columns, **settings)
    for part in [axes] if columns == 1 else axes:
        part.set(xlabel=across, ylabel=up)
    (axes if columns == 1 else axes[0]).set_title(title, fontweight="bold")
    return figure, axes


class Drawing:
    """A drawing (text of SVG) that a notebook shows."""

    def __init__(self, svg):
        self.svg = svg

    def _repr_svg_(self):
        return self.svg

    def __repr__(self):
        return f"<Drawing of {len(self.svg):,} characters>"


def side_by_side(*pictures, captions=(), width=1000):
    """Several drawings in one row: text of SVG, or whatever a notebook shows as one (a cluster, a trace)."""
    texts = [p if isinstance(p, str) else (p._repr_svg_() if hasattr(p, "_repr_svg_") else p._repr_mimebundle_()["image/svg+xml"])
             for p in pictures]
    boxes = [[float(v) for v in re.search(r'viewBox="([^"]+)"', text).group(1).split()] for text in texts]
    gap, total, head = 12, sum(box[2] for box in boxes), 0
    scale = (width - gap * (len(boxes) - 1)) / total
    out, x = [], 0.0
    if captions:
        head = 26
    height = head + scale * max(box[3] for box in boxes)
    for at, (text, box) in enumerate(zip(texts, boxes)):
        w, h = box[2] * scale, box[3] * scale
        if captions:
            out.append(f'<text x="{x + 4:.0f}" y="17" font-size="14" font-weight="600" fill="{BLACK}">{html.escape(captions[at])}</text>')
        opening, rest = text.split(">", 1)
        opening = re.sub(r'\s(?:width|height)="[^"]*"', "", opening)
        place = f'<svg x="{x:.0f}" y="{head}" width="{w:.0f}" height="{h:.0f}" '
        out.append(opening.replace("<svg ", place, 1) + ">" + rest)
        x += w + gap
    return Drawing(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height:.0f}" width="{width}" '
                   f'font-family="system-ui, DejaVu Sans, Arial, sans-serif">{"".join(out)}</svg>')
