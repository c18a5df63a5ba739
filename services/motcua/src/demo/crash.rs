//! The killing of the suite in the middle of the play, and the proof that nothing was lost or doubled.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use chrono::NaiveDateTime;
use kit::clock;

use super::error::Error;
use super::ledger::{Ledger, Replay};
use super::line::Line;
use super::report::thousands;
use super::stage::Stage;
use super::store::{self, Comparison};
use super::suite::Suite;

/// At most so many acknowledged mutations are sent again.
const REPLAYED: usize = 2_000;

/// When the suite is killed: in the first busy window after half of the simulated time.
#[derive(Debug)]
pub struct CrashPlan {
    half: NaiveDateTime,
    late: NaiveDateTime,
    most_acts: usize,
    most_offers: usize,
    done: bool,
}

impl CrashPlan {
    /// From `half` on in a busy window, from `late` on in any.
    #[must_use]
    pub fn new(half: NaiveDateTime, late: NaiveDateTime) -> Self {
        Self {
            half,
            late,
            most_acts: 0,
            most_offers: 0,
            done: false,
        }
    }

    /// After how many replies of the window that begins the suite is to be killed: half of its acts.
    pub fn begin(&mut self, now: NaiveDateTime, acts: usize, open_offers: usize) -> Option<usize> {
        if now < self.half {
            self.most_acts = self.most_acts.max(acts);
            self.most_offers = self.most_offers.max(open_offers);
            return None;
        }
        let busy = acts * 3 >= self.most_acts * 2 && open_offers * 2 >= self.most_offers;
        if self.done || !(busy || now >= self.late) {
            return None;
        }
        self.done = true;
        Some(acts / 2)
    }
}

/// What the killing showed.
#[derive(Clone, Debug)]
pub struct Crash {
    at: NaiveDateTime,
    in_flight: usize,
    open_offers: usize,
    acknowledged: usize,
    back_after: Duration,
    sent_again: u64,
    replay: Replay,
    comparison: Comparison,
}

impl Crash {
    /// Kills the suite and starts it again on the same data. Calls that were under way are made again by the line.
    ///
    /// # Errors
    /// When it does not come back.
    pub async fn cause(
        suite: &mut Suite,
        line: &Line,
        at: NaiveDateTime,
        open_offers: usize,
        acknowledged: usize,
    ) -> Result<Self, Error> {
        let in_flight = line.in_flight();
        line.close();
        let killed = clock::monotonic();
        suite.kill().await?;
        let serving = suite.start(at).await?;
        line.open(serving.address)?;
        Ok(Self {
            at,
            in_flight,
            open_offers,
            acknowledged,
            back_after: killed.elapsed(),
            sent_again: 0,
            replay: Replay::default(),
            comparison: Comparison::default(),
        })
    }

    /// Sends acknowledged mutations again, and reads back every dossier.
    ///
    /// # Errors
    /// When the suite refuses one of them.
    pub async fn prove(
        mut self,
        line: &Arc<Line>,
        ledger: &Ledger,
        stage: &Stage,
    ) -> Result<Self, Error> {
        self.sent_again = line.resent();
        self.replay = ledger.replay(line, REPLAYED).await?;
        let stored = store::dossiers(line, &stage.province).await?;
        self.comparison = Comparison::of(&stage.courses, &stored);
        Ok(self)
    }

    /// Whether nothing was lost and nothing doubled.
    #[must_use]
    pub fn is_harmless(&self) -> bool {
        self.replay.same == self.replay.sent && self.comparison.is_whole()
    }
}

impl fmt::Display for Crash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "Killed with SIGKILL at {} simulated time",
            self.at.format("%H:%M on %A %d/%m/%Y")
        )?;
        writeln!(
            f,
            "  under it           {} calls in flight, {} offers open, {} replies acknowledged before",
            self.in_flight,
            thousands(self.open_offers),
            thousands(self.acknowledged)
        )?;
        writeln!(
            f,
            "  back serving       after {} ms, on the same data; {} calls that had no answer sent again",
            self.back_after.as_millis(),
            self.sent_again
        )?;
        writeln!(
            f,
            "  sent once more     {} acknowledged mutations: {} replies the same to the bit, {} different",
            thousands(self.replay.sent),
            thousands(self.replay.same),
            self.replay.sent - self.replay.same
        )?;
        write!(f, "  read back          {}", self.comparison)
    }
}

#[cfg(test)]
mod tests {
    use super::super::time;
    use super::*;

    #[test]
    fn the_suite_is_killed_once_in_a_busy_window_after_half_of_the_time() {
        let hour = |hours| time::start() + chrono::TimeDelta::hours(hours);
        let mut plan = CrashPlan::new(hour(4), hour(8));
        assert_eq!(plan.begin(hour(1), 60, 20), None);
        assert_eq!(plan.begin(hour(4), 9, 20), None);
        assert_eq!(plan.begin(hour(5), 40, 9), None);
        assert_eq!(plan.begin(hour(6), 40, 10), Some(20));
        assert_eq!(plan.begin(hour(7), 60, 20), None);
    }

    #[test]
    fn a_quiet_play_is_interrupted_all_the_same() {
        let hour = |hours| time::start() + chrono::TimeDelta::hours(hours);
        let mut plan = CrashPlan::new(hour(4), hour(8));
        assert_eq!(plan.begin(hour(1), 60, 20), None);
        assert_eq!(plan.begin(hour(8), 2, 0), Some(1));
    }
}
