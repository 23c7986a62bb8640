//! The report of a result, pictures before a fit, and tables of every pair.

use crate::program::{folder_with_data, homodyne, stderr};
use arrow_array::RecordBatch;
use arrow_array::cast::AsArray;
use arrow_array::types::Float64Type;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use std::fs::File;
use std::path::{Path, PathBuf};

const CONFIG: &str = "analysis_mode: static\nexperimental_data: {file_path: data.h5}\n\
                      analyzer_parameters: {scattering: {wavevector_q: 0.0054}}\n\
                      initial_parameters: {fixed_parameters: {D_offset: 0}}\n";

/// A folder with data of three angles, two of their frames dead, and a configuration.
fn folder() -> tempfile::TempDir {
    let words = ["--frames", "90", "--angles", "3", "--dead-frames", "20,21", "--parameter", "D_offset=0"];
    folder_with_data(CONFIG, &words)
}

fn run(folder: &Path) -> PathBuf {
    let found = homodyne(folder, &["run", "c.yaml", "-q"]);
    assert!(found.status.success(), "{}", stderr(&found));
    let text = String::from_utf8(found.stdout).expect("text");
    let line = text.lines().find_map(|line| line.strip_prefix("report:")).expect("a report");
    folder.join(line.trim())
}

/// A column of a Parquet file as words.
fn words(path: &Path, name: &str) -> Vec<String> {
    let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(path).expect("a file")).expect("Parquet");
    let of = |batch: RecordBatch| -> Vec<String> {
        let column = batch.column_by_name(name).expect(name).as_string::<i32>();
        column.iter().map(|word| word.unwrap_or_default().to_owned()).collect()
    };
    reader.build().expect("Parquet").flat_map(|batch| of(batch.expect("rows"))).collect()
}

/// Columns of a Parquet file as numbers.
fn numbers(path: &Path, names: &[&str]) -> Vec<Vec<Option<f64>>> {
    let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(path).expect("a file")).expect("Parquet");
    let mut columns = vec![Vec::new(); names.len()];
    for batch in reader.build().expect("Parquet") {
        let batch = batch.expect("rows");
        for (column, name) in columns.iter_mut().zip(names) {
            column.extend(batch.column_by_name(name).expect(name).as_primitive::<Float64Type>());
        }
    }
    columns
}

#[test]
fn a_run_ends_with_a_page_that_stands_alone() {
    let folder = folder();
    let page = run(folder.path());
    let html = std::fs::read_to_string(&page).expect("a page");
    for expected in [
        "verdict: converged",
        "D0",
        "alpha",
        "<svg",
        "data:image/png",
        "BLAKE3",
        "prefers-color-scheme",
        "Correlations",
        "The model describes the data",
        "settings that nobody has changed",
        "optimization.nlsq.ftol",
        "masked frames",
        "largest chi2",
        "<div class=\"maps\">",
        "By angle",
        "Frames have their numbers in the file, from 1",
        // A path is broken rather than let the page overflow.
        "dd,li,p,h1,.verdict,td.t{overflow-wrap:anywhere}",
    ] {
        assert!(html.contains(expected), "{expected}");
    }
    // Nothing is fetched, nothing runs.
    for unwanted in ["http://", "https://", "<script", "@import"] {
        let others = html.replace("http://www.w3.org/2000/svg", "").replace("http://www.w3.org/1999/xlink", "");
        assert!(!others.contains(unwanted), "{unwanted}");
    }
    // Every address of the page leads to a file that is there, or to a place on the page.
    let mut data = 0;
    for address in html.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next()) {
        // Behind every map is a link to what it is drawn from.
        data += usize::from(address.ends_with("c2.arrow"));
        let is_there = match address.strip_prefix('#') {
            Some(id) => html.contains(&format!("id=\"{id}\"")),
            None => address.starts_with("data:") || page.with_file_name(address).is_file(),
        };
        assert!(is_there, "{address}");
    }
    assert_eq!(data, 3, "one partition per angle");
    assert_eq!(html.matches("<svg").count(), html.matches("</svg>").count());
    let stage = |name: &str| html.find(&format!("<dt>{name}</dt>")).expect(name);
    assert!(stage("ingest") < stage("fit"), "stages are told as they follow one another");
    let again = homodyne(folder.path(), &["run", "c.yaml"]);
    assert!(!stderr(&again).contains("report: 0."), "a report that is there is not drawn again");
}

