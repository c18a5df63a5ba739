//! Real time as the whole suite has it: the store's, carried on by the machine's monotonic clock.
//!
//! The wall clock of one machine may be wrong or jump. So all replicas go by the clock of the store that they share, ask for it
//! again and again, and follow it when it drifts. A jump is followed only where the machine's own clock says the same; otherwise
//! the store's clock went wrong, or the machine's did, and time goes on as it was. An embedded suite has its machine's clock.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Instant;

use chrono::TimeDelta;

use super::{Moment, from_micros, micros, wall};

/// More than this is no drift but a jump.
const JUMP: TimeDelta = TimeDelta::minutes(1);
/// No store has told.
const NOBODY: i64 = i64::MIN;

static BEGAN: LazyLock<Instant> = LazyLock::new(instant);
/// Microseconds by which real time is ahead of what has passed since [`BEGAN`].
static AHEAD: AtomicI64 = AtomicI64::new(NOBODY);

/// An instant of this machine that no clock is read from.
#[derive(Clone, Copy, Debug)]
pub struct Asked(Instant);

/// What became of a time that the store told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    /// Real time goes by it.
    Followed,
    /// Real time goes by it, and the machine's own clock differs by so much.
    MachineDiffers(TimeDelta),
    /// It jumped by so much and the machine's clock did not: time goes on as it was.
    Refused(TimeDelta),
}

impl Asked {
    /// Now.
    #[must_use]
    pub fn now() -> Self {
        Self(instant())
    }
}

/// Real time as it is carried on; `None` while no store has told.
pub(super) fn now() -> Option<Moment> {
    let ahead = AHEAD.load(Ordering::Acquire);
    (ahead != NOBODY).then(|| from_micros(ahead.saturating_add(passed(instant()))))
}

/// The store told this time when it was asked then.
pub fn told(time: Moment, asked: Asked) -> Told {
    let answered = instant();
    // It read its clock somewhere between.
    let (from, to) = (passed(asked.0), passed(answered));
    let read = from.midpoint(to);
    let before = now();
    let told = judge(before, time + TimeDelta::microseconds(to - read), wall());
    if !matches!(told, Told::Refused(_)) {
        AHEAD.store(micros(time) - read, Ordering::Release);
    }
    told
}

fn judge(carried: Option<Moment>, told: Moment, wall: Moment) -> Told {
    let agree = |one: Moment, other: Moment| (one - other).abs() <= JUMP;
    match carried {
        Some(carried) if !agree(carried, told) && !agree(told, wall) => {
            Told::Refused(told - carried)
        }
        Some(_) | None if agree(told, wall) => Told::Followed,
        Some(_) | None => Told::MachineDiffers(wall - told),
    }
}

fn passed(until: Instant) -> i64 {
    let passed = until.saturating_duration_since(*BEGAN);
    i64::try_from(passed.as_micros()).unwrap_or(i64::MAX)
}

#[expect(
    clippy::disallowed_methods,
    reason = "not tokio's: a test that pauses it pauses no store"
)]
fn instant() -> Instant {
    Instant::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(day: i64) -> Moment {
        from_micros(1_500_000_000_000_000) + TimeDelta::days(day)
    }

    #[test]
    fn the_store_is_followed_whatever_the_machine_says() {
        assert_eq!(judge(None, day(0), day(0)), Told::Followed);
        let differs = Told::MachineDiffers(TimeDelta::days(30));
        assert_eq!(judge(None, day(0), day(30)), differs);
        assert_eq!(judge(Some(day(0)), day(0), day(30)), differs);
        let drift = day(0) + TimeDelta::seconds(50);
        assert_eq!(judge(Some(day(0)), drift, day(0)), Told::Followed);
    }

    #[test]
    fn a_jump_is_followed_only_where_the_machine_says_the_same() {
        assert_eq!(judge(Some(day(0)), day(1), day(1)), Told::Followed);
        let refused = Told::Refused(TimeDelta::days(1));
        assert_eq!(judge(Some(day(0)), day(1), day(0)), refused);
        let refused = Told::Refused(TimeDelta::days(-2));
        assert_eq!(judge(Some(day(0)), day(-2), day(0)), refused);
    }
}
