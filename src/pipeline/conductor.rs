//! The stages in order. It decides nothing about physics or data.

use crate::config::settings::Stage;
use crate::error::{Error, Result};
use crate::listener::LogLevel;
use crate::pipeline::drawing::ReportSettings;
use crate::pipeline::run::{Finished, FinishedPosterior, Run};
use crate::pipeline::run_directory::lead_latest_to;
use crate::pipeline::stages::condense::Again;
use crate::pipeline::stages::report::report;
use crate::pipeline::stages::sample::FinishedSampling;
use std::path::Path;

impl Run<'_> {
    /// Ingest, condense, fit and report as the stages say; an equal earlier result is reused.
    ///
    /// # Errors
    /// What the stages report.
    pub fn run(&self) -> Result<Option<Finished>> {
        let stages = &self.settings.run.stages;
        let made = || if self.stores_as_they_are { self.store() } else { self.made_store() };
        let made = stages.contains(&Stage::Ingest).then(made).transpose()?;
        let is_wanted = |stage: Stage| stages.contains(&stage);
        if !is_wanted(Stage::Fit) && !is_wanted(Stage::Condense) {
            return Ok(None);
        }
        let place = made.map_or_else(|| self.known_store(), Ok)?;
        let store = self.open(&place)?;
        if is_wanted(Stage::Condense) {
            self.condense(&store, Again::IfNeedBe)?;
        }
        if !is_wanted(Stage::Fit) {
            return Ok(None);
        }
        let finished = match self.earlier_result(&store)? {
            Some(finished) => {
                lead_latest_to(&finished.directory, &self.watch());
                self.say(LogLevel::Info, &format!("nothing changed: reusing {}", finished.directory.display()));
                finished
            }
            None => self.fit(store)?,
        };
        let finished = if self.settings.run.samples() { self.with_posterior(finished, &place)? } else { finished };
        if finished.report.is_some() || !stages.contains(&Stage::Report) {
            return Ok(Some(finished));
        }
        // Whoever has asked to stop is told what was found, and waits for no pictures.
        if self.log.stop().check().is_err() {
            return Ok(Some(finished));
        }
        Ok(Some(self.drawn(finished)))
    }

    /// A result with its posterior. Whoever has asked to stop is told what was found, and waits for no draws.
    fn with_posterior(&self, finished: Finished, store: &Path) -> Result<Finished> {
        if self.log.stop().check().is_err() {
            return Ok(finished);
        }
        let FinishedSampling { directory, result, summary, .. } = self.sample(store)?;
        Ok(Finished { posterior: Some(FinishedPosterior { directory, result, summary }), ..finished })
    }

    /// A result with its report. What keeps it from being drawn takes nothing from the numbers.
    fn drawn(&self, finished: Finished) -> Finished {
        let settings = ReportSettings { threads: self.settings.run.threads(), ..ReportSettings::default() };
        let draw = || report(&finished.directory, &settings, &self.watch());
        let drawn = self.timed("report", || match draw() {
            // Another command may just have put equal results in this place: it is drawn beside those.
            Err(Error::Io(_)) => draw(),
            drawn => drawn,
        });
        match drawn {
            Ok(page) => Finished { report: Some(page), ..finished },
            Err(Error::Interrupted(_)) => {
                let draw = format!("`homodyne report {}` draws it", finished.directory.display());
                self.say(LogLevel::Warning, &format!("no report: interrupted; {draw}"));
                finished
            }
            Err(error) => Finished { not_drawn: Some(error.to_string()), ..finished },
        }
    }
}
