"""Preprocessing before a fit, with Polars: leaves out bad angles, averages repeats.

    python prepare.py TABLES STORE [STORE ..] [--without PHI,PHI,..]

Reads stores of `homodyne ingest --format parquet` (one per repeat) and writes one table per angle, TABLES/phi=<degrees>/c2.parquet,
for `homodyne adopt`. Frames that are masked in a repeat are NaN there and so in the mean; a pair that is to be left out is a row that
is left out.
"""

import argparse
import pathlib

import polars as pl

arguments = argparse.ArgumentParser()
arguments.add_argument("tables", type=pathlib.Path)
arguments.add_argument("stores", nargs="+")
arguments.add_argument("--without", default="")
given = arguments.parse_args()

without = [float(phi) for phi in given.without.split(",") if phi]
repeats = [pl.scan_parquet(f"{store}/c2/**/*.parquet", hive_partitioning=True) for store in given.stores]
angles = repeats[0].select(pl.col("phi").unique().sort()).collect()["phi"]
for phi in angles:
    if phi in without:
        continue
    pairs = pl.concat([repeat.filter(pl.col("phi") == phi) for repeat in repeats])
    mean = pairs.group_by("i", "j").agg(pl.col("t1", "t2").first(), pl.col("c2").cast(pl.Float64).mean())
    folder = given.tables / f"phi={phi}"
    folder.mkdir(parents=True, exist_ok=True)
    mean.sort("i", "j").collect().write_parquet(folder / "c2.parquet")
