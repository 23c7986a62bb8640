//! `homodyne sample`: draws around a fit, where results are, what they say.

use crate::program::{LAMINAR_CONFIG, homodyne, remains};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

const FEW: [&str; 3] = ["num_chains=2", "num_warmup=100", "num_samples=150"];

fn sample(place: &Path, config: &str, set: &[&str]) -> std::process::Output {
    std::fs::write(place.join("c.yaml"), format!("{LAMINAR_CONFIG}{config}")).expect("written");
    let few: Vec<String> = FEW.iter().map(|key| format!("optimization.cmc.per_shard_mcmc.{key}")).collect();
    let mut words = vec!["sample", "c.yaml", "--json", "--quiet", "--output", "out"];
    few.iter().map(String::as_str).chain(set.iter().copied()).for_each(|word| words.extend(["--set", word]));
    homodyne(place, &words)
}

fn simulated() -> tempfile::TempDir {
    let place = tempfile::tempdir().expect("folder");
    let words = ["simulate", "--frames", "60", "--angles", "4", "--out", "data.h5", "--quiet"];
    assert!(homodyne(place.path(), &words).status.success());
    place
}

fn json(output: &std::process::Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)))
}

fn mean(result: &Value, name: &str) -> f64 {
    let numbers = result["numbers"].as_array().expect("numbers");
    let number = numbers.iter().find(|number| number["name"] == name).expect("sampled");
    number["mean"].as_f64().expect("a number")
}

#[test]
fn draws_are_written_beside_their_fit_and_are_those_of_the_seed() {
    let place = simulated();
    let fixed = "initial_parameters: {fixed_parameters: {D_offset: 900.0, gamma_dot_t_offset: 0.00015}}\n";
    let one = json(&sample(place.path(), fixed, &[]));
    assert_eq!(one["chains"].as_array().map(Vec::len), Some(2));
    assert_eq!(one["chains"][0]["draws"], 150);
    let directory = place.path().join("out/latest/posterior");
    for name in ["draws.parquet", "posterior.json", "summary.txt", "_posterior.json"] {
        assert!(directory.join(name).is_file(), "{name}");
    }
    // An equal one is taken as it is, and drawn anew where it is gone.
    let drawn =
        || std::fs::metadata(directory.join("draws.parquet")).and_then(|there| there.modified()).expect("a time");
    let before = drawn();
    let reused = sample(place.path(), fixed, &[]);
    assert_eq!((json(&reused)["numbers"].clone(), drawn()), (one["numbers"].clone(), before));
    std::fs::remove_dir_all(&directory).expect("removed");
    let again = json(&sample(place.path(), fixed, &["performance.computation.cpu_threads=1"]));
    assert_eq!(again["numbers"], one["numbers"], "threads change nothing");
    let other = json(&sample(place.path(), fixed, &["optimization.cmc.seed=7"]));
    assert_ne!(other["numbers"], one["numbers"]);
    // The draws of another seed stand beside, and come back where they are asked for: nothing is drawn again.
    let aside = || {
        let entries = std::fs::read_dir(place.path().join("out/latest")).expect("a run").flatten();
        let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
        names.filter(|name| name.starts_with("posterior-")).collect::<Vec<String>>()
    };
    let (first, before) = (aside(), drawn());
    assert_eq!(first.len(), 1, "{first:?}");
    let back = sample(place.path(), fixed, &[]);
    assert_eq!(json(&back)["numbers"], one["numbers"]);
    assert!(aside().len() == 1 && aside() != first && drawn() != before, "{:?}", aside());
    // Where the name of the one that is to stand aside is taken, it gets another; whoever fits again keeps all of them.
    std::fs::create_dir(place.path().join("out/latest").join(&first[0])).expect("a folder");
    std::fs::write(place.path().join("out/latest").join(&first[0]).join("mine.txt"), "mine").expect("written");
    let other_again = sample(place.path(), fixed, &["optimization.cmc.seed=7"]);
    assert_eq!(json(&other_again)["numbers"], other["numbers"]);
    assert!(aside().contains(&format!("{}-2", first[0])), "{:?}", aside());
    std::fs::remove_dir_all(place.path().join("out/latest").join(&first[0])).expect("removed");
    let fitted = homodyne(place.path(), &["fit", "c.yaml", "--output", "out", "--quiet"]);
    assert!(fitted.status.code().is_some_and(|code| code < 2), "{}", String::from_utf8_lossy(&fitted.stderr));
    let (kept, before) = (aside(), drawn());
    assert_eq!(kept.len(), 1, "{kept:?}");
    let reused = sample(place.path(), fixed, &["optimization.cmc.seed=7"]);
    assert_eq!((json(&reused)["numbers"].clone(), drawn()), (other["numbers"].clone(), before));
    let plain = json(&sample(place.path(), fixed, &["optimization.cmc.noise_correlation=none"]));
    assert_eq!((&plain["allows_for_shared_noise"], &plain["magnitude"]), (&false.into(), &1.0.into()));
    // A file that the program did not make stays.
    std::fs::write(directory.join("thesis.tex"), "a thesis").expect("written");
    let refused = sample(place.path(), fixed, &[]);
    assert_eq!(refused.status.code(), Some(2), "{}", String::from_utf8_lossy(&refused.stderr));
    assert!(directory.join("thesis.tex").is_file());
}