#[test]
fn every_table_says_what_it_is_of() {
    let folder = folder();
    let page = run(folder.path());
    let place = page.ancestors().nth(2).expect("a run");
    let tables = ["parameters", "per_angle", "per_lag", "transport", "iterations", "report/curves"];
    for table in tables.map(|name| place.join(format!("{name}.parquet"))) {
        let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(&table).expect("a file")).expect("Parquet");
        let told = reader.schema().metadata().clone();
        for entry in ["program", "units", "run_id", "store_content_key", "equation", "q_per_angstrom"] {
            assert!(told.contains_key(&format!("homodyne.{entry}")), "{}: {entry}: {told:?}", table.display());
        }
        assert_eq!(told["homodyne.run_id"], place.file_name().expect("a name").to_string_lossy());
    }
}

#[test]
fn the_rows_behind_the_figures_are_those_of_the_data() {
    let folder = folder();
    let page = run(folder.path());
    let curves = page.with_file_name("curves.parquet");
    let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(&curves).expect("a file")).expect("Parquet");
    let described = reader.schema().metadata().clone();
    for name in ["program", "units", "equation", "store_content_key"] {
        assert!(
            described.get(&format!("homodyne.{name}")).is_some_and(|text| text.len() > 10),
            "{name}: {described:?}"
        );
    }
    let batch = reader.build().expect("Parquet").next().expect("rows").expect("rows");
    let text =
        |name: &str, row: usize| batch.column_by_name(name).expect(name).as_string::<i32>().value(row).to_owned();
    let number = |name: &str, row: usize| {
        let column = batch.column_by_name(name).expect(name).as_primitive::<Float64Type>();
        arrow_array::Array::is_valid(column, row).then(|| column.value(row))
    };
    let segments = batch.column_by_name("segment").expect("segment");
    let mut figures: Vec<String> = (0..batch.num_rows()).map(|row| text("figure", row)).collect();
    figures.sort();
    figures.dedup();
    for expected in [
        "chi2_by_age",
        "chi2_by_angle",
        "chi2_by_lag",
        "contrast",
        "convergence",
        "decay_rate",
        "diffusion",
        "frames",
        "g2",
        "offset",
        "pairs",
        "residuals",
        "sigma",
    ] {
        assert!(figures.iter().any(|figure| figure == expected), "{expected} among {figures:?}");
    }
    // Chi-square of every angle has beside it what the noise lets expect, and how much it may vary.
    let of_angles = |name: &str| -> Vec<f64> {
        let rows = (0..batch.num_rows()).filter(|&row| text("figure", row) == "chi2_by_angle");
        rows.map(|row| number(name, row).expect("known")).collect()
    };
    for ((chi, expected), spread) in of_angles("y").into_iter().zip(of_angles("model")).zip(of_angles("y_error")) {
        assert!((expected - 1.0).abs() < 0.02 && (0.01..0.1).contains(&spread), "{expected} {spread}");
        assert!((chi - expected).abs() < 4.0 * spread, "{chi} {expected} {spread}");
    }
    let results = curves.parent().and_then(Path::parent).expect("a run directory");
    let columns = numbers(&results.join("per_angle.parquet"), &["expected_chi_squared", "expected_chi_squared_spread"]);
    let told = std::fs::read(results.join("parameters.json")).expect("a result");
    let told: serde_json::Value = serde_json::from_slice(&told).expect("JSON");
    let (own, pairs) = (&told["per_angle"][0], told["per_angle"][0]["pairs"].as_f64().expect("pairs"));
    for (k, (name, column)) in [("value", "model"), ("spread", "y_error")].into_iter().enumerate() {
        let sum = own["expected_chi_squared"][name].as_f64().expect(name);
        assert!((sum / pairs - of_angles(column)[0]).abs() < 1e-12 && columns[k][0] == Some(sum), "{columns:?}");
    }
    // All ages of one angle at a lag of one frame: data and model agree within the errors, which are those of photons and more.
    let row = (0..batch.num_rows())
        .find(|&row| text("figure", row) == "g2" && segments.is_null(row) && number("phi_degrees", row) == Some(-30.0))
        .expect("a cut");
    let [x, y, error, model] = ["x", "y", "y_error", "model"].map(|name| number(name, row).expect(name));
    assert!((x - 0.1).abs() < 1e-12 && (y - model).abs() < 4.0 * error, "{x} {y} {error} {model}");
    assert!(error > 0.8 * 0.003 / 89.0_f64.sqrt() && error < 0.01, "{error}");
}

