"""The model of a total side by side: `outlay fit` with `[kpi_total]`, and PyMC-Marketing's MMM sampled by nutpie, in one run.

    pip install numpy pandas pymc-marketing nutpie
    cargo build --release
    python benches/peers/total.py target/release/outlay 5 130 1 2 3

Five channels of 130 weeks and a seed each: spend that varies by nearly half and has some memory, concave Hill curves over geometric
adstock, a baseline with season and trend that brings half, noise of 3 %. PyMC-Marketing as its guide has it: logistic saturation,
geometric adstock over eight weeks, two harmonics, a trend, 2 chains of 1,000 draws after 1,000 to tune. CPU seconds are those of the
whole process and its children: outlay's reads and writes files, PyMC-Marketing's compiles its model (given beside, and the time of a
second fit in the same process, when all is compiled). Effective draws are the least over all unknowns of the model, outlay's as it
reports them.
"""
import datetime
import json
import os
import re
import resource
import subprocess
import sys
import tempfile

import numpy as np


def cpu():
    return sum(sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))


def world(channels, weeks, seed):
    """First days of the weeks, spend by week and channel, totals."""
    rng = np.random.default_rng(seed)
    dates = [datetime.date(2023, 1, 2) + datetime.timedelta(weeks=week) for week in range(weeks)]
    z = rng.standard_normal((weeks + 20, channels))
    for week in range(1, len(z)):
        z[week] = 0.5 * z[week - 1] + 0.866 * z[week]
    year = np.sin(2 * np.pi * (np.arange(weeks) / 52.18 - rng.uniform()))
    level = 20000 * np.exp(rng.normal(0, 0.7, channels))
    spend = np.round(level * np.exp(0.43 * z[20:]) * (1 + 0.15 * year)[:, None], 2)
    mean = spend.mean(0)
    media = np.zeros(weeks)
    for c in range(channels):
        decay, half, slope = rng.uniform(0, 0.6), mean[c] * rng.uniform(0.5, 2.5), rng.uniform(0.7, 1.0)
        stock = spend[:, c].copy()
        for week in range(1, weeks):
            stock[week] = (1 - decay) * spend[week, c] + decay * stock[week - 1]
        top = mean[c] / (40 * np.exp(rng.normal(0, 0.5))) * (1 + (half / mean[c]) ** slope)
        media += top / (1 + (half / stock) ** slope)
    base = media.mean() * (1 + 0.15 * year) * (1 + 0.1 * (np.arange(weeks) / weeks - 0.5))
    total = base + media
    return dates, spend, np.maximum(0, np.round(total + rng.normal(0, 0.03 * total.mean(), weeks))).astype(int)


def outlay(binary, dates, spend, total):
    """CPU seconds, effective draws, and how the draws were made."""
    with tempfile.TemporaryDirectory() as folder:
        with open(f"{folder}/spend.csv", "w") as out:
            out.write("date,channel,spend\n")
            for week, date in enumerate(dates):
                out.writelines(f"{date},ch{c},{spend[week, c]:.2f}\n" for c in range(spend.shape[1]))
        with open(f"{folder}/kpi.csv", "w") as out:
            out.write("date,registrations\n")
            out.writelines(f"{date},{count}\n" for date, count in zip(dates, total))
        with open(f"{folder}/outlay.toml", "w") as out:
            out.write('[project]\ncurrency = "CNY"\nkpi = "registrations"\nchannel = ["platform"]\ngrain = "week"\n')
            out.write('[[source]]\npath = "spend.csv"\ncolumns = { platform = "channel" }\n[kpi_total]\npath = "kpi.csv"\n')
            out.write('[plan]\nstart = "2031-01-06"\nend = "2031-04-06"\nbudget = 900000\n')
        call = lambda step: subprocess.run([binary, step, "--config", f"{folder}/outlay.toml", "--out", f"{folder}/out"],
                                           check=True, capture_output=True)
        before = cpu()
        call("fit")
        used = cpu() - before
        call("run")  # the same fit again, for what it says of its draws
        with open(f"{folder}/out/quality.json") as found:
            findings = json.load(found)["findings"]
    said = next(finding["message"] for finding in findings if finding["check"] == "fit.total.draws")
    return used, float(re.search(r"([\d,]+) effective", said)[1].replace(",", "")), said


def pymc_marketing(dates, spend, total):
    """CPU seconds with and without compiling, effective draws, and the worst R-hat and number of divergences."""
    import arviz
    import pandas
    from pymc_marketing.mmm import MMM, GeometricAdstock, LogisticSaturation

    names = [f"ch{c}" for c in range(spend.shape[1])]
    data = pandas.DataFrame(spend, columns=names)
    data.insert(0, "date", pandas.to_datetime(dates))
    data["trend"] = np.arange(len(data)) / len(data)

    def fit():
        before = cpu()
        model = MMM(date_column="date", target_column="y", channel_columns=names, control_columns=["trend"],
                    adstock=GeometricAdstock(l_max=8), yearly_seasonality=2, saturation=LogisticSaturation())
        model.fit(data, pandas.Series(total.astype(float), name="y"), chains=2, draws=1000, tune=1000, cores=2,
                  nuts_sampler="nutpie", target_accept=0.9, random_seed=1, progressbar=False)
        return cpu() - before, model.idata

    first, _ = fit()
    again, found = fit()
    posterior = found["posterior"]
    kinds = ("saturation", "adstock", "intercept", "gamma", "y_sigma")
    unknowns = [name for name in posterior.data_vars if name.startswith(kinds) and "contribution" not in name]
    effective, r_hat = [], []
    for name in unknowns:
        draws = np.asarray(posterior[name].transpose("chain", "draw", ...))
        draws = draws.reshape(*draws.shape[:2], -1)
        for i in range(draws.shape[2]):
            effective.append(float(np.asarray(arviz.ess(draws[:, :, i]))))
            r_hat.append(float(np.asarray(arviz.rhat(draws[:, :, i]))))
    divergences = int(np.asarray(found["sample_stats"]["diverging"]).sum())
    return first, again, min(effective), f"R-hat {max(r_hat):.3f}, {divergences} divergences"


def main():
    binary, channels, weeks, *seeds = sys.argv[1:]
    print("seed | program | CPU s | effective draws | CPU s for 100 of them | ", flush=True)
    for seed in map(int, seeds):
        data = world(int(channels), int(weeks), seed)
        used, effective, said = outlay(os.path.abspath(binary), *data)
        print(f"{seed} | outlay | {used:.2f} | {effective:.0f} | {100 * used / effective:.2f} | {said}", flush=True)
        first, again, effective, said = pymc_marketing(*data)
        row = f"{100 * first / effective:.2f} ({100 * again / effective:.2f})"
        print(f"{seed} | PyMC-Marketing | {first:.1f} ({again:.1f}) | {effective:.0f} | {row} | {said}", flush=True)


if __name__ == "__main__":
    main()
