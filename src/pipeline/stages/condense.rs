//! The stage that condenses a store: pseudo-pairs of all angles in a file beside the partitions, once for all fits, with how near they lead a
//! fit as the model of the configuration predicts it. It fits no pairs.

use crate::error::Result;
use crate::fit::course::{Outset, foresee};
use crate::listener::LogLevel;
use crate::model::catalogue::Model;
use crate::outcome::fit::Strategy;
use crate::parameters::definitions::AnalysisMode;
use crate::pipeline::run::Run;
use crate::store::block::BlockSource;
use crate::store::condensed_angle::{CondensedAngle, Tally};
use crate::store::condensed_file::{CONDENSED_NAME, CondensedWriter};
use crate::store::directory::Store;
use crate::sums::objective::Fineness;
use crate::sweep::condensed::arrangement::Arrangement;
use crate::sweep::condensed::objective::Condensed;
use crate::sweep::condensed::pass::condense;
use crate::sweep::scattered::Sample;

/// Whether pseudo-pairs that are there are made again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Again {
    /// Only where masks or the rule by which they lie have changed.
    IfNeedBe,
    /// In any case.
    Always,
}

impl Run<'_> {
    /// Says that a store keeps pseudo-pairs that no fit uses any more.
    pub(super) fn say_outdated_condensed(&self, store: &Store) {
        let arrangement = Arrangement::of(store.experiment(), Fineness::Usual);
        if arrangement.is_some_and(|arrangement| store.has_outdated_condensed(&arrangement.rule())) {
            let place = store.directory().join(CONDENSED_NAME);
            let text = format!(
                "{}: condensed data of other masks or of another version are not used; `homodyne condense` makes them anew",
                place.display()
            );
            self.say(LogLevel::Warning, &text);
        }
    }

    /// Condenses an open store, unless it has its pseudo-pairs already; `None` where its frames are too few to gain by it.
    ///
    /// # Errors
    /// What reading and writing the store report; E72 if what is there is damaged; Interrupted if the user asks to stop.
    pub fn condense(&self, store: &Store, again: Again) -> Result<Option<Tally>> {
        // What a store keeps is of the values that it was made with, whoever believes others.
        let checked = (!store.is_verified()).then(|| Store::open(store.directory(), None)).transpose()?;
        let store = checked.as_ref().unwrap_or(store);
        let Some(arrangement) = Arrangement::of(store.experiment(), Fineness::Usual) else {
            let frames = store.experiment().time.n_frames;
            self.say(LogLevel::Info, &format!("not condensed: {frames} frames are too few to gain by it"));
            return Ok(None);
        };
        let place = store.directory().join(CONDENSED_NAME);
        if again == Again::IfNeedBe && store.condensed(&arrangement.rule())?.is_some() {
            self.say(LogLevel::Info, &format!("condensed data are up to date: {}", place.display()));
        } else {
            self.timed("condense", || self.write_condensed(store, arrangement))?;
            self.say(LogLevel::Info, &format!("condensed data written: {}", place.display()));
        }
        store.condensed_tally()
    }

    fn write_condensed(&self, store: &Store, arrangement: Arrangement) -> Result<()> {
        let (rule, angles) = (arrangement.rule(), &store.experiment().angles);
        let mut found = Vec::with_capacity(angles.len());
        condense(store, &arrangement, self.settings.run.threads(), self.log.stop(), &mut |_, condensed| {
            found.push(condensed);
            Ok(())
        })?;
        store.check_unchanged()?;
        let prediction = self.prediction(store, arrangement, &found)?;
        let whose = store.manifest().whose();
        let mut writer = CondensedWriter::begin(store.directory(), &whose, (&rule, prediction.as_deref()))?;
        for (angle, condensed) in angles.iter().zip(&found) {
            writer.write(angle.phi_degrees, condensed)?;
        }
        writer.publish()
    }

    /// How near pseudo-pairs lead a fit of this configuration; `None` where they have no minimum.
    fn prediction(&self, store: &Store, arrangement: Arrangement, found: &[CondensedAngle]) -> Result<Option<String>> {
        let (settings, experiment) = (self.settings, store.experiment());
        let (space, convention) = (&settings.fit.space, settings.model.convention);
        let model = Model::new(space.mode, convention, experiment)?;
        let outset = Outset::new(Strategy::Condensed, model.starts(space), model.t_ref_seconds());
        let condensed = Condensed::at_hand(experiment, &model, (arrangement, found), settings.run.threads());
        let sample = Sample::draw(store, &model)?.stopped_by(self.log.stop());
        let foreseen = match foresee(&sample, &condensed, &settings.fit, &outset) {
            Ok(foreseen) => Some(foreseen),
            Err(error) => {
                self.log.stop().check()?;
                self.say(LogLevel::Warning, &format!("how near condensed data lead is not predicted: {error}"));
                None
            }
        };
        let name = match space.mode {
            AnalysisMode::LaminarFlow => format!("{} ({})", space.mode.name(), convention.name()),
            AnalysisMode::Static => space.mode.name().to_owned(),
        };
        Ok(foreseen.map(|foreseen| format!("{name}: {}", foreseen.in_words())))
    }
}
