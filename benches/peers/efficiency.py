"""Data envelopment side by side: `outlay efficiency`, Pyfrontier, and HiGHS on the same programs, in one run.

    pip install numpy highspy pyfrontier
    cargo build --release
    python benches/peers/efficiency.py target/release/outlay 200 1000

Constant returns, input oriented, three inputs and three outputs, uniform figures from a fixed seed. Each answer is two-stage: the
efficiency, then the largest total slack at it. outlay is timed as a whole process, table in and JSON out; the others by their
calls alone. Pyfrontier runs with its own solver (CBC through PuLP), one process a program. HiGHS holds one model whose column of
theta and right-hand side change from unit to unit, so that it starts each program at the last one's basis.
"""
import json
import subprocess
import sys
import tempfile
import time

import highspy
import numpy as np


def outlay(binary, x, y):
    rows = ["dmu,a,b,c,d,e,f"]
    rows += [",".join([str(unit), *map(repr, map(float, [*x[unit], *y[unit]]))]) for unit in range(len(x))]
    with tempfile.NamedTemporaryFile("w", suffix=".csv") as table:
        table.write("\n".join(rows) + "\n")
        table.flush()
        command = [binary, "efficiency", table.name, "--label", "dmu", "--inputs", "a,b,c", "--outputs", "d,e,f"]
        found = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    return [unit["efficiency"] for unit in found["units"]]


def pyfrontier(x, y):
    from Pyfrontier.frontier_model import EnvelopDEA

    model = EnvelopDEA("CRS", "in")
    model.fit(x, y)
    return [unit.score for unit in model.result]


def highs(x, y):
    """min theta, then max slack at it: x' lambda - theta x_o + s = 0, y' lambda - t = y_o."""
    n, m, s = len(x), x.shape[1], y.shape[1]
    model = highspy.Highs()
    model.setOptionValue("output_flag", False)
    inf = highspy.kHighsInf
    for _ in range(m):
        model.addRow(0.0, 0.0, 0, [], [])
    for _ in range(s):
        model.addRow(0.0, 0.0, 0, [], [])
    index = np.arange(m + s, dtype=np.int32)
    for unit in range(n):
        model.addCol(0.0, 0.0, inf, m + s, index, np.concatenate([x[unit], y[unit]]))
    for row in range(m + s):
        model.addCol(0.0, 0.0, inf, 1, np.array([row], dtype=np.int32), np.array([1.0 if row < m else -1.0]))
    theta = n + m + s
    model.addCol(1.0, 0.0, inf, m, index[:m], -x[0])
    slacks = range(n, n + m + s)
    sizes = np.concatenate([x.max(axis=0), y.max(axis=0)])
    scores = []
    for unit in range(n):
        for row in range(m):
            model.changeCoeff(row, theta, -x[unit][row])
        for row in range(s):
            model.changeRowBounds(m + row, y[unit][row], y[unit][row])
        model.changeColBounds(theta, 0.0, inf)
        model.changeColCost(theta, 1.0)
        for slack in slacks:
            model.changeColCost(slack, 0.0)
        model.run()
        score = model.getInfoValue("objective_function_value")[1]
        model.changeColBounds(theta, score, score)
        model.changeColCost(theta, 0.0)
        for slack, size in zip(slacks, sizes):
            model.changeColCost(slack, -1.0 / size)
        model.run()
        scores.append(score)
    return scores


def main():
    binary, sizes = sys.argv[1], [int(size) for size in sys.argv[2:]] or [200, 1000]
    print("| units | program | wall s | outlay is faster by | largest difference of a score |")
    print("|---|---|---|---|---|")
    for size in sizes:
        random = np.random.default_rng(1)
        x, y = random.uniform(1, 100, (size, 3)), random.uniform(1, 100, (size, 3))
        peers = {"outlay": lambda: outlay(binary, x, y), "HiGHS": lambda: highs(x, y)}
        if size <= 200:
            peers["Pyfrontier"] = lambda: pyfrontier(x, y)
        base = None
        for name, run in peers.items():
            start = time.perf_counter()
            scores = np.array(run())
            wall = time.perf_counter() - start
            base = (wall, scores) if base is None else base
            print(f"| {size} | {name} | {wall:.3f} | {wall / base[0]:.1f} | {np.abs(scores - base[1]).max():.1e} |", flush=True)


main()
