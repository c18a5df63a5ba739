//! An amount of working time.

use chrono::TimeDelta;

/// Whole minutes during which an office is open. A working day is 8 working hours, whatever the hours of one
/// office are (domain.md R14). Amounts above `u32::MAX` minutes (8,000 years) are held at that maximum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct WorkingTime(u32);

impl WorkingTime {
    /// No time at all.
    pub const ZERO: Self = Self(0);

    const MINUTES_PER_HOUR: u32 = 60;
    const HOURS_PER_DAY: u32 = 8;

    /// From minutes.
    #[must_use]
    pub const fn from_minutes(minutes: u32) -> Self {
        Self(minutes)
    }

    /// From working hours.
    #[must_use]
    pub const fn from_hours(hours: u32) -> Self {
        Self(hours.saturating_mul(Self::MINUTES_PER_HOUR))
    }

    /// From working days of 8 hours (domain.md R14).
    #[must_use]
    pub const fn from_days(days: u32) -> Self {
        Self::from_hours(days.saturating_mul(Self::HOURS_PER_DAY))
    }

    /// In minutes.
    #[must_use]
    pub const fn minutes(self) -> u32 {
        self.0
    }

    /// The sum, held at the maximum.
    #[must_use]
    pub const fn saturating_add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// What is left after `used`, never less than zero: a paused clock goes on with this.
    #[must_use]
    pub const fn saturating_sub(self, used: Self) -> Self {
        Self(self.0.saturating_sub(used.0))
    }

    /// The whole minutes of `elapsed`; a begun minute does not count.
    pub(crate) fn elapsed(elapsed: TimeDelta) -> Self {
        Self(u32::try_from(elapsed.num_minutes().max(0)).unwrap_or(u32::MAX))
    }

    pub(crate) fn as_delta(self) -> TimeDelta {
        TimeDelta::minutes(i64::from(self.0))
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
        assert_eq!(WorkingTime::from_days(u32::MAX).minutes(), u32::MAX);
        assert_eq!(WorkingTime::elapsed(TimeDelta::MAX).minutes(), u32::MAX);
        assert_eq!(WorkingTime::elapsed(TimeDelta::MIN), WorkingTime::ZERO);
    }

    #[test]
    fn a_begun_minute_does_not_count() {
        assert_eq!(WorkingTime::elapsed(TimeDelta::seconds(119)).minutes(), 1);
    }
}
