//! The opening hours of an office in an ordinary week.

use chrono::{NaiveTime, TimeDelta, Weekday};
use thiserror::Error;

/// One opening on one day of the week. It is open at `open` and no longer open at `close`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Opening {
    /// The day of the week.
    pub weekday: Weekday,
    /// First instant at which the office is open.
    pub open: NaiveTime,
    /// First instant at which it is closed again, the same day.
    pub close: NaiveTime,
}

/// Why a list of openings is not a week of office hours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum InvalidHours {
    /// There is no opening at all.
    #[error("the office never opens")]
    NeverOpen,
    /// An opening does not end after it begins.
    #[error("on {} the opening at {} does not close after it opens, but at {}", .0.weekday, .0.open, .0.close)]
    ClosesBeforeItOpens(Opening),
    /// Two openings of one day share some time. Openings that only touch are allowed.
    #[error("on {} the openings at {} and {} overlap", .0.weekday, .0.open, .1.open)]
    Overlap(Opening, Opening),
}

/// The hours of one unit for one season: per weekday, openings in order that do not overlap
/// (domain.md R15: settings by unit and season).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfficeHours {
    week: [Vec<Opening>; 7],
}

impl OfficeHours {
    /// Sorts the openings into a week.
    ///
    /// # Errors
    /// [`InvalidHours`] if there is no opening, one is empty or reversed, or two of a day overlap.
    pub fn new(mut openings: Vec<Opening>) -> Result<Self, InvalidHours> {
        if openings.is_empty() {
            return Err(InvalidHours::NeverOpen);
        }
        openings.sort_by_key(|opening| (place(opening.weekday), opening.open));
        for opening in &openings {
            if opening.close <= opening.open {
                return Err(InvalidHours::ClosesBeforeItOpens(*opening));
            }
        }
        for (earlier, later) in openings.iter().zip(openings.iter().skip(1)) {
            if earlier.weekday == later.weekday && later.open < earlier.close {
                return Err(InvalidHours::Overlap(*earlier, *later));
            }
        }
        Ok(Self::sorted(openings))
    }

    /// Monday to Friday, 07:00–11:30 and 13:30–17:00: the usual hours in Đắk Lắk (domain.md R15).
    #[must_use]
    pub fn standard() -> Self {
        let shifts = [(time(7, 0), time(11, 30)), (time(13, 30), time(17, 0))];
        let days = [
            Weekday::Mon,
            Weekday::Tue,
            Weekday::Wed,
            Weekday::Thu,
            Weekday::Fri,
        ];
        let openings = days.into_iter().flat_map(|weekday| {
            shifts.map(|(open, close)| Opening {
                weekday,
                open,
                close,
            })
        });
        Self::sorted(openings.collect())
    }

    fn sorted(openings: Vec<Opening>) -> Self {
        let mut week: [Vec<Opening>; 7] = Default::default();
        for opening in openings {
            week[place(opening.weekday)].push(opening);
        }
        Self { week }
    }

    /// The openings of an ordinary `weekday`.
    pub(crate) fn ordinary(&self, weekday: Weekday) -> &[Opening] {
        &self.week[place(weekday)]
    }

    /// The openings of a make-up day that falls on `weekday`: it stands in for a full day, so it has the hours of
    /// the weekday itself or, if some day of the week is worked longer, of the first such day.
    pub(crate) fn make_up(&self, weekday: Weekday) -> &[Opening] {
        let mut fullest = self.ordinary(weekday);
        for day in &self.week {
            if length(day) > length(fullest) {
                fullest = day;
            }
        }
        fullest
    }
}

fn place(weekday: Weekday) -> usize {
    weekday.num_days_from_monday() as usize
}

fn length(day: &[Opening]) -> TimeDelta {
    day.iter().map(|opening| opening.close - opening.open).sum()
}

/// A time of day known when the program is written; midnight if it does not exist.
pub(crate) const fn time(hour: u32, minute: u32) -> NaiveTime {
    match NaiveTime::from_hms_opt(hour, minute, 0) {
        Some(time) => time,
        None => NaiveTime::MIN,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opening(weekday: Weekday, open: NaiveTime, close: NaiveTime) -> Opening {
        Opening {
            weekday,
            open,
            close,
        }
    }

    #[test]
    fn a_standard_working_day_is_eight_hours_long() {
        let hours = OfficeHours::standard();
        assert_eq!(length(hours.ordinary(Weekday::Fri)), TimeDelta::hours(8));
        assert!(hours.ordinary(Weekday::Sat).is_empty());
    }

    #[test]
    fn the_standard_hours_pass_the_checks_that_others_must_pass() {
        let openings = OfficeHours::standard().week.concat();
        assert_eq!(OfficeHours::new(openings), Ok(OfficeHours::standard()));
    }

    #[test]
    fn openings_may_come_in_any_order() {
        let mut openings = OfficeHours::standard().week.concat();
        openings.reverse();
        assert_eq!(OfficeHours::new(openings), Ok(OfficeHours::standard()));
    }

    #[test]
    fn an_office_that_never_opens_is_refused() {
        assert_eq!(OfficeHours::new(Vec::new()), Err(InvalidHours::NeverOpen));
    }

    #[test]
    fn an_opening_that_closes_before_it_opens_is_refused() {
        let reversed = opening(Weekday::Mon, time(17, 0), time(7, 0));
        let refused = OfficeHours::new(vec![reversed]);
        assert_eq!(refused, Err(InvalidHours::ClosesBeforeItOpens(reversed)));
    }

    #[test]
    fn overlapping_openings_are_refused_but_touching_ones_are_not() {
        let morning = opening(Weekday::Mon, time(7, 0), time(12, 0));
        let touching = opening(Weekday::Mon, time(12, 0), time(17, 0));
        let overlapping = opening(Weekday::Mon, time(11, 59), time(17, 0));
        assert!(OfficeHours::new(vec![morning, touching]).is_ok());
        assert_eq!(
            OfficeHours::new(vec![morning, overlapping]),
            Err(InvalidHours::Overlap(morning, overlapping))
        );
    }

    #[test]
    fn a_make_up_day_is_worked_as_a_full_day_even_where_the_weekday_is_a_half_day() {
        let full = opening(Weekday::Mon, time(7, 0), time(15, 0));
        let half = opening(Weekday::Sat, time(7, 0), time(11, 0));
        let hours = OfficeHours::new(vec![full, half]).expect("valid hours");
        assert_eq!(hours.make_up(Weekday::Sat), &[full]);
        assert_eq!(hours.make_up(Weekday::Sun), &[full]);
    }
}