#[test]
fn where_nothing_is_free_there_is_nothing_to_sample() {
    let place = simulated();
    let truth = "D0: 19000.0, alpha: -0.35, D_offset: 900.0, gamma_dot_t0: 0.0013, beta: 0.25, gamma_dot_t_offset: 0.00015, phi0: -6.5";
    let fixed = format!("initial_parameters: {{fixed_parameters: {{{truth}}}}}\n");
    let given = ["optimization.cmc.per_angle_mode=constant", "optimization.cmc.noise=fixed"];
    let refused = sample(place.path(), &fixed, &given);
    let told = String::from_utf8_lossy(&refused.stderr);
    assert!(refused.status.code() == Some(2) && told.contains("[E62]") && told.contains("nothing to sample"), "{told}");
}

#[test]
fn priors_move_the_posterior_and_a_robust_loss_is_refused() {
    let place = simulated();
    let fixed = "initial_parameters: {fixed_parameters: {D_offset: 900.0, gamma_dot_t_offset: 0.00015}}\n";
    let free = json(&sample(place.path(), fixed, &[]));
    let prior = "parameter_space: {bounds: [{name: alpha, min: -2.0, max: 2.0, type: Normal, prior_mu: 0.0, prior_sigma: 1.0e-3}]}\n";
    let held = json(&sample(place.path(), &format!("{fixed}{prior}"), &[]));
    assert!(mean(&free, "alpha") < -0.2, "{}", mean(&free, "alpha"));
    assert!(mean(&held, "alpha").abs() < 0.01, "{}", mean(&held, "alpha"));
    for (config, told) in [
        (prior.replace("prior_sigma: 1.0e-3", "prior_sigma: -1.0"), "prior_sigma"),
        (prior.replace("Normal", "Cauchy"), "TruncatedNormal"),
        (prior.replace("type: Normal, ", ""), "a type beside prior_mu"),
        (prior.replace("prior_mu: 0.0", "prior_mu: -2.2"), "within 10 deviations of the bounds"),
    ] {
        let refused = sample(place.path(), &config, &[]);
        let error = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert!(refused.status.code() == Some(2) && error.contains(told), "{error}");
    }
    let robust = sample(place.path(), fixed, &["optimization.nlsq.loss=cauchy"]);
    let error = String::from_utf8_lossy(&robust.stderr).into_owned();
    assert!(robust.status.code() == Some(2) && error.contains("linear for a posterior"), "{error}");
}