#[test]
fn frames_at_the_ends_and_beside_masked_ones_do_not_stand_out() {
    let folder = folder();
    let fitted = run(folder.path()).with_file_name("curves.parquet");
    assert!(homodyne(folder.path(), &["inspect", "data.h5", "--plot", "look"]).status.success());
    for curves in [fitted, folder.path().join("look/curves.parquet")] {
        let [y, model] = numbers(&curves, &["y", "model"]).try_into().expect("two columns");
        let of_frames: Vec<(f64, f64)> = (words(&curves, "figure").iter().zip(y.into_iter().zip(model)))
            .filter(|(figure, _)| *figure == "frames")
            .map(|(_, (y, model))| (y.expect("data"), model.expect("what is expected")))
            .collect();
        // Two of 90 frames are dead at each of three angles, and some besides may be masked.
        let n = of_frames.len() / 3;
        assert!((86..=88).contains(&n), "{n}");
        let middle = |mut values: Vec<f64>| {
            values.sort_by(f64::total_cmp);
            values[values.len() / 2]
        };
        let differences: Vec<f64> = of_frames.iter().map(|(y, model)| y - model).collect();
        let center = middle(differences.clone());
        let distance = |difference: &f64| (difference - center).abs();
        let spread = 1.4826 * middle(differences.iter().map(distance).collect());
        let farthest = differences.iter().map(distance).fold(0.0, f64::max) / spread;
        assert!(farthest < 5.0, "{}: {farthest} deviations", curves.display());
        let means: Vec<f64> = of_frames[..n].iter().map(|(y, _)| *y).collect();
        let first = (means[0] - middle(means.clone())).abs() / spread;
        assert!(first > 5.0, "the mean of the first frame alone stands out: {first}");
    }
}

#[test]
fn one_angle_has_no_others_to_choose() {
    let folder = folder_with_data(CONFIG, &["--frames", "60", "--angles", "1", "--parameter", "D_offset=0"]);
    let html = std::fs::read_to_string(run(folder.path())).expect("a page");
    assert!(html.contains("id=\"angles\"") && !html.contains("other angles") && !html.contains("Choose an angle"));
}

#[test]
fn tables_of_every_pair_hold_data_model_and_residual() {
    let folder = folder();
    let page = run(folder.path());
    let results = page.ancestors().nth(2).expect("a run directory");
    let words = ["report", results.to_str().expect("text"), "--fitted", "-q"];
    let found = homodyne(folder.path(), &words);
    assert!(found.status.success(), "{}", stderr(&found));
    for phi in ["-90", "-30", "30"] {
        let table = results.join(format!("fitted/phi={phi}/fitted.parquet"));
        let columns = numbers(&table, &["t1", "t2", "model", "residual", "sigma", "phi_degrees"]);
        assert!(columns[5].iter().all(|angle| *angle == Some(phi.parse().expect("degrees"))));
        assert_eq!(columns[0].len(), 90 * 89 / 2);
        let known: Vec<f64> = columns[3].iter().copied().flatten().collect();
        // A frame beside dead ones is masked too where it scatters like none.
        assert!(known.len() <= 88 * 87 / 2 && known.len() >= 86 * 85 / 2, "pairs of dead frames have no model");
        let sigma = columns[4][0].expect("sigma");
        let square = known.iter().map(|residual| residual * residual).sum::<f64>() / known.len() as f64;
        assert!((square.sqrt() / sigma - 1.0).abs() < 0.1, "{} {sigma}", square.sqrt());
        assert!(columns[0].iter().zip(&columns[1]).all(|(t1, t2)| t1 < t2));
    }
    // A store that is gone is told as such.
    let stores = folder.path().join("results/stores");
    std::fs::rename(&stores, folder.path().join("elsewhere")).expect("moved");
    let refused = homodyne(folder.path(), &words);
    let told = stderr(&refused);
    assert!(refused.status.code() == Some(2) && told.contains("was moved or removed; expected the data"), "{told}");
    std::fs::rename(folder.path().join("elsewhere"), &stores).expect("moved back");
    // What somebody adds is not lost.
    std::fs::write(results.join("fitted/thesis.txt"), "a thesis").expect("written");
    let refused = homodyne(folder.path(), &words);
    assert_eq!(refused.status.code(), Some(2), "{}", stderr(&refused));
    assert!(stderr(&refused).contains("[E77]") && results.join("fitted/thesis.txt").is_file());
}

