//! The forms that results are written in besides the page: formats of figures, arrays and JSON of the Python programs, pictures of what
//! was simulated.

use crate::program::{folder_with_data, homodyne, stderr};
use arrow_array::cast::AsArray;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;

const CONFIG: &str = "analysis_mode: static\nexperimental_data: {file_path: data.h5}\n\
                      analyzer_parameters: {scattering: {wavevector_q: 0.0054}}\n\
                      initial_parameters: {fixed_parameters: {D_offset: 0}}\n";

/// A folder with a result, and its run directory.
fn result() -> (tempfile::TempDir, PathBuf) {
    let words = ["--frames", "60", "--angles", "3", "--parameter", "D_offset=0"];
    let folder = folder_with_data(CONFIG, &words);
    let fitted = homodyne(folder.path(), &["fit", "c.yaml", "-q"]);
    assert!(fitted.status.success(), "{}", stderr(&fitted));
    let run = std::fs::canonicalize(folder.path().join("results/latest")).expect("results");
    (folder, run)
}

fn succeeds(folder: &Path, words: &[&str]) -> String {
    let output = homodyne(folder, words);
    assert!(output.status.success(), "{words:?}: {}", stderr(&output));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn figures_are_written_in_the_formats_that_are_asked_for() {
    let (folder, run) = result();
    let place = run.to_str().expect("text");
    succeeds(folder.path(), &["report", place, "--formats", "png,pdf", "-q"]);
    let plots = run.join("report/plots");
    let names: Vec<String> = std::fs::read_dir(&plots)
        .expect("plots")
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    let with = |ending: &str| names.iter().filter(|name| name.ends_with(ending)).count();
    assert_eq!((with(".svg"), with(".png")), (0, with(".pdf")), "{names:?}");
    for figure in ["map_phi=-30", "g2_phi=-30", "decay_rate_polar", "pairs", "diffusion"] {
        let begin = |ending: &str| std::fs::read(plots.join(format!("{figure}.{ending}"))).expect(figure);
        assert!(begin("png").starts_with(b"\x89PNG") && begin("pdf").starts_with(b"%PDF-"), "{figure}");
    }
    let html = std::fs::read_to_string(run.join("report/report.html")).expect("a page");
    assert!(html.contains("plots/pairs.pdf") && !html.contains("plots/pairs.svg"));
    // What is asked for besides takes nothing away.
    succeeds(folder.path(), &["report", place, "--npz", "--fitted", "-q"]);
    assert!(plots.join("pairs.png").is_file() && plots.join("pairs.pdf").is_file(), "earlier formats stay");
    succeeds(folder.path(), &["report", place, "--formats", "svg", "--angles", "30", "--colormap", "jet", "-q"]);
    assert!(plots.join("pairs.svg").is_file() && plots.join("pairs.png").is_file(), "and others come to them");
    succeeds(folder.path(), &["report", place, "-q"]);
    let told = std::fs::read_to_string(run.join("report/report.json")).expect("a marker");
    assert!(told.contains("jet") && told.contains("30"), "angles and colours are those of before: {told}");
}

#[test]
fn fits_of_many_q_have_a_report_in_any_format() {
    let words = ["--frames", "60", "--angles", "2", "--q", "0.004,0.0054", "--parameter", "D_offset=0"];
    let folder = folder_with_data(CONFIG, &words);
    succeeds(folder.path(), &["run", "c.yaml", "--q", "all", "-q"]);
    let table = std::fs::canonicalize(folder.path().join("results/latest")).expect("a table");
    let html = std::fs::read_to_string(table.join("report/report.html")).expect("a page");
    assert!(html.contains("2 of 2 fits accepted") && html.contains("D0 against q"), "{html}");
    for address in html.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next()) {
        assert!(table.join("report").join(address).is_file(), "{address}");
    }
    let place = table.to_str().expect("text");
    succeeds(folder.path(), &["report", place, "--formats", "png,pdf", "-q"]);
    for ending in ["svg", "png", "pdf"] {
        assert!(table.join(format!("report/plots/d0_over_q.{ending}")).is_file(), "{ending}");
    }
    let refused = homodyne(folder.path(), &["report", place, "--npz"]);
    assert!(refused.status.code() == Some(2) && stderr(&refused).contains("[E62]"), "{}", stderr(&refused));
}