#[test]
fn a_fit_that_is_not_accepted_is_told_by_summary_json_page_and_exit_code() {
    let place = simulated();
    let bound = "parameter_space: {bounds: [{name: alpha, min: -0.2, max: 2.0}]}\n";
    let output = sample(place.path(), &format!("{FIXED}{bound}"), &["optimization.cmc.per_shard_mcmc.num_samples=500"]);
    let found = json(&output);
    let run = place.path().join("out/latest");
    let read = |name: &str| std::fs::read_to_string(run.join(name)).expect("written");
    let fit: Value = serde_json::from_str(&read("parameters.json")).expect("JSON");
    assert_eq!((&found["fit_verdict"], fit["verdict"] == "converged"), (&fit["verdict"], false));
    assert_eq!(output.status.code(), Some(1));
    let told = format!("fit: {} (", fit["verdict"].as_str().expect("a name"));
    let summary = read("posterior/summary.txt");
    assert!(
        summary.lines().last().is_some_and(|last| last.starts_with(&told) && last.ends_with("exit code 1)")),
        "{summary}"
    );
    let drawn = homodyne(place.path(), &["report", "out/latest"]);
    assert!(
        drawn.status.success() && read("report/report.html").contains(&told),
        "{}",
        String::from_utf8_lossy(&drawn.stderr)
    );
    // A posterior that was changed is left out, and that is told.
    let table = run.join("posterior/draws.parquet");
    let whole = std::fs::read(&table).expect("draws");
    std::fs::write(&table, &whole[..whole.len() / 2]).expect("damaged");
    let drawn = homodyne(place.path(), &["report", "out/latest"]);
    let says = "is not as it was written: the report leaves the posterior out";
    assert!(drawn.status.success() && String::from_utf8_lossy(&drawn.stderr).contains(says));
    assert!(read("report/report.html").contains(says) && !read("report/report.html").contains(&told));
    std::fs::write(&table, whole).expect("as it was");
    let accepted = sample(place.path(), FIXED, &[]);
    assert_eq!(json(&accepted)["fit_verdict"], "converged");
    assert!(!read("posterior/summary.txt").contains("\nfit: "));
}

const FIXED: &str = "initial_parameters: {fixed_parameters: {D_offset: 900.0, gamma_dot_t_offset: 0.00015}}\n";
/// Shards of a few thousand pairs.
const SMALL: [&str; 3] = [
    "optimization.cmc.sharding.num_shards=3",
    "optimization.cmc.sharding.min_points_per_shard=100",
    "optimization.cmc.sharding.min_points_per_param=10",
];

fn code_of(verdict: &Value) -> Option<i32> {
    Some(if verdict == "converged" { 0 } else { 1 })
}

