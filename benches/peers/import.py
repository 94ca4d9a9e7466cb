"""Import to ledger, side by side: outlay and DuckDB's read_csv with the same GROUP BY, on one canonical CSV.

    python benches/peers/import.py make big.csv --rows 10000000      # about 650 MB; the same bytes for the same seed
    python benches/peers/import.py run big.csv --outlay target/release/outlay --threads 2

Needs `pip install duckdb`. Both are whole processes, timed by wall clock and by processor time, with their largest memory.
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time

MAKE = """
copy (
  select cast(date '2025-06-01' + cast(day as integer) as varchar) as date,
         'platform-' || lpad(cast(platform as varchar), 2, '0') as platform,
         'supplier-' || lpad(cast(account % 97 as varchar), 3, '0') as supplier,
         'account-' || lpad(cast(platform * 40 + account as varchar), 4, '0') as account,
         printf('%.2f', (h1 % 100000) / 100.0) as spend,
         h2 % 90000 as impressions,
         h3 % 900 as clicks,
         h4 % 60 as registrations
  from (
    select hash(n * 8 + {seed}) % 365 as day, hash(n * 8 + 1 + {seed}) % 20 as platform,
           hash(n * 8 + 2 + {seed}) % 40 as account, hash(n * 8 + 3 + {seed}) as h1, hash(n * 8 + 4 + {seed}) as h2,
           hash(n * 8 + 5 + {seed}) as h3, hash(n * 8 + 6 + {seed}) as h4
    from range({rows}) t(n)
  )
) to '{path}' (header, delimiter ',')
"""

GROUP = """
import duckdb, sys
con = duckdb.connect()
con.execute("set threads = {threads}")
con.execute("set preserve_insertion_order = false")
con.execute('''
  copy (select date, platform, supplier, account, sum(spend), sum(impressions), sum(clicks), sum(registrations)
  from read_csv('{path}', header = true, columns = {{'date': 'date', 'platform': 'varchar', 'supplier': 'varchar',
       'account': 'varchar', 'spend': 'decimal(18,6)', 'impressions': 'bigint', 'clicks': 'bigint', 'registrations': 'bigint'}})
  group by all order by all) to '{out}' (header)
''')
"""


def timed(command):
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    code = subprocess.run(["/usr/bin/env", *command], stdout=subprocess.DEVNULL).returncode
    wall, after = time.monotonic() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return code, wall, cpu


def peak(command):
    """Largest memory of one process, in MB."""
    probe = "import resource,subprocess,sys; subprocess.run(sys.argv[1:],stdout=subprocess.DEVNULL);" \
            "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss//1024)"
    return int(subprocess.run([sys.executable, "-c", probe, *command], capture_output=True, text=True).stdout)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=["make", "run"])
    parser.add_argument("path")
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--outlay", default="target/release/outlay")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--times", type=int, default=3)
    args = parser.parse_args()
    if args.what == "make":
        import duckdb
        duckdb.connect().execute(MAKE.format(rows=args.rows, seed=args.seed, path=args.path))
        print(f"{os.path.getsize(args.path) / 1e6:.0f} MB")
        return
    with tempfile.TemporaryDirectory() as folder:
        config = os.path.join(folder, "outlay.toml")
        with open(config, "w") as file:
            file.write(f'[[source]]\npath = "{os.path.abspath(args.path)}"\n')
        outlay = [args.outlay, "check", "--config", config, "--out", os.path.join(folder, "out"), "--quiet",
                  "--threads", str(args.threads)]
        script = GROUP.format(threads=args.threads, path=os.path.abspath(args.path), out=os.path.join(folder, "d.csv"))
        duck = [sys.executable, "-c", script]
        for turn in range(args.times):
            for name, command in [("outlay", outlay), ("duckdb", duck)]:
                code, wall, cpu = timed(command)
                print(f"{turn + 1} {name}: {wall:.2f} s wall, {cpu:.2f} s cpu, exit {code}", flush=True)
        for name, command in [("outlay", outlay), ("duckdb", duck)]:
            print(f"{name}: {peak(command)} MB at most")


if __name__ == "__main__":
    main()
