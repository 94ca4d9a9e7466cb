"""outlay's plan beside what others do with the same curves, in one run.

    python benches/peers/plan.py speed  --outlay target/release/outlay      seconds and gap by size
    python benches/peers/plan.py losses --outlay target/release/outlay      how often each loses what share of the optimum

Needs numpy, scipy and highspy. The methods, written after their sources:
- highs_simplex, highs_ipm: HiGHS on the piecewise-linear program, 100 chords a line; simplex without presolve on lengths of
  segments, and interior point on convexity weights;
- slsqp: SciPy's, as PyMC-Marketing 1.3 calls it: equal split clipped to the bounds, ftol 1e-9, 1,000 steps;
- climb: a grid of steps of one size, always the step that gains most per line, as Meridian's optimizer climbs.
None of them knows tiers or nothing-or-a-minimum: there they plan without, in face value at each supplier's lowest rate, and what
breaks a minimum is dropped. Loss is against the bound that outlay proves; a plan that breaks the budget, a box or a group's limit by
more than a millionth of the budget counts as breaking limits, and not among the losses.
"""
import argparse
import json
import os
import resource
import sys
import tempfile
import time
import tomllib

import numpy as np

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "instances"))
import make  # noqa: E402

DAYS = make.DAYS


def value(p, x):
    """KPI of the whole plan by line."""
    with np.errstate(divide="ignore", over="ignore"):
        return DAYS * p["top"] / (1 + (p["half"] * DAYS / x) ** p["slope"])


def slope(p, x):
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
        r = (p["half"] * DAYS / x) ** p["slope"]
        return np.where(np.isfinite(r), DAYS * p["top"] * p["slope"] * r / (1 + r) ** 2 / x, 0)


def chords(p, n):
    """Chords up to twenty half points, or what the line may spend, closer together where curves bend: as a modeller would place
    them. Of equal width up to the whole budget, all that ten thousand lines spend would lie on their first chord."""
    reach = np.minimum(p["high"], np.maximum(20 * DAYS * p["half"], 1.01 * p["low"] + 1))
    x = p["low"][:, None] + (reach - p["low"])[:, None] * np.linspace(0, 1, n + 1) ** 2
    return x, DAYS * p["top"][:, None] / (1 + (p["half"][:, None] * DAYS / np.maximum(x, 1e-9)) ** p["slope"][:, None])


def highs_simplex(p, n=100):
    import highspy
    x, y = chords(p, n)
    w = np.diff(x)
    m = np.diff(y) / w
    count = m.size
    h = highspy.Highs()
    h.setOptionValue("output_flag", False)
    h.setOptionValue("presolve", "off")
    lp = highspy.HighsLp()
    groups = p["group_rows"]
    lp.num_col_, lp.num_row_ = count, 1 + len(groups)
    lp.col_cost_, lp.col_lower_, lp.col_upper_ = -m.ravel(), np.zeros(count), w.ravel()
    of = np.arange(count).reshape(m.shape)
    columns = [of.ravel()] + [of[lines].ravel() for lines, _, _ in groups]
    base = [p["low"].sum()] + [p["low"][lines].sum() for lines, _, _ in groups]
    lp.row_lower_ = np.array([-highspy.kHighsInf] + [low - b for (_, low, _), b in zip(groups, base[1:])])
    lp.row_upper_ = np.array([p["budget"] - base[0]] + [high - b for (_, _, high), b in zip(groups, base[1:])])
    lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    lp.a_matrix_.start_ = np.r_[0, np.cumsum([len(c) for c in columns])]
    lp.a_matrix_.index_ = np.concatenate(columns)
    lp.a_matrix_.value_ = np.ones(sum(len(c) for c in columns))
    h.passModel(lp)
    h.run()
    return p["low"] + np.array(h.getSolution().col_value).reshape(m.shape).sum(1)


