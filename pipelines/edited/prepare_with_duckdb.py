"""Preprocessing before a fit, with DuckDB: leaves out pairs in SQL, here those of a lag that is too long to be trusted.

    python prepare_with_duckdb.py TABLES STORE --longest-lag 20

Reads a store of `homodyne ingest --format parquet` and writes one table per angle, TABLES/phi=<degrees>/data_0.parquet, for
`homodyne adopt`. A pair that is left out is a row that is left out.
"""

import argparse

import duckdb

arguments = argparse.ArgumentParser()
arguments.add_argument("tables")
arguments.add_argument("store")
arguments.add_argument("--longest-lag", type=float, required=True, help="seconds")
given = arguments.parse_args()

duckdb.sql(
    f"""
    copy (
        select phi, i, j, t1, t2, c2
        from read_parquet('{given.store}/c2/**/*.parquet', hive_partitioning = true)
        where t2 - t1 <= {given.longest_lag}
        order by phi, i, j
    ) to '{given.tables}' (format parquet, partition_by (phi))
    """
)