#[test]
fn tables_of_many_q_say_what_they_are_of() {
    let words = ["--frames", "60", "--angles", "2", "--q", "0.004,0.0054", "--parameter", "D_offset=0"];
    let folder = folder_with_data(CONFIG, &words);
    succeeds(folder.path(), &["run", "c.yaml", "--q", "all", "-q"]);
    let table = std::fs::canonicalize(folder.path().join("results/latest")).expect("a table");
    for name in ["q_table.parquet", "report/curves.parquet"] {
        let file = std::fs::File::open(table.join(name)).expect(name);
        let reader = ParquetRecordBatchReaderBuilder::try_new(file).expect("Parquet");
        let told = reader.schema().metadata().clone();
        for entry in ["program", "units", "run_id", "equation", "dt_seconds"] {
            assert!(told.contains_key(&format!("homodyne.{entry}")), "{name}: {entry}: {told:?}");
        }
        // Of many q none is that of the table.
        assert!(!told.contains_key("homodyne.q_per_angstrom"), "{name}: {told:?}");
        let rows = reader.build().expect("Parquet").next().expect("rows").expect("rows");
        for column in ["run_id", "store_content_key"].iter().filter(|_| name == "q_table.parquet") {
            let column = rows.column_by_name(column).expect("a column").as_string::<i32>();
            assert!(column.iter().all(|word| word.is_some_and(|word| word.len() > 8)), "every q has its own");
        }
    }
}

#[test]
fn results_whose_store_was_moved_are_drawn_from_where_it_is() {
    let (folder, run) = result();
    std::fs::rename(folder.path().join("results/stores"), folder.path().join("moved to")).expect("moved");
    let place = run.to_str().expect("text");
    let refused = homodyne(folder.path(), &["report", place]);
    let said = stderr(&refused);
    assert_eq!(refused.status.code(), Some(2), "{said}");
    assert!(said.contains("[E01]") && said.contains("--store DIR") && !said.contains("E73"), "{said}");
    let store = std::fs::read_dir(folder.path().join("moved to")).expect("stores").flatten().next().expect("a store");
    let store = store.path();
    succeeds(folder.path(), &["report", place, "--store", store.to_str().expect("text"), "-q"]);
    let html = std::fs::read_to_string(run.join("report/report.html")).expect("a page");
    let data = html.split("href=\"").find(|rest| rest.contains("c2.arrow\"")).expect("a link to the data");
    let address = data.split('"').next().expect("an address").replace("%20", " ");
    assert!(Path::new(&address).is_file(), "{address}");
    // Other data are not drawn as if they were these.
    let words = ["simulate", "--mode", "static", "--out", "other.h5", "--frames", "60", "--angles", "3", "--seed", "9"];
    succeeds(folder.path(), &words);
    succeeds(folder.path(), &["ingest", "other.h5", "--q", "0.0054", "--store", "other", "-q"]);
    let refused = homodyne(folder.path(), &["report", place, "--store", "other"]);
    assert!(refused.status.code() == Some(2) && stderr(&refused).contains("[E76]"), "{}", stderr(&refused));
}

#[test]
fn arrays_and_json_have_the_names_of_the_python_programs_and_can_be_looked_at() {
    let (folder, run) = result();
    let place = run.to_str().expect("text");
    succeeds(folder.path(), &["report", place, "--npz", "-q"]);
    let read = |name: &str| -> Value {
        serde_json::from_slice(&std::fs::read(run.join("nlsq").join(name)).expect(name)).expect("JSON")
    };
    let (own, theirs) = (run.join("parameters.json"), read("parameters.json"));
    let own: Value = serde_json::from_slice(&std::fs::read(own).expect("own")).expect("JSON");
    assert_eq!(own["parameters"]["D0"]["value"], theirs["parameters"]["D0"]["value"]);
    assert!(theirs["parameters"]["contrast"]["value"].is_f64() && theirs["convergence_status"] == "converged");
    for name in ["contrast", "offset"] {
        assert!(theirs["parameters"][name]["uncertainty"].as_f64() > Some(0.0), "{name}: {theirs}");
    }
    let analysis = read("analysis_results_nlsq.json");
    assert_eq!(analysis["dataset_info"]["total_data_points"], own["n_pairs"]);
    assert_eq!(
        (&analysis["dataset_info"]["n_angles"], &analysis["fit_quality"]["quality_flag"]),
        (&3.into(), &"good".into())
    );
    let convergence = &read("convergence_metrics.json")["convergence"];
    assert!(convergence["iterations"].is_u64());
    let reduction = 1.0 - own["reduced_chi_squared"].as_f64().expect("noise is known");
    assert_eq!(convergence["chi_squared_reduction"].as_f64(), Some(reduction.max(0.0)));
    let arrays = run.join("nlsq/fitted_data.npz");
    let said = succeeds(folder.path(), &["inspect", arrays.to_str().expect("text")]);
    for line in ["c2_exp", "3 x 60 x 60, f8", "per_angle_scaling", "3 x 2, f8", "1, f8"] {
        assert!(said.contains(line), "{line}: {said}");
    }
    let looked = succeeds(folder.path(), &["inspect", arrays.to_str().expect("text"), "--plot", "look"]);
    assert!(looked.starts_with("pictures: "), "{looked}");
    let html = std::fs::read_to_string(folder.path().join("look/report.html")).expect("a page");
    assert!(html.contains("data - fit") && html.contains("-30 degrees"));
    // Files of somebody else are kept.
    std::fs::write(run.join("nlsq/thesis.txt"), "a thesis").expect("written");
    let refused = homodyne(folder.path(), &["report", place, "--npz"]);
    assert!(refused.status.code() == Some(2) && stderr(&refused).contains("[E77]"), "{}", stderr(&refused));
}