#[test]
fn shards_are_sampled_where_asked_for_or_where_all_data_would_take_too_long() {
    let place = simulated();
    let with = |more: &[&'static str]| [&SMALL[..], more].concat();
    let output = sample(place.path(), FIXED, &with(&["optimization.cmc.enable=true"]));
    let one = json(&output);
    let consensus = &one["consensus"];
    assert_eq!((&consensus["n_shards"], &consensus["method"]), (&3.into(), &"robust_consensus_mc".into()));
    assert!(consensus["reason"].as_str().is_some_and(|reason| reason.contains("asked for")), "{consensus}");
    assert!(consensus["check"]["draws"].as_u64().is_some_and(|draws| draws >= 100), "{consensus}");
    let pairs: u64 = consensus["shards"]
        .as_array()
        .expect("shards")
        .iter()
        .map(|shard| shard["pairs"].as_u64().expect("a count"))
        .sum();
    assert_eq!(Some(pairs), one["n_pairs"].as_u64(), "no pair is left out");
    assert_eq!(output.status.code(), code_of(&one["verdict"]), "{}", one["reasons"]);
    let run = std::fs::canonicalize(place.path().join("out/latest")).expect("a run");
    let names = std::fs::read_dir(&run).expect("folder").flatten().map(|entry| entry.file_name());
    assert!(names.into_iter().all(|name| !name.to_string_lossy().contains("staging")), "nothing is left of shards");
    let summary = std::fs::read_to_string(run.join("posterior/summary.txt")).expect("written");
    assert!(summary.contains("3 shards combined") && summary.contains("Pareto k-hat"), "{summary}");
    let again = with(&["optimization.cmc.enable=true", "optimization.cmc.backend_config.num_workers=1"]);
    assert_eq!(json(&sample(place.path(), FIXED, &again))["numbers"], one["numbers"], "workers change nothing");
    let late = with(&["optimization.cmc.direct_budget_s=1.0e-9", "optimization.cmc.min_points_for_cmc=0"]);
    let late = json(&sample(place.path(), FIXED, &late));
    let reason = late["consensus"]["reason"].as_str().expect("shards").to_owned();
    assert!(reason.contains("more than the") && reason.contains("direct_budget_s"), "{reason}");
    let direct = json(&sample(place.path(), FIXED, &with(&["optimization.cmc.min_points_for_cmc=0"])));
    assert_eq!(direct["consensus"], Value::Null, "all data take less time than they may");
}

#[test]
fn fit_and_run_sample_too_where_asked_for_and_plan_says_what_it_takes() {
    let place = simulated();
    let few: Vec<String> = FEW.iter().map(|key| format!("optimization.cmc.per_shard_mcmc.{key}")).collect();
    let run = |words: &[&str]| {
        let set: Vec<&str> = few.iter().flat_map(|word| ["--set", word]).collect();
        homodyne(place.path(), &[words, &["--quiet", "--output", "out"], &set].concat())
    };
    std::fs::write(place.path().join("c.yaml"), format!("{LAMINAR_CONFIG}{FIXED}")).expect("written");
    let both = run(&["fit", "c.yaml", "--method", "both", "--json"]);
    let found = json(&both);
    assert!(found["nlsq"]["parameters"]["D0"]["value"].is_number(), "{found}");
    assert!(found["cmc"]["numbers"].is_array(), "{found}");
    assert_eq!(both.status.code(), code_of(&found["cmc"]["verdict"]));
    let alone = json(&run(&["fit", "c.yaml", "--method", "cmc", "--json"]));
    assert_eq!(alone["numbers"], found["cmc"]["numbers"]);
    let staged = run(&["run", "c.yaml", "--set", "pipeline.stages=[ingest, fit, sample, report]"]);
    let told = String::from_utf8_lossy(&staged.stdout).into_owned();
    assert!(told.contains("posterior: ") && told.contains("verdict: ") && told.contains("report: "), "{told}");
    assert_eq!(staged.status.code(), both.status.code());
    let refused = run(&["run", "c.yaml", "--set", "pipeline.stages=[ingest, sample]"]);
    assert_eq!(refused.status.code(), Some(2), "chains start from a fit");
    let plan = homodyne(place.path(), &["plan", "c.yaml"]);
    let plan = String::from_utf8_lossy(&plan.stdout).into_owned();
    for told in ["sampling, directly", "sampling, in shards", "432 MB", "workers x pairs x"] {
        assert!(plan.contains(told), "{told}: {plan}");
    }
}

#[test]
fn a_fit_that_is_believed_narrows_the_posterior_and_scaling_may_differ_from_it() {
    let place = simulated();
    let free = json(&sample(place.path(), FIXED, &[]));
    let deviation = |result: &Value| {
        let numbers = result["numbers"].as_array().expect("numbers");
        numbers.iter().find(|number| number["name"] == "alpha").expect("sampled")["deviation"]
            .as_f64()
            .expect("a number")
    };
    let believed = [
        "optimization.cmc.validation.use_nlsq_informed_priors=true",
        "optimization.cmc.validation.nlsq_prior_width_factor=0.5",
    ];
    let held = json(&sample(place.path(), FIXED, &believed));
    assert!(deviation(&held) < 0.7 * deviation(&free), "{} {}", deviation(&held), deviation(&free));
    let n = |result: &Value| result["numbers"].as_array().expect("numbers").len();
    let own = json(&sample(place.path(), FIXED, &["optimization.cmc.per_angle_mode=individual"]));
    assert_eq!(n(&own), n(&free) + 2 * 4 - 2, "a contrast and an offset for each of four angles");
}

const HELD: &str = "initial_parameters: {fixed_parameters: {D_offset: 900.0, gamma_dot_t_offset: 0.00015}}\n";

/// Pieces of chains that were kept below a folder of results.
fn pieces(results: &Path) -> Vec<PathBuf> {
    let folders = std::fs::read_dir(results).into_iter().flatten().flatten().map(|entry| entry.path());
    let chains = folders.filter(|path| path.to_string_lossy().ends_with(".chains"));
    let files = chains.flat_map(|folder| std::fs::read_dir(folder).into_iter().flatten().flatten());
    let mut all: Vec<PathBuf> = files
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "json") && !path.ends_with("outlook.json"))
        .collect();
    all.sort();
    all
}