#[test]
fn a_report_that_was_changed_is_kept_and_foreign_places_are_refused() {
    let folder = folder();
    let page = run(folder.path());
    let results = page.ancestors().nth(2).expect("a run directory").to_str().expect("text").to_owned();
    std::fs::write(&page, "my notes").expect("written");
    let found = homodyne(folder.path(), &["report", &results]);
    assert!(found.status.success() && stderr(&found).contains("is kept as"), "{}", stderr(&found));
    assert!(std::fs::read_to_string(&page).expect("a page").contains("verdict"));
    // Beside the run, whose directory holds nothing that no run writes: it may be made again, and removed.
    let kept = format!("{results}-report-changed-1/report.html");
    assert!(std::fs::read_to_string(kept).is_ok_and(|text| text == "my notes"));
    let again = homodyne(folder.path(), &["report", &results]);
    assert!(again.status.success(), "{}", stderr(&again));
    for (words, code) in [(["report", "nowhere"], "E01"), (["report", "data.h5"], "E01")] {
        let refused = homodyne(folder.path(), &words);
        let line = stderr(&refused);
        assert_eq!((refused.status.code(), line.lines().count()), (Some(2), 1), "{line}");
        assert!(line.contains(code), "{line}");
    }
    let refused = homodyne(folder.path(), &["report", &results, "--angles", "12"]);
    assert!(
        refused.status.code() == Some(2) && stderr(&refused).contains("angles of the result"),
        "{}",
        stderr(&refused)
    );
}

#[test]
fn pictures_are_drawn_before_any_fit_of_files_and_stores() {
    let folder = folder();
    let found = homodyne(folder.path(), &["inspect", "data.h5", "--plot", "look"]);
    assert!(found.status.success(), "{}", stderr(&found));
    let html = std::fs::read_to_string(folder.path().join("look/report.html")).expect("a page");
    assert!(
        html.contains("What the file holds")
            && html.contains("Mean of c2 of every frame at -30 degrees, less all ages")
    );
    assert!(!html.contains("verdict:"));
    let maps = html.matches("<title>c2 at -30 degrees over both times: data, -30 degrees</title>").count();
    assert!(maps == 1 && !html.contains("over both times: fit"), "a map of the data alone");
    assert!(html.contains("<h1>data.h5 at q = 0.0054 1/angstrom</h1>"), "which q is drawn");
    let curves = File::open(folder.path().join("look/curves.parquet")).expect("a file");
    let reader = ParquetRecordBatchReaderBuilder::try_new(curves).expect("Parquet");
    assert_eq!(reader.schema().metadata()["homodyne.q_per_angstrom"], "0.0054");
    // There is no model before a fit; frames are compared with all ages.
    let curves = folder.path().join("look/curves.parquet");
    let (figures, models) = (words(&curves, "figure"), numbers(&curves, &["model"]).remove(0));
    assert!(figures.iter().zip(models).all(|(figure, model)| model.is_some() == (figure == "frames")));
    let ingest = ["ingest", "data.h5", "--q", "0.0054", "--store", "store", "-q"];
    assert!(homodyne(folder.path(), &ingest).status.success());
    assert!(
        homodyne(folder.path(), &["inspect", "store", "--plot", "look"]).status.success(),
        "earlier pictures are replaced"
    );
    let html = std::fs::read_to_string(folder.path().join("look/report.html")).expect("a page");
    assert_eq!(html.matches("c2.arrow\">data</a>").count(), 3, "a store has the data of every map");
    std::fs::write(folder.path().join("look/report.html"), "my notes").expect("written");
    let again = homodyne(folder.path(), &["inspect", "store", "--plot", "look"]);
    assert!(again.status.success() && stderr(&again).contains("kept as look-report-changed-1"), "{}", stderr(&again));
    let kept = std::fs::read_to_string(folder.path().join("look-report-changed-1/report.html"));
    assert_eq!(kept.expect("beside it"), "my notes");
    std::fs::create_dir(folder.path().join("mine")).expect("a folder");
    std::fs::write(folder.path().join("mine/thesis.txt"), "a thesis").expect("written");
    let refused = homodyne(folder.path(), &["inspect", "data.h5", "--plot", "mine"]);
    assert_eq!(refused.status.code(), Some(2));
    let left: Vec<String> = std::fs::read_dir(folder.path())
        .expect("folder")
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    assert!(left.iter().all(|name| !name.starts_with('.')), "{left:?}");
}