#[test]
fn contrast_and_offset_that_follow_the_angle_have_the_error_of_their_mean() {
    let words = ["--frames", "60", "--phi=-70,-10,20,85", "--parameter", "D_offset=0"];
    let folder = folder_with_data(CONFIG, &words);
    let key = "optimization.nlsq.anti_degeneracy";
    for (mode, weights) in
        [("individual", [0.25; 4].to_vec()), ("fourier", mean_harmonics(&[-70.0, -10.0, 20.0, 85.0]))]
    {
        let (mode, order) = (format!("{key}.per_angle_mode={mode}"), format!("{key}.fourier_order=1"));
        let words = ["fit", "c.yaml", "-q", "--set", &mode, "--set", &order];
        succeeds(folder.path(), if mode.contains("fourier") { &words } else { &words[..5] });
        let run = std::fs::canonicalize(folder.path().join("results/latest")).expect("results");
        succeeds(folder.path(), &["report", run.to_str().expect("text"), "--npz", "-q"]);
        let read = |name: &str| -> Value {
            serde_json::from_slice(&std::fs::read(run.join(name)).expect(name)).expect("JSON")
        };
        let (own, theirs) = (read("parameters.json"), read("nlsq/parameters.json"));
        let names: Vec<&str> =
            own["covariance_names"].as_array().expect("names").iter().flat_map(Value::as_str).collect();
        for name in ["contrast", "offset"] {
            let place = |k: usize| names.iter().position(|known| *known == format!("{name}[{k}]")).expect("a number");
            let entry = |k: usize, l: usize| own["covariance"][place(k)][place(l)].as_f64().expect("known");
            let all = (0..weights.len()).flat_map(|k| (0..weights.len()).map(move |l| (k, l)));
            let variance: f64 = all.map(|(k, l)| weights[k] * weights[l] * entry(k, l)).sum();
            let told = theirs["parameters"][name]["uncertainty"].as_f64().expect("known");
            assert!((told / variance.sqrt() - 1.0).abs() < 1e-9, "{mode} {name}: {told} {}", variance.sqrt());
        }
    }
}

/// Means of 1, cos phi and sin phi over angles in degrees.
fn mean_harmonics(phi_degrees: &[f64]) -> Vec<f64> {
    let mean =
        |of: fn(f64) -> f64| phi_degrees.iter().map(|phi| of(phi.to_radians())).sum::<f64>() / phi_degrees.len() as f64;
    vec![1.0, mean(f64::cos), mean(f64::sin)]
}

#[test]
fn numpy_reads_the_arrays_and_they_are_data_model_and_residual() {
    let Some(python) = std::env::var("PYTHON").ok().into_iter().chain(["python3".to_owned()]).find(|python| {
        Command::new(python).args(["-c", "import numpy"]).output().is_ok_and(|output| output.status.success())
    }) else {
        println!("skipped: no Python with numpy (set PYTHON)");
        return;
    };
    let (folder, run) = result();
    succeeds(folder.path(), &["report", run.to_str().expect("text"), "--npz", "-q"]);
    let script = "
import numpy as np
a = np.load('fitted_data.npz')
assert set(a) == {'phi_angles', 'c2_exp', 'c2_theoretical_raw', 'c2_theoretical_scaled', 'per_angle_scaling', 'residuals',
                  'residuals_normalized', 't1', 't2', 'q'}, sorted(a)
assert a['q'].shape == () and a['t1'].shape == (60,) and abs(a['t1'][1] - 0.1) < 1e-12
assert a['c2_exp'].shape == (3, 60, 60) and list(a['phi_angles']) == [-90, -30, 30]
contrast, offset = a['per_angle_scaling'].T[:, :, None, None]
assert np.allclose(a['c2_theoretical_scaled'], offset + contrast * a['c2_theoretical_raw'], equal_nan=True)
known = np.isfinite(a['residuals'])
assert 3 * 57 * 56 <= known.sum() <= 3 * 60 * 59 and not known[:, range(60), range(60)].any()
assert np.allclose((a['c2_exp'] - a['c2_theoretical_scaled'] - a['residuals'])[known], 0)
assert np.array_equal(a['c2_exp'], a['c2_exp'].transpose(0, 2, 1), equal_nan=True)
assert abs(a['residuals_normalized'][known].std() - 1) < 0.1
np.savez_compressed('packed.npz', **{k: a[k].astype('f4') if a[k].ndim == 3 else a[k] for k in a})
";
    let place = run.join("nlsq");
    let output = Command::new(python).current_dir(&place).args(["-c", script]).output().expect("run");
    assert!(output.status.success(), "{}", stderr(&output));
    let packed = place.join("packed.npz");
    succeeds(folder.path(), &["inspect", packed.to_str().expect("text"), "--plot", "packed"]);
    assert!(folder.path().join("packed/curves.parquet").is_file());
}

