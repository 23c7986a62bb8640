//! Examples of commands, for their help and manual pages.

pub(super) const EXAMPLES: &str = "\
Examples:
  homodyne run pipelines/laminar_flow.yaml       the shipped sample, from file to results
  homodyne inspect data.hdf                      what a beamline file or a store holds
  homodyne config init laminar_flow -o my.yaml   a commented configuration
  homodyne plan my.yaml                          points, parameters, memory and strategy; runs nothing
  homodyne fit my.yaml --threads 8 --json        fit, parameters as JSON on stdout
  homodyne fit my.yaml --resume                  go on from the checkpoint of an interrupted fit
  homodyne run my.yaml --q all                   every q of the file, into one table
  homodyne explain E17                           what a code in an error or warning means, and what to do

stderr: -q errors alone, -v details; otherwise RUST_LOG (error, warn, info, debug), otherwise logging.level of the configuration.
Exit codes: 0 accepted, 1 finished but not trustworthy (see the verdict), 2 bad input or configuration,
3 internal failure, 130 interrupted.";

pub(super) const SIMULATE_EXAMPLES: &str = "\
Examples:
  homodyne simulate --mode laminar_flow --angles 8 --frames 300 --noise gaussian --sigma 0.003 --out data.h5
  homodyne simulate --mode static --noise speckle --speckles 4000 --sigma 0.002 --out speckle.h5
  homodyne simulate --noise intensities --speckles 1000 --counts 0.15 --contrast 0.2 --out counted.h5
  homodyne simulate --mode static --q 0.004,0.0054,0.007 --out many_q.h5";

pub(super) const FIT_EXAMPLES: &str = "\
Examples:
  homodyne fit my.yaml --store stores/sample --json > parameters.json
  homodyne fit my.yaml --strategy stratified       all rows in memory, QR of the full Jacobian
  homodyne fit my.yaml --multi-start --set optimization.nlsq.multi_start.n_starts=40
  homodyne fit my.yaml --set optimization.nlsq.loss=soft_l1
  homodyne fit my.yaml --data-file data.hdf --output-dir out --initial-d0 19000 --max-iterations 200";

pub(super) const SAMPLE_EXAMPLES: &str = "\
Examples:
  homodyne sample my.yaml
  homodyne sample my.yaml --store stores/sample --set optimization.cmc.per_shard_mcmc.num_samples=4000
  homodyne sample my.yaml --set optimization.cmc.noise_correlation=none --json > posterior.json

Draws are in results/<run>/posterior/draws.parquet; in Python:
  import arviz, pandas
  table = pandas.read_parquet('results/latest/posterior/draws.parquet').set_index(['chain', 'draw'])
  data = arviz.InferenceData(posterior=table.drop(columns=['lp', 'diverging', 'depth', 'steps', 'energy', 'acceptance']).to_xarray())";

pub(super) const INGEST_EXAMPLES: &str = "\
Examples:
  homodyne ingest data.hdf --q 0.0054            into results/stores/data-<12 digits>; another selection has other digits
  homodyne ingest data.hdf --config my.yaml --store stores/data --format parquet";

pub(super) const CONDENSE_EXAMPLES: &str = "\
Examples:
  homodyne condense my.yaml                      once; every fit of more than 20 million pairs begins with it
  homodyne condense my.yaml --store stores/data --force
  homodyne fit my.yaml --strategy condensed      from condensed data whatever the size; they are made in memory where none are kept";

pub(super) const ADOPT_HELP: &str = "\
Examples:
  homodyne adopt edited --out stores/edited --q 0.0054 --dt 0.1 --frames 300
  homodyne fit my.yaml --store stores/edited --set experimental_data.file_path=null

Tables (Parquet, Arrow IPC) have rows (i, j, c2) or (t1, t2, c2), in any order, or c2 alone, all pairs in order. A pair without a row,
null and NaN are masked; i > j is the pair j < i; a pair that comes twice is an error. phi comes from a column, a folder phi=<degrees>
or the schema; q, dt, frames and gap from columns, folders, the schema or the options, which must agree.
Memory: 4 or 8 bytes per pair of one angle and thread; where one table holds several angles, up to 256 MiB of them at a time.";

pub(super) const EXPLAIN_EXAMPLES: &str = "\
Examples:
  homodyne explain E17    one code (e17 and 17 do as well)
  homodyne explain        all codes";