def highs_ipm(p, n=100):
    import highspy
    x, y = chords(p, n)
    lines, count, unit = len(x), x.size, p["budget"] / len(x)
    groups = p["group_rows"]
    h = highspy.Highs()
    for k, v in (("output_flag", False), ("solver", "ipm"), ("run_crossover", "off")):
        h.setOptionValue(k, v)
    lp = highspy.HighsLp()
    lp.num_col_, lp.num_row_ = count, lines + 1 + len(groups)
    lp.col_cost_, lp.col_lower_ = -(y / y.max()).ravel(), np.zeros(count)
    lp.col_upper_ = np.full(count, highspy.kHighsInf)
    lp.row_lower_ = np.r_[np.ones(lines), -highspy.kHighsInf, [low / unit for _, low, _ in groups]]
    lp.row_upper_ = np.r_[np.ones(lines), p["budget"] / unit, [high / unit for _, _, high in groups]]
    group_of = np.full(lines, -1)
    for g, (members, _, _) in enumerate(groups):
        group_of[members] = g
    index, vals, start = [], [], [0]
    for line in range(lines):
        rows = [line, lines] + ([lines + 1 + group_of[line]] if group_of[line] >= 0 else [])
        for k in range(n + 1):
            index += rows
            vals += [1.0] + [x[line, k] / unit] * (len(rows) - 1)
            start.append(len(index))
    lp.a_matrix_.format_, lp.a_matrix_.start_ = highspy.MatrixFormat.kColwise, np.array(start)
    lp.a_matrix_.index_, lp.a_matrix_.value_ = np.array(index), np.array(vals)
    h.passModel(lp)
    started = time.process_time()
    h.run()
    p["inner"] = time.process_time() - started
    z = np.array(h.getSolution().col_value).reshape(x.shape)
    return (z * x).sum(1) / z.sum(1)


def slsqp(p, n=None):
    from scipy.optimize import minimize
    lines = len(p["top"])
    x0 = np.clip(np.full(lines, p["budget"] / lines), p["low"], p["high"])
    scale = max(1.0, np.abs(slope(p, x0)).max())
    rows = [{"type": "eq", "fun": lambda x: x.sum() - p["budget"], "jac": lambda x: np.ones(lines)}]
    for members, low, high in p["group_rows"]:
        jac = np.zeros(lines)
        jac[members] = 1
        rows.append({"type": "ineq", "fun": lambda x, j=jac, h=high: h - j @ x, "jac": lambda x, j=jac: -j})
        rows.append({"type": "ineq", "fun": lambda x, j=jac, l=low: j @ x - l, "jac": lambda x, j=jac: j})
    clipped = lambda x: np.maximum(x, 1e-6)
    found = minimize(lambda x: -value(p, clipped(x)).sum() / scale, x0, jac=lambda x: -slope(p, clipped(x)) / scale, method="SLSQP",
                     bounds=list(zip(p["low"], p["high"])), constraints=rows, options=dict(ftol=1e-9, maxiter=1000))
    return np.clip(found.x, p["low"], p["high"])


def climb(p, n=None):
    """Steps of a ten-thousandth of the budget; groups by refusing the step that would break a cap."""
    step = 10 ** np.ceil(np.log10(p["budget"] * 1e-4))
    x = np.ceil(p["low"] / step) * step
    group_of = np.full(len(x), -1)
    room = np.array([high for _, _, high in p["group_rows"]] + [np.inf])
    for g, (members, _, _) in enumerate(p["group_rows"]):
        group_of[members] = g
        room[g] -= x[members].sum()
    gain = value(p, x + step) - np.where(x > 0, value(p, np.maximum(x, 1e-9)), 0)
    left = p["budget"] - x.sum()
    while left >= step:
        open_ = (x + step <= p["high"]) & (room[group_of] >= step)
        best = np.argmax(np.where(open_, gain, -np.inf))
        if not open_[best]:
            break
        x[best] += step
        left -= step
        room[group_of[best]] -= step if group_of[best] >= 0 else 0
        gain[best] = value(p, x + step)[best] - value(p, x)[best]
    return x


METHODS = dict(highs_simplex=highs_simplex, highs_ipm=highs_ipm, slsqp=slsqp, climb=climb)


def problem(folder):
    """The instance as the peers see it: boxes, group rows, a budget in face value."""
    with open(os.path.join(folder, "model.json")) as f:
        channels = json.load(f)["channels"]
    with open(os.path.join(folder, "outlay.toml"), "rb") as f:
        plan = tomllib.load(f)["plan"]
    get = lambda k: np.array([c["params"][k] for c in channels])
    p = dict(top=get("top"), half=get("half"), slope=get("slope"), budget=float(plan["budget"]), group_rows=[], minimum=0.0)
    p["low"], p["high"] = np.zeros(len(channels)), np.full(len(channels), p["budget"])
    for limit in plan.get("limit", []):
        members = [i for i, c in enumerate(channels) if all(c[k] == v for k, v in limit.get("where", {}).items())]
        if limit.get("each"):
            reference = np.array([DAYS * c["reference_spend"] for c in channels])
            p["low"], p["high"] = (1 - limit["cut_at_most"]) * reference, (1 + limit["rise_at_most"]) * reference
        elif "max" in limit:
            p["group_rows"].append((np.array(members), limit["min"], limit["max"]))
    p["minimum"] = max([buy.get("amount", 0) for buy in plan.get("minimum_buy", [])] + [0])
    rates = [contract["rebate"][0]["rate"] for contract in plan.get("contract", [])]
    p["budget"] *= 1 + (min(rates) if rates else 0)
    return p


