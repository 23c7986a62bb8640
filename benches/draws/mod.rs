//! What benches share that draw many measurements of a known truth: the draws of each case that is asked for on all threads, and what is
//! told of numbers that go by a name.

use homodyne::fit::settings::FitSettings;
use homodyne::outcome::fit::FitResult;
use homodyne::parameters::definitions::AnalysisMode;

/// Draws and reports every case, or those whose places are asked for: `-- DRAWS [CASE..]`. A draw is told its case, the place and a seed.
pub fn each_case<C: Sync>(
    cases: &[C],
    draw: impl Fn(&C, usize, u64) -> FitResult + Sync,
    report: impl Fn(&C, &[FitResult]),
) {
    let numbers: Vec<usize> = std::env::args().filter_map(|word| word.parse().ok()).collect();
    let draws = numbers.first().copied().unwrap_or(200);
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    for (place, case) in cases.iter().enumerate() {
        if numbers.len() > 1 && !numbers[1..].contains(&place) {
            continue;
        }
        let (start, draw) = (std::time::Instant::now(), &draw);
        let all: Vec<FitResult> = std::thread::scope(|scope| {
            let work = |thread: usize| {
                let seeds = (thread..draws).step_by(threads);
                move || seeds.map(|seed| draw(case, place, seed as u64)).collect::<Vec<FitResult>>()
            };
            let running: Vec<_> = (0..threads).map(|thread| scope.spawn(work(thread))).collect();
            running.into_iter().flat_map(|thread| thread.join().expect("no panic")).collect()
        });
        report(case, &all);
        println!("  {:.1} s", start.elapsed().as_secs_f64());
    }
}

/// Holds some parameters at the truth; flows start there.
pub fn hold_and_begin(settings: &mut FitSettings, mode: AnalysisMode, fixed: &[usize], truth: &[f64]) {
    fixed.iter().for_each(|&k| settings.space.physical[k].fixed = Some(truth[k]));
    if mode == AnalysisMode::LaminarFlow {
        settings.start = Some(truth.to_vec());
        // 10 degrees are a default bound.
        settings.space.physical[6].upper = 40.0;
    }
}

/// The names of some numbers, each once, in the order in which they come.
pub fn names<'a, N>(numbers: &'a [N], name: impl Fn(&'a N) -> &'a str) -> Vec<&'a str> {
    let mut names: Vec<&str> = Vec::new();
    for number in numbers {
        if !names.contains(&name(number)) {
            names.push(name(number));
        }
    }
    names
}

/// Mean; no number where there is none.
pub fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (sum, n) = values.fold((0.0, 0.0), |(sum, n), value| (sum + value, n + 1.0));
    sum / n
}
