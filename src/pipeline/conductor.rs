//! The stages in order. It decides nothing about physics or data.

use crate::config::settings::Stage;
use crate::error::Result;
use crate::listener::LogLevel;
use crate::pipeline::run::{Finished, Run};

impl Run<'_> {
    /// Ingest and fit as the stages say; an equal earlier result is reused.
    ///
    /// # Errors
    /// What the stages report.
    pub fn run(&self) -> Result<Option<Finished>> {
        if self.settings.run.stages.contains(&Stage::Ingest) {
            self.ingest(false)?;
        }
        if !self.settings.run.stages.contains(&Stage::Fit) {
            return Ok(None);
        }
        let store = self.open(&self.settings.ingest.store)?;
        match self.earlier_result(&store)? {
            Some(finished) => {
                self.say(LogLevel::Info, &format!("nothing changed: reusing {}", finished.directory.display()));
                Ok(Some(finished))
            }
            None => self.fit(store).map(Some),
        }
    }
}