def brought(p, x):
    """What the peer's spend brings when it is bought: below a minimum nothing is."""
    return value(p, np.maximum(x, 1e-9))[(x >= p["minimum"] * (1 - 1e-9)) & (x > 0)].sum()


def breaks(p, x):
    """Whether a peer's spend is outside what it was asked to keep."""
    slack = 1e-6 * p["budget"]
    groups = [(x[members].sum(), low, high) for members, low, high in p["group_rows"]]
    return bool(x.sum() > p["budget"] + slack or (x < p["low"] - slack).any() or (x > p["high"] + slack).any()
                or any(spend < low - slack or spend > high + slack for spend, low, high in groups))


def outlay(path, folder):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.perf_counter()
    plan = make.answer(path, folder)
    wall = time.perf_counter() - started
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return plan, wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def speed(asked):
    print("| lines, group rows, curves | method | CPU s | below the bound |\n|---|---|---|---|")
    sizes = [(10, 0, False), (100, 0, True), (1000, 100, True), (10000, 0, False), (10000, 1000, True)]
    for count, groups, shaped in [size for size in sizes if size[0] <= asked.most]:
        import random
        rng = random.Random(7)
        lines = make.curves(rng, count, shaped)
        with tempfile.TemporaryDirectory() as folder:
            with open(os.path.join(folder, "model.json"), "w") as f:
                json.dump(make.model(lines, max(groups, 1)), f)
            with open(os.path.join(folder, "outlay.toml"), "w") as f:
                f.write(make.settings("groups" if groups else "none", rng, lines, max(groups, 1)))
            plan, _, cpu = outlay(asked.outlay, folder)
            name = f"{count}, {groups}, {'mixed' if shaped else 'concave'}"
            print(f"| {name} | outlay, files included | {cpu:.3f} | {plan['gap']:.1e} |", flush=True)
            p = problem(folder)
            for method, run in METHODS.items():
                if (method == "slsqp" and count > 100) or (method == "climb" and count > 1000):
                    continue
                started = time.process_time()
                x = run(p)
                cpu = p.pop("inner", time.process_time() - started)
                below = "breaks limits" if breaks(p, x) else f"{1 - brought(p, x) / plan['bound']:.1e}"
                print(f"| {name} | {method} | {cpu:.3f} | {below} |", flush=True)


def losses(asked):
    print("| instances | method | break limits | lose more than 0.01 % | mean loss | worst loss |\n|---|---|---|---|---|---|")
    for family in ("concave", "sshaped", "groups", "tiers", "minimum"):
        lost = {method: [] for method in ("outlay", *METHODS)}
        broken = dict.fromkeys(lost, 0)
        for seed in range(1, asked.instances + 1):
            with tempfile.TemporaryDirectory() as folder:
                make.write(folder, family, seed)
                plan, _, _ = outlay(asked.outlay, folder)
                lost["outlay"].append(plan["gap"])
                p = problem(folder)
                for method, run in METHODS.items():
                    x = run(p)
                    if breaks(p, x):
                        broken[method] += 1
                    else:
                        lost[method].append(1 - brought(p, x) / plan["bound"])
        for method, each in lost.items():
            often = sum(loss > 1e-4 for loss in each)
            mean, worst = (f"{np.mean(each):.2%}", f"{max(each):.2%}") if each else ("–", "–")
            print(f"| {family} | {method} | {broken[method]} | {often} of {len(each)} | {mean} | {worst} |", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=["speed", "losses"])
    parser.add_argument("--outlay", required=True)
    parser.add_argument("--most", type=int, default=10_000)
    parser.add_argument("--instances", type=int, default=20)
    asked = parser.parse_args()
    {"speed": speed, "losses": losses}[asked.what](asked)
