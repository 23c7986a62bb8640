//! The stage that condenses a store: pseudo-pairs of all angles in a file beside the partitions, once for all fits. It fits nothing.

use crate::error::Result;
use crate::listener::LogLevel;
use crate::pipeline::run::Run;
use crate::store::block::BlockSource;
use crate::store::condensed_angle::{CondensedAngle, Tally, Unseen};
use crate::store::condensed_file::{CONDENSED_NAME, CondensedWriter};
use crate::store::directory::Store;
use crate::sums::objective::Fineness;
use crate::sweep::condensed::arrangement::Arrangement;
use crate::sweep::condensed::pass::condense;

/// Whether pseudo-pairs that are there are made again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Again {
    /// Only where masks or the rule by which they lie have changed.
    IfNeedBe,
    /// In any case.
    Always,
}

impl Run<'_> {
    /// Condenses an open store, unless it has its pseudo-pairs already; `None` where its frames are too few to gain by it.
    ///
    /// # Errors
    /// What reading and writing the store report; E72 if what is there is damaged; Interrupted if the user asks to stop.
    pub fn condense(&self, store: &Store, again: Again) -> Result<Option<Tally>> {
        // What a store keeps is of the values that it was made with, whoever believes others.
        let checked = (!store.is_verified()).then(|| Store::open(store.directory(), None)).transpose()?;
        let store = checked.as_ref().unwrap_or(store);
        let experiment = store.experiment();
        let Some(arrangement) = Arrangement::of(experiment, Fineness::Usual) else {
            let frames = experiment.time.n_frames;
            self.say(LogLevel::Info, &format!("not condensed: {frames} frames are too few to gain by it"));
            return Ok(None);
        };
        let (rule, whose, place) =
            (arrangement.rule(), store.manifest().whose(), store.directory().join(CONDENSED_NAME));
        let known = match again {
            Again::IfNeedBe => store.condensed(&rule)?,
            Again::Always => None,
        };
        if let Some(known) = known {
            self.say(LogLevel::Info, &format!("condensed data are up to date: {}", place.display()));
            return Ok(Some(Tally::of(&experiment.angles, known.iter().map(CondensedAngle::told))));
        }
        let mut found = Vec::with_capacity(experiment.angles.len());
        self.timed("condense", || {
            let mut writer = CondensedWriter::begin(store.directory(), &whose, &rule)?;
            condense(store, &arrangement, self.settings.run.threads(), self.log.stop(), &mut |angle, condensed| {
                writer.write(experiment.angles[angle].phi_degrees, &condensed)?;
                found.push((condensed.moments.len(), condensed.unseen));
                Ok(())
            })?;
            store.check_unchanged()?;
            writer.publish()
        })?;
        self.say(LogLevel::Info, &format!("condensed data written: {}", place.display()));
        let parts = found.iter().map(|(pseudo_pairs, unseen): &(usize, Unseen)| (*pseudo_pairs, unseen));
        Ok(Some(Tally::of(&experiment.angles, parts)))
    }
}
