//! Options that users of the Python programs know, as keys of the configuration.

use crate::cli::words::{path, standing_here};
use clap::Args;
use homodyne::api::{Node, PHYSICAL, Result, keys, override_node};
use std::path::PathBuf;

/// Shorthands for keys.
#[derive(Debug, Args)]
#[command(next_help_heading = "Shorthands for keys of the configuration")]
pub struct Shorthands {
    /// Beamline file, relative to the current directory.
    #[arg(long, value_name = "FILE", value_parser = path())]
    pub data_file: Option<PathBuf>,
    /// Fit diffusion alone.
    #[arg(long, conflicts_with = "laminar_flow")]
    pub static_mode: bool,
    /// Fit diffusion under laminar shear flow.
    #[arg(long)]
    pub laminar_flow: bool,
    /// How parameters are found: nlsq, cmc (draws of the posterior; mcmc is an older name of it) or both.
    #[arg(long, value_name = "METHOD")]
    pub method: Option<String>,
    /// Most evaluations of the solver.
    #[arg(long, value_name = "N", allow_hyphen_values = true)]
    pub max_iterations: Option<String>,
    /// Stop when the predicted decrease is below this share of the cost per pair (ftol).
    #[arg(long, value_name = "X", allow_hyphen_values = true)]
    pub tolerance: Option<String>,
    /// Start value of D0 in angstrom^2/s.
    #[arg(long, value_name = "X", allow_hyphen_values = true)]
    pub initial_d0: Option<String>,
    /// Start value of alpha.
    #[arg(long, value_name = "X", allow_hyphen_values = true)]
    pub initial_alpha: Option<String>,
    /// Start value of D_offset in angstrom^2/s.
    #[arg(long, value_name = "X", allow_hyphen_values = true)]
    pub initial_d_offset: Option<String>,
    /// Start value of gamma_dot_t0 in 1/s.
    #[arg(long, value_name = "X", allow_hyphen_values = true)]
    pub initial_gamma_dot_t0: Option<String>,
    /// Start value of beta.
    #[arg(long, value_name = "X", allow_hyphen_values = true)]
    pub initial_beta: Option<String>,
    /// Start value of gamma_dot_t_offset in 1/s.
    #[arg(long, value_name = "X", allow_hyphen_values = true)]
    pub initial_gamma_dot_t_offset: Option<String>,
    /// Start value of phi0 in degrees.
    #[arg(long, value_name = "X", allow_hyphen_values = true)]
    pub initial_phi0: Option<String>,
}

impl Shorthands {
    /// The keys that they set.
    pub fn overrides(&self) -> Result<Vec<(String, Node)>> {
        let mut list = Vec::new();
        if let Some(file) = &self.data_file {
            list.push((keys::data::FILE.to_owned(), standing_here("--data-file", file)?));
        }
        for (name, _) in
            [("static", self.static_mode), ("laminar_flow", self.laminar_flow)].iter().filter(|(_, set)| *set)
        {
            list.push((keys::parameters::MODE.to_owned(), Node::Text((*name).to_owned())));
        }
        let plain = [
            (keys::run::METHOD, &self.method),
            (keys::fit::MAX_ITERATIONS, &self.max_iterations),
            (keys::fit::FTOL, &self.tolerance),
        ];
        for (key, text) in plain {
            list.extend(text.iter().map(|text| (key.to_owned(), override_node(text))));
        }
        // In the order of the parameters.
        let starts = [
            &self.initial_d0,
            &self.initial_alpha,
            &self.initial_d_offset,
            &self.initial_gamma_dot_t0,
            &self.initial_beta,
            &self.initial_gamma_dot_t_offset,
            &self.initial_phi0,
        ];
        for (known, text) in PHYSICAL.iter().zip(starts) {
            let key = format!("{}.{}", keys::parameters::STARTS, known.name);
            list.extend(text.iter().map(|text| (key.clone(), override_node(text))));
        }
        Ok(list)
    }

    /// Whether the physics is chosen.
    pub fn has_mode(&self) -> bool {
        self.static_mode || self.laminar_flow
    }
}
