//! An amount of working time.

use chrono::TimeDelta;

/// Time during which an office is open, exactly: parts add up to their whole whatever instants they end at. A working day
/// is 8 working hours, whatever the hours of one office are (domain.md R14). Amounts above 292 years are held there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct WorkingTime {
    nanoseconds: i64,
}

impl WorkingTime {
    /// No time at all.
    pub const ZERO: Self = Self { nanoseconds: 0 };

    const MINUTE: i64 = 60 * 1_000_000_000;
    const HOUR: i64 = 60 * Self::MINUTE;
    const DAY: i64 = 8 * Self::HOUR;

    /// From minutes.
    #[must_use]
    pub fn from_minutes(minutes: u32) -> Self {
        Self::of(minutes, Self::MINUTE)
    }

    /// From working hours.
    #[must_use]
    pub fn from_hours(hours: u32) -> Self {
        Self::of(hours, Self::HOUR)
    }

    /// From working days of 8 hours (domain.md R14).
    #[must_use]
    pub fn from_days(days: u32) -> Self {
        Self::of(days, Self::DAY)
    }

    /// In whole minutes; a begun minute does not count.
    #[must_use]
    pub fn minutes(self) -> u32 {
        u32::try_from(self.nanoseconds / Self::MINUTE).unwrap_or(u32::MAX)
    }

    /// The sum, held at the maximum.
    #[must_use]
    pub const fn saturating_add(self, other: Self) -> Self {
        let nanoseconds = self.nanoseconds.saturating_add(other.nanoseconds);
        Self { nanoseconds }
    }

    /// What is left after `used`, never less than zero: a paused clock goes on with this.
    #[must_use]
    pub fn saturating_sub(self, used: Self) -> Self {
        let nanoseconds = (self.nanoseconds - used.nanoseconds).max(0);
        Self { nanoseconds }
    }

    /// What has passed; nothing if it is negative.
    pub(crate) fn elapsed(elapsed: TimeDelta) -> Self {
        let nanoseconds = elapsed.num_nanoseconds().unwrap_or(i64::MAX).max(0);
        Self { nanoseconds }
    }

    pub(crate) fn as_delta(self) -> TimeDelta {
        TimeDelta::nanoseconds(self.nanoseconds)
    }

    fn of(count: u32, unit: i64) -> Self {
        let nanoseconds = i64::from(count).saturating_mul(unit);
        Self { nanoseconds }
    }
}

impl std::iter::Sum for WorkingTime {
    fn sum<I: Iterator<Item = Self>>(parts: I) -> Self {
        parts.fold(Self::ZERO, Self::saturating_add)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_working_day_is_eight_working_hours() {
        assert_eq!(WorkingTime::from_days(12), WorkingTime::from_hours(96));
        assert_eq!(WorkingTime::from_hours(1).minutes(), 60);
    }

    #[test]
    fn amounts_beyond_the_maximum_are_held_there() {
        let most = WorkingTime::elapsed(TimeDelta::days(1_000_000));
        assert_eq!(WorkingTime::from_days(u32::MAX), most);
        assert_eq!(most.saturating_add(most), most);
        assert_eq!(
            WorkingTime::elapsed(TimeDelta::hours(-1)),
            WorkingTime::ZERO
        );
        let (little, much) = (WorkingTime::from_minutes(1), WorkingTime::from_minutes(2));
        assert_eq!(little.saturating_sub(much), WorkingTime::ZERO);
    }

    #[test]
    fn a_begun_minute_is_not_told_and_not_lost() {
        let seconds = WorkingTime::elapsed(TimeDelta::seconds(119));
        assert_eq!(seconds.minutes(), 1);
        assert_eq!(seconds.saturating_add(seconds).minutes(), 3);
    }
}
