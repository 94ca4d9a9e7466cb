"""The instance set: allocation problems as outlay reads them, each with a proven optimum beside it.

    python benches/instances/make.py DIR [--outlay PATH]

writes DIR/<family>-<seed>/{model.json, outlay.toml} from fixed seeds, and with --outlay also optimum.json: objective and bound of
what `outlay plan --models` answers, in full precision. Needs nothing but Python.
"""
import argparse
import json
import math
import os
import random
import subprocess
import tempfile

FAMILIES = ("concave", "sshaped", "groups", "shares", "minimum", "lots", "tiers", "active")
SEEDS = (1, 2, 3)
DAYS = 30


def curves(rng, count, shaped):
    """Hill curves around a mean spend a day, as in the scaling study of the README."""
    lines = []
    for i in range(count):
        mean = 700 * math.exp(rng.gauss(0, 0.7))
        slope = rng.uniform(0.8, 2.5) if shaped else rng.uniform(0.7, 1.0)
        half = mean * rng.uniform(0.5, 2.5)
        top = mean / (40 * math.exp(rng.gauss(0, 0.5))) * (1 + (half / mean) ** slope)
        lines.append(dict(top=round(top, 4), half=round(half, 2), slope=round(slope, 4), mean=round(mean, 2)))
    return lines


def model(lines, suppliers):
    channel = lambda i, l: dict(
        channel=f"line {i:03d}", platform=f"p{i % 3}", supplier=f"s{i % suppliers:02d}", account=f"a{i:03d}", family="hill",
        params=dict(top=l["top"], half=l["half"], slope=l["slope"]), reference_spend=l["mean"],
        observed=dict(low=0, high=3 * l["mean"]))
    return dict(format="outlay/model@1", kpi="registrations", currency="CNY", grain="day",
                channels=[channel(i, l) for i, l in enumerate(lines)])


def settings(family, rng, lines, suppliers):
    whole = DAYS * sum(l["mean"] for l in lines)
    text = ['[project]', 'channel = ["platform", "supplier", "account"]', '[plan]', 'start = "2026-06-01"', 'end = "2026-06-30"',
            f'budget = {round(whole)}', 'frontier = []']
    if family == "tiers":
        text.append('budget_in = "cash"')
    limit = lambda name, where, keys: text.extend(
        ['[[plan.limit]]', f'name = "{name}"', f'where = {{ {where} }}'] + [f'{k} = {v}' for k, v in keys.items()])
    of = lambda s: DAYS * sum(l["mean"] for i, l in enumerate(lines) if i % suppliers == s)
    for s in range(suppliers):
        name = f's{s:02d}'
        if family == "groups":
            limit(name, f'supplier = "{name}"', dict(min=round(0.3 * of(s)), max=round(of(s) * rng.uniform(0.7, 1.2))))
        if family == "shares":
            limit(name, f'supplier = "{name}"', dict(share_max=round(rng.uniform(0.8, 1.6) / suppliers, 3)))
        if family == "tiers":
            steps = [0, round(of(s) * rng.uniform(0.7, 1.1)), round(of(s) * rng.uniform(1.2, 1.7))]
            rates = [round(rng.uniform(0, 0.03), 3), round(rng.uniform(0.04, 0.09), 3), round(rng.uniform(0.1, 0.2), 3)]
            tiers = ", ".join(f"{{ from = {a}, rate = {b} }}" for a, b in zip(steps, rates))
            text += ['[[plan.contract]]', f'supplier = "{name}"', f'rebate = [ {tiers} ]', 'method = "whole"',
                     f'commitment = {round(of(s) * rng.uniform(0.3, 0.8))}', 'shortfall_penalty = 0.1']
    if family == "active":
        limit("few", "", dict(max_active=len(lines) // 2))
    if family in ("minimum", "lots"):
        text += ['[[plan.minimum_buy]]', f'amount = {round(0.6 * whole / len(lines))}']
        if family == "lots":
            text.append(f'lot = {round(0.1 * whole / len(lines))}')
    return "\n".join(text) + "\n"


def write(folder, family, seed, count=24, suppliers=6):
    rng = random.Random(f"{family}-{seed}")
    lines = curves(rng, count, family != "concave")
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "model.json"), "w") as f:
        json.dump(model(lines, suppliers), f, indent=1)
    with open(os.path.join(folder, "outlay.toml"), "w") as f:
        f.write(settings(family, rng, lines, suppliers))


def answer(outlay, folder):
    with tempfile.TemporaryDirectory() as out:
        model, config = os.path.join(folder, "model.json"), os.path.join(folder, "outlay.toml")
        subprocess.run([outlay, "plan", "--models", model, "--config", config, "--out", out, "--quiet"], check=True,
                       stdout=subprocess.DEVNULL)
        with open(os.path.join(out, "plan.json")) as f:
            return json.load(f)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("folder")
    parser.add_argument("--outlay")
    asked = parser.parse_args()
    for family in FAMILIES:
        for seed in SEEDS:
            folder = os.path.join(asked.folder, f"{family}-{seed}")
            write(folder, family, seed)
            if asked.outlay:
                plan = answer(asked.outlay, folder)
                with open(os.path.join(folder, "optimum.json"), "w") as f:
                    json.dump({key: plan[key] for key in ("objective", "bound", "gap", "status")}, f, indent=1)
                    f.write("\n")
                print(f"{family}-{seed}: {plan['objective']:.4f}, at most {plan['bound']:.4f}, gap {plan['gap']:.1e}")
