//! Time and randomness come in through here and nowhere else.
//!
//! *Civil* time is what the law counts in; it is simulated in the demo and in tests. *Real* and *monotonic* time are
//! never simulated: tokens, leases and retention use them.

mod carried;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, FixedOffset, NaiveDateTime, Offset as _, TimeZone as _, Utc};
use prost_types::Timestamp;
use uuid::Uuid;

pub use carried::{Asked, Told, told};

/// An instant of civil or real time.
pub type Moment = DateTime<Utc>;

/// Seconds by which `Asia/Ho_Chi_Minh` is ahead of UTC; it has had no daylight saving since 1975.
const LOCAL_OFFSET_SECONDS: i32 = 7 * 3600;

/// The civil clock of one process.
#[derive(Clone, Debug)]
pub struct Clock(Arc<Source>);

#[derive(Debug)]
enum Source {
    System,
    Simulated(AtomicI64),
}

impl Clock {
    /// Real time.
    #[must_use]
    pub fn system() -> Self {
        Self(Arc::new(Source::System))
    }

    /// A clock that stands at `start` until somebody advances it.
    #[must_use]
    pub fn simulated(start: Moment) -> Self {
        Self(Arc::new(Source::Simulated(AtomicI64::new(micros(start)))))
    }

    /// The civil time now.
    #[must_use]
    pub fn civil(&self) -> Moment {
        match self.0.as_ref() {
            Source::System => real(),
            Source::Simulated(now) => from_micros(now.load(Ordering::Acquire)),
        }
    }

    /// Whether civil time is simulated.
    #[must_use]
    pub fn is_simulated(&self) -> bool {
        matches!(self.0.as_ref(), Source::Simulated(_))
    }

    /// Moves a simulated clock forward; it never goes back. The system's clock is left alone.
    pub fn advance_to(&self, to: Moment) {
        if let Source::Simulated(now) = self.0.as_ref() {
            now.fetch_max(micros(to), Ordering::AcqRel);
        }
    }
}

/// Real time, for tokens and retention: the store's where replicas share one, else the machine's.
#[must_use]
pub fn real() -> Moment {
    carried::now().unwrap_or_else(wall)
}

/// The machine's own time.
#[expect(
    clippy::disallowed_methods,
    reason = "the one place that reads the wall clock"
)]
fn wall() -> Moment {
    to_the_microsecond(Utc::now())
}

/// Monotonic time, for leases and waiting. Tests pause and advance it through tokio.
#[must_use]
pub fn monotonic() -> tokio::time::Instant {
    tokio::time::Instant::now()
}

/// A new uid, sortable by the real time of its making.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "the one place that makes ids")]
pub fn new_uid() -> String {
    Uuid::now_v7().simple().to_string()
}

/// Fresh random bytes from the operating system.
#[must_use]
pub fn random_bytes<const N: usize>() -> [u8; N] {
    rand::random()
}

/// Microseconds since 1970 UTC: how stores keep instants.
#[must_use]
pub fn micros(moment: Moment) -> i64 {
    moment.timestamp_micros()
}

/// The instant that [`micros`] was taken of.
#[must_use]
pub fn from_micros(micros: i64) -> Moment {
    DateTime::from_timestamp_micros(micros).unwrap_or_default()
}

/// Civil time as people in the province read it.
#[must_use]
pub fn local(moment: Moment) -> NaiveDateTime {
    moment.with_timezone(&zone()).naive_local()
}

/// The instant at which people in the province read `local`, to the microsecond: what is told of it and what is stored is the same.
#[must_use]
pub fn from_local(local: NaiveDateTime) -> Moment {
    let moment = zone().from_local_datetime(&local).single();
    to_the_microsecond(moment.unwrap_or_default().to_utc())
}

/// An instant as protobuf carries it.
#[must_use]
pub fn to_timestamp(moment: Moment) -> Timestamp {
    Timestamp {
        seconds: moment.timestamp(),
        nanos: i32::try_from(moment.timestamp_subsec_nanos()).unwrap_or_default(),
    }
}

/// The instant that a protobuf timestamp names, to the microsecond.
#[must_use]
pub fn from_timestamp(timestamp: &Timestamp) -> Moment {
    let nanos = u32::try_from(timestamp.nanos).unwrap_or_default();
    let moment = DateTime::from_timestamp(timestamp.seconds, nanos);
    to_the_microsecond(moment.unwrap_or_default())
}

fn to_the_microsecond(moment: Moment) -> Moment {
    from_micros(micros(moment))
}

fn zone() -> FixedOffset {
    FixedOffset::east_opt(LOCAL_OFFSET_SECONDS).unwrap_or(Utc.fix())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn local_time_is_seven_hours_ahead_and_comes_back() {
        let moment = from_micros(1_503_883_800_000_000);
        assert_eq!(local(moment).to_string(), "2017-08-28 08:30:00");
        assert_eq!(from_local(local(moment)), moment);
    }

    #[test]
    fn what_is_read_is_an_instant_as_stores_keep_it() {
        let moment = from_micros(1_503_883_800_608_415);
        let finer = local(moment) + chrono::TimeDelta::nanoseconds(200);
        assert_eq!(from_local(finer), moment);
        let timestamp = to_timestamp(moment + chrono::TimeDelta::nanoseconds(200));
        assert_eq!(from_timestamp(&timestamp), moment);
    }

    #[test]
    fn a_simulated_clock_stands_still_and_never_goes_back() {
        let start = from_micros(1_000_000);
        let clock = Clock::simulated(start);
        clock.advance_to(from_micros(3_000_000));
        clock.advance_to(from_micros(2_000_000));
        assert_eq!(clock.civil(), from_micros(3_000_000));
    }
}
