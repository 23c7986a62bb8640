//! Starting points for a configuration. It reads nothing.

use crate::parameters::definitions::AnalysisMode;

const HEAD: &str = "\
# homodyne configuration. Every key: `homodyne config show FILE` prints the values in force and where they come from.
";

const DATA: &str = "\
experimental_data:
  file_path: your_data.hdf          # relative to this file

phi_filtering:
  enabled: false                    # true: only the angles in target_ranges (degrees, wrap-aware)
  target_ranges:
    - {min_angle: -10.0, max_angle: 10.0}

initial_parameters:
  values: null                      # null: start from the data
  fixed_parameters: null            # for example {D_offset: 0.0}

optimization:
  nlsq:
    strategy: auto                  # auto | stratified | hybrid_streaming (homodyne plan FILE says which and why)
    loss: linear                    # linear | soft_l1 | huber | cauchy | arctan
    f_scale: 1.0                    # where the loss turns, in units of sigma
    multi_start:
      enable: false                 # true: search from n_starts starts
      n_starts: 10
    anti_degeneracy:
      per_angle_mode: auto          # auto | constant | individual | fourier

output:
  directory: results
";

/// A commented configuration for a mode.
#[must_use]
pub fn template(mode: AnalysisMode) -> String {
    let (gap, convention) = match mode {
        AnalysisMode::Static => ("", ""),
        AnalysisMode::LaminarFlow => (
            "  geometry:\n    stator_rotor_gap: 2000000       # angstrom\n",
            "\nmodel:\n  shear_convention: homodyne        # homodyne (published values) | gap_average\n",
        ),
    };
    format!(
        "{HEAD}analysis_mode: {}\n\nanalyzer_parameters:\n  dt: null                          # seconds; null: as the file says\n  \
         start_frame: 1                    # 1-based\n  end_frame: -1                     # inclusive; -1: the last\n  \
         scattering:\n    wavevector_q: 0.0054            # 1/angstrom\n{gap}{convention}\n{DATA}",
        mode.name()
    )
}
