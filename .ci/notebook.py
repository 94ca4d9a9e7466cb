#!/usr/bin/env python3
"""Runs the code cells of a notebook one after another, without Jupyter.

    python3 .ci/notebook.py notebooks/explore.ipynb RUN

RUN is the folder of a run's outputs. Ends with an error when a cell fails, when a cell prints nothing although it is not the
first, or when the notebook was saved with outputs, which would be some other run's.
"""

import contextlib
import io
import json
import os
import sys
from pathlib import Path


def cells(notebook):
    """The code cells as text."""
    document = json.loads(notebook.read_text(encoding="utf-8"))
    code = [cell for cell in document["cells"] if cell["cell_type"] == "code"]
    if any(cell["outputs"] for cell in code):
        sys.exit(f"{notebook}: has outputs; clear them before saving")
    return ["".join(cell["source"]) for cell in code]


def main(notebook, run):
    os.environ["OUTLAY_RUN"] = str(Path(run).resolve())
    os.environ.setdefault("MPLBACKEND", "Agg")
    sources = cells(Path(notebook))
    names = {"__name__": "__main__"}
    for number, source in enumerate(sources, start=1):
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(compile(source, f"{notebook}, code cell {number}", "exec"), names)
        if number > 1 and not printed.getvalue().strip():
            sys.exit(f"{notebook}, code cell {number}: shows nothing")
        sys.stdout.write(printed.getvalue())
    print(f"{notebook}: {len(sources)} cells ran")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(sys.argv[1], sys.argv[2])
