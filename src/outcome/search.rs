//! What a global search has found.

use serde::{Deserialize, Serialize};

/// How other basins are looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SearchMethod {
    /// From many starts.
    #[serde(rename = "multi_start")]
    MultiStart,
    /// By evolution.
    CmaEs,
}

impl SearchMethod {
    /// Name in results.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            SearchMethod::MultiStart => "multi_start",
            SearchMethod::CmaEs => "cmaes",
        }
    }
}

/// Where a candidate comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// The local fit's start.
    Start,
    /// The data's own start.
    Data,
    /// A search.
    #[serde(untagged)]
    Search(SearchMethod),
}

impl Origin {
    /// Name in results.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Origin::Start => "start",
            Origin::Data => "data",
            Origin::Search(method) => method.name(),
        }
    }
}

/// One start of a global search and what became of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Candidate {
    /// Where it comes from.
    pub origin: Origin,
    /// Where it started (or CMA-ES ended), physical units.
    pub start: Vec<f64>,
    /// Cost there on the sample.
    pub screened_cost: f64,
    /// Where the solver led on the sample; `None` if it was screened out.
    pub polished: Option<Vec<f64>>,
    /// Cost there on the sample.
    pub polished_cost: Option<f64>,
    /// Basin, from 0 for the best.
    pub basin: Option<usize>,
}

/// A basin of the cost that a global search has found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Basin {
    /// Its minimum, physical units.
    pub theta: Vec<f64>,
    /// Cost on the sample.
    pub sample_cost: f64,
    /// Cost on all data; `None` if it was not refined.
    pub cost: Option<f64>,
    /// Candidates that led here.
    pub candidates: usize,
}

/// What a global search has found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Search {
    /// How it was done.
    pub method: SearchMethod,
    /// Why it ran.
    pub reason: String,
    /// Seed.
    pub seed: u64,
    /// Evaluations on the sample.
    pub evaluations: usize,
    /// Basins, the best first.
    pub basins: Vec<Basin>,
    /// Whether it has replaced the local fit's result.
    pub improved: bool,
    /// Every candidate; they have a table of their own.
    #[serde(skip)]
    pub candidates: Vec<Candidate>,
}
