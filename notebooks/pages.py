#!/usr/bin/env python3
"""The notebooks as HTML pages, to read without Jupyter: notebooks/pages.py [NOTEBOOK...] [-o FOLDER]

`jupyter nbconvert --to html` of version 6.5 washes all shapes out of the drawings (it takes SVG for a danger); here
they stay as they are, since the notebooks are our own. Nothing is run: the pages show the outputs that are stored.
"""

import argparse
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent


def page(notebook: pathlib.Path) -> str:
    """The page of one notebook."""
    from nbconvert.exporters import HTMLExporter

    exporter = HTMLExporter()
    exporter.register_filter("clean_html", lambda markup: markup.decode() if isinstance(markup, bytes) else markup)
    return exporter.from_filename(str(notebook))[0]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0], epilog="Needs Debian's python3-nbconvert.")
    parser.add_argument("notebooks", nargs="*", type=pathlib.Path, metavar="NOTEBOOK", help="without one: all")
    parser.add_argument("-o", "--out", type=pathlib.Path, default=pathlib.Path("out/notebooks"), metavar="FOLDER",
                        help="where the pages go (default: %(default)s)")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    for notebook in options.notebooks or sorted(HERE.glob("*.ipynb")):
        try:
            text = page(notebook)
        except ImportError:
            print("pages.py: it needs nbconvert: apt install python3-nbconvert", file=sys.stderr)
            return 69
        except (OSError, ValueError) as error:
            print(f"pages.py: {notebook}: {error}", file=sys.stderr)
            return 65
        target = options.out / (notebook.stem + ".html")
        target.write_text(text)
        print(target)
    return 0


if __name__ == "__main__":
    sys.exit(main())
