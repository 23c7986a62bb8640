//! The stages in order. It decides nothing about physics or data.

use crate::config::settings::Stage;
use crate::error::Result;
use crate::listener::LogLevel;
use crate::pipeline::run::{Finished, Run};
use crate::pipeline::run_directory::lead_latest_to;

impl Run<'_> {
    /// Ingest and fit as the stages say; an equal earlier result is reused.
    ///
    /// # Errors
    /// What the stages report.
    pub fn run(&self) -> Result<Option<Finished>> {
        let stages = &self.settings.run.stages;
        let made = || if self.stores_as_they_are { self.store() } else { self.made_store() };
        let made = stages.contains(&Stage::Ingest).then(made).transpose()?;
        if !stages.contains(&Stage::Fit) {
            return Ok(None);
        }
        let store = self.open(&made.map_or_else(|| self.known_store(), Ok)?)?;
        match self.earlier_result(&store)? {
            Some(finished) => {
                lead_latest_to(&finished.directory, &self.watch());
                self.say(LogLevel::Info, &format!("nothing changed: reusing {}", finished.directory.display()));
                Ok(Some(finished))
            }
            None => self.fit(store).map(Some),
        }
    }
}
