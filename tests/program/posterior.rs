//! `homodyne sample`: draws around a fit, where results are, what they say.

use crate::program::{LAMINAR_CONFIG, homodyne};
use serde_json::Value;
use std::path::Path;

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
    let again = json(&sample(place.path(), fixed, &["performance.computation.cpu_threads=1"]));
    assert_eq!(again["numbers"], one["numbers"], "threads change nothing, and an earlier posterior gives way");
    let other = json(&sample(place.path(), fixed, &["optimization.cmc.seed=7"]));
    assert_ne!(other["numbers"], one["numbers"]);
    let plain = json(&sample(place.path(), fixed, &["optimization.cmc.noise_correlation=none"]));
    assert_eq!((&plain["allows_for_shared_noise"], &plain["magnitude"]), (&false.into(), &1.0.into()));
    // A file that the program did not make stays.
    std::fs::write(directory.join("thesis.tex"), "a thesis").expect("written");
    let refused = sample(place.path(), fixed, &[]);
    assert_eq!(refused.status.code(), Some(2), "{}", String::from_utf8_lossy(&refused.stderr));
    assert!(directory.join("thesis.tex").is_file());
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
    ] {
        let refused = sample(place.path(), &config, &[]);
        let error = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert!(refused.status.code() == Some(2) && error.contains(told), "{error}");
    }
    let robust = sample(place.path(), fixed, &["optimization.nlsq.loss=cauchy"]);
    let error = String::from_utf8_lossy(&robust.stderr).into_owned();
    assert!(robust.status.code() == Some(2) && error.contains("linear for a posterior"), "{error}");
}