/// Samples into `output`, killed as soon as so many pieces are kept.
fn killed(place: &Path, words: &[&str], (output, n): (&str, usize)) {
    let mut child = Command::new(assert_cmd::cargo::cargo_bin!("homodyne"))
        .current_dir(place)
        .args(words)
        .args(["--output", output])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("started");
    let deadline = Instant::now() + Duration::from_secs(120);
    while pieces(&place.join(output)).len() < n {
        assert!(child.try_wait().expect("a child").is_none(), "ended before it was killed");
        assert!(Instant::now() < deadline, "no pieces");
        std::thread::sleep(Duration::from_millis(1));
    }
    child.kill().expect("killed");
    let _ = child.wait();
}

fn draws(place: &Path, output: &str) -> Vec<u8> {
    std::fs::read(place.join(output).join("latest/posterior/draws.parquet")).expect("draws")
}

/// Killed with so many pieces kept, a sampling goes on to the draws of the one in `whole`.
fn go_on_to_the_same_draws(place: &Path, words: &[&str], (kept, says): (&[usize], &str)) {
    for &n in kept {
        let output = format!("killed-{n}");
        killed(place, words, (&output, n));
        let resumed = homodyne(place, &[words, &["--output", &output, "--resume"]].concat());
        assert!(told(&resumed).contains(says), "{}", told(&resumed));
        assert_eq!(draws(place, &output), draws(place, "whole"), "{n} pieces");
        assert_eq!(remains(place), Vec::<String>::new());
    }
}