/// `tests/data/fitted_lzma.npz` was written with Python's zipfile.ZIP_LZMA and numpy: c2_exp of f4 in Fortran order, 2 angles, 24 frames.
#[test]
fn arrays_of_others_are_read_with_lzma_in_fortran_order_and_without_a_fit() {
    let folder = tempfile::tempdir().expect("folder");
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/fitted_lzma.npz");
    let said = succeeds(folder.path(), &["inspect", file]);
    assert!(said.contains("2 x 24 x 24, f4") && said.contains("2 x 24 x 24, f8"), "{said}");
    succeeds(folder.path(), &["inspect", file, "--plot", "both"]);
    let shows = |place: &str| {
        let page = std::fs::read_to_string(folder.path().join(place).join("report.html")).expect("a page");
        (page.contains("data - fit"), page.contains("data, 45 degrees"))
    };
    assert_eq!(shows("both"), (true, true));
    // The same without the fit: its name is another one.
    let mut bytes = std::fs::read(file).expect("arrays");
    let name = b"c2_theoretical_scaled.npy";
    for at in (0..bytes.len() - name.len()).filter(|&at| bytes[at..].starts_with(name)).collect::<Vec<usize>>() {
        bytes[at] = b'x';
    }
    std::fs::write(folder.path().join("data.npz"), bytes).expect("written");
    succeeds(folder.path(), &["inspect", "data.npz", "--plot", "data"]);
    assert_eq!(shows("data"), (false, true));
}

#[test]
fn results_are_not_data_and_the_line_says_what_to_do_with_them() {
    let (folder, run) = result();
    let refused = homodyne(folder.path(), &["inspect", run.join("parameters.json").to_str().expect("text")]);
    let line = stderr(&refused);
    assert_eq!((refused.status.code(), line.lines().count()), (Some(2), 1), "{line}");
    assert!(
        line.contains("[E03]") && line.contains("results of this program") && line.contains("homodyne report"),
        "{line}"
    );
}

#[test]
fn a_simulation_is_drawn_with_its_truth() {
    let folder = tempfile::tempdir().expect("folder");
    let words = ["simulate", "--frames", "60", "--angles", "3", "--out", "made.h5", "--plot", "look", "-q"];
    let said = succeeds(folder.path(), &words);
    assert!(said.contains("written: made.h5") && said.contains("pictures: look/report.html"), "{said}");
    let html = std::fs::read_to_string(folder.path().join("look/report.html")).expect("a page");
    for part in ["data - truth", "true D0", "19000 angstrom^2/s", "Transport coefficient D(t)", "Shear rate"] {
        assert!(html.contains(part), "{part}");
    }
}

#[test]
fn arrays_that_are_cut_short_or_none_are_refused() {
    let (folder, run) = result();
    succeeds(folder.path(), &["report", run.to_str().expect("text"), "--npz", "-q"]);
    let whole = std::fs::read(run.join("nlsq/fitted_data.npz")).expect("arrays");
    let mut wrong_shape = whole.clone();
    let at = whole.windows(12).position(|bytes| bytes == b"(3, 60, 60,)").expect("a shape");
    wrong_shape[at..at + 12].copy_from_slice(b"(3, 60, 99,)");
    for (name, bytes) in [
        ("cut.npz", &whole[..whole.len() / 2]),
        ("none.npz", &b"PK\x03\x04 and nothing else"[..]),
        ("shape.npz", &wrong_shape[..]),
    ] {
        std::fs::write(folder.path().join(name), bytes).expect("written");
        let refused = homodyne(folder.path(), &["inspect", name, "--plot", "look"]);
        let line = stderr(&refused);
        assert_eq!((refused.status.code(), line.lines().count()), (Some(2), 1), "{name}: {line}");
        assert!(line.contains("[E03]") && !folder.path().join("look").exists(), "{name}: {line}");
    }
}