fn told(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn killed_chains_go_on_to_the_same_bits_and_damaged_or_other_ones_are_named_and_left() {
    let place = simulated();
    let place = place.path();
    std::fs::write(place.join("c.yaml"), format!("{LAMINAR_CONFIG}{HELD}")).expect("written");
    let words = [
        "sample",
        "c.yaml",
        "--store",
        "s",
        "--set",
        "optimization.cmc.per_shard_mcmc.num_samples=400",
        "--set",
        "optimization.cmc.per_shard_mcmc.num_warmup=150",
    ];
    let run = |output: &str, more: &[&str]| homodyne(place, &[&words[..], &["--output", output], more].concat());
    assert!(matches!(run("whole", &[]).status.code(), Some(0 | 1)));
    assert_eq!(pieces(&place.join("whole")), Vec::<PathBuf>::new(), "a finished sampling leaves no pieces");
    go_on_to_the_same_draws(place, &words, (&[2, 9, 25], "draws were kept"));
    killed(place, &words, ("auto", 9));
    let again = run("auto", &["--set", "optimization.cmc.backend_config.resume_from_checkpoint=true"]);
    assert!(told(&again).contains("draws were kept"), "{}", told(&again));
    assert_eq!(draws(place, "auto"), draws(place, "whole"));
    killed(place, &words, ("damaged", 9));
    let other = run("damaged", &["--resume", "--set", "optimization.cmc.seed=7"]);
    assert!(other.status.code() == Some(2) && told(&other).contains("E75"), "{}", told(&other));
    let piece = pieces(&place.join("damaged"))[0].clone();
    let text = std::fs::read_to_string(&piece).expect("kept");
    std::fs::write(&piece, &text[..text.len() / 2]).expect("damaged");
    let refused = run("damaged", &["--resume"]);
    let name = piece.file_name().expect("a name").to_string_lossy().into_owned();
    assert!(told(&refused).contains("E74") && told(&refused).contains(&name), "{}", told(&refused));
    assert!(!refused.status.success() && piece.is_file());
    let anew = run("damaged", &[]);
    assert!(told(&anew).contains("damaged checkpoint was left as"), "{}", told(&anew));
    assert_eq!(draws(place, "damaged"), draws(place, "whole"));
}

#[test]
fn killed_shards_go_on_to_the_same_bits() {
    let place = simulated();
    let place = place.path();
    std::fs::write(place.join("c.yaml"), format!("{LAMINAR_CONFIG}{HELD}")).expect("written");
    let sets = [
        "optimization.cmc.enable=true",
        "optimization.cmc.sharding.num_shards=3",
        "optimization.cmc.per_shard_mcmc.num_samples=300",
        "optimization.cmc.per_shard_mcmc.num_warmup=150",
    ];
    let mut words = vec!["sample", "c.yaml", "--store", "s"];
    sets.iter().for_each(|set| words.extend(["--set", set]));
    let whole = homodyne(place, &[&words[..], &["--output", "whole"]].concat());
    assert!(matches!(whole.status.code(), Some(0 | 1)), "{}", told(&whole));
    assert_eq!(pieces(&place.join("whole")), Vec::<PathBuf>::new(), "a finished sampling leaves no pieces");
    go_on_to_the_same_draws(place, &words, (&[1, 4], "chains of shards were kept"));
}

#[test]
fn an_interrupted_sampling_keeps_complete_draws_and_goes_on() {
    let place = simulated();
    let place = place.path();
    std::fs::write(place.join("c.yaml"), format!("{LAMINAR_CONFIG}{HELD}")).expect("written");
    let words =
        ["sample", "c.yaml", "--store", "s", "--json", "--set", "optimization.cmc.per_shard_mcmc.num_samples=3000"];
    let mut child = Command::new(assert_cmd::cargo::cargo_bin!("homodyne"))
        .current_dir(place)
        .args(words)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("started");
    let deadline = Instant::now() + Duration::from_secs(120);
    while pieces(&place.join("results")).len() < 60 {
        assert!(Instant::now() < deadline && child.try_wait().expect("a child").is_none(), "no pieces");
        std::thread::sleep(Duration::from_millis(1));
    }
    let id = rustix::process::Pid::from_raw(i32::try_from(child.id()).expect("small")).expect("not zero");
    rustix::process::kill_process(id, rustix::process::Signal::INT).expect("told");
    let output = child.wait_with_output().expect("ended");
    assert_eq!(output.status.code(), Some(130), "{}", told(&output));
    let result = json(&output);
    assert_eq!(result["verdict"], "interrupted");
    let chains = result["chains"].as_array().expect("chains");
    let counts: Vec<u64> = chains.iter().map(|chain| chain["draws"].as_u64().expect("a number")).collect();
    assert!(counts.iter().sum::<u64>() > 0 && counts.iter().all(|count| *count < 3000), "{counts:?}");
    // All chains come along alike.
    let (least, most) = (counts.iter().min().expect("chains"), counts.iter().max().expect("chains"));
    assert!(most - least <= 100, "{counts:?}");
    assert!(place.join("results/latest/posterior/draws.parquet").is_file());
    assert!(!pieces(&place.join("results")).is_empty(), "what is left can be gone on with");
}

#[test]
fn the_pipeline_of_the_posterior_runs_on_the_shipped_sample_and_is_drawn() {
    let place = tempfile::tempdir().expect("folder");
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("pipelines/posterior.yaml").display().to_string();
    let words = ["sample", &file, "--json", "--set", "optimization.cmc.per_shard_mcmc.num_samples=200"];
    let output = homodyne(place.path(), &words);
    assert!(matches!(output.status.code(), Some(0 | 1)), "{}", told(&output));
    let result = json(&output);
    for (name, truth) in [("D0", 19_000.0), ("alpha", -0.35), ("phi0", -6.5)] {
        let numbers = result["numbers"].as_array().expect("numbers");
        let number = numbers.iter().find(|number| number["name"] == name).expect("sampled");
        let of = |what: &str| number[what].as_f64().expect("a number");
        assert!((of("mean") - truth).abs() < 4.0 * of("deviation"), "{name}");
        assert!(of("r_hat") < 1.05, "{name}: {}", of("r_hat"));
    }
    let report = homodyne(place.path(), &["report", "results/latest", "--npz"]);
    assert!(report.status.success(), "{}", told(&report));
    let run = place.path().join("results/latest/report");
    let page = std::fs::read_to_string(run.join("report.html")).expect("a page");
    for part in
        ["id=\"posterior\"", "R-hat", "Posterior of D0", "Walks of phi0", "Ranks of alpha", "Energy of the walks"]
    {
        assert!(page.contains(part), "{part}");
    }
    let arrays = std::fs::read(place.path().join("results/latest/cmc/samples.npz")).expect("arrays");
    let has = |name: &str| arrays.windows(name.len()).any(|window| window == name.as_bytes());
    assert!(has("posterior_samples.npy") && has("'shape': (4, 200, 10,)") && has("param_names.npy"));
    for name in ["posterior_marginal_D0", "posterior_diffusion", "posterior_shear_rate", "posterior_energy"] {
        assert!(run.join(format!("plots/{name}.svg")).is_file(), "{name}");
    }
}
