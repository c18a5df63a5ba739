//! The opening hours of an office: of one day, and of an ordinary week.

use chrono::{NaiveTime, Weekday};
use thiserror::Error;

use crate::working_time::WorkingTime;

/// One opening on some day. It is open at `open` and no longer open at `close`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Shift {
    /// First instant at which the office is open.
    pub open: NaiveTime,
    /// First instant at which it is closed again, the same day.
    pub close: NaiveTime,
}

/// One opening on one day of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Opening {
    /// The day of the week.
    pub weekday: Weekday,
    /// First instant at which the office is open.
    pub open: NaiveTime,
    /// First instant at which it is closed again, the same day.
    pub close: NaiveTime,
}

/// Why a list of openings is not the hours of an office.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum InvalidHours {
    /// There is no opening at all.
    #[error("the office never opens")]
    NeverOpen,
    /// An opening does not end after it begins.
    #[error("the opening at {} does not close after it opens, but at {}", .0.open, .0.close)]
    ClosesBeforeItOpens(Shift),
    /// Two openings of one day share some time. Openings that only touch are allowed.
    #[error("the openings at {} and {} of one day overlap", .0.open, .1.open)]
    Overlap(Shift, Shift),
}

/// The hours of one day: openings in order that do not overlap; of a day off, none.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct DayHours {
    shifts: Vec<Shift>,
    length: WorkingTime,
}

impl DayHours {
    /// A day on which the office does not open.
    pub const OFF: Self = Self {
        shifts: Vec::new(),
        length: WorkingTime::ZERO,
    };

    /// Sorts the openings of a day.
    ///
    /// # Errors
    /// [`InvalidHours`] if one is empty or reversed, or two overlap.
    pub fn new(mut shifts: Vec<Shift>) -> Result<Self, InvalidHours> {
        shifts.sort();
        if let Some(reversed) = shifts.iter().find(|shift| shift.close <= shift.open) {
            return Err(InvalidHours::ClosesBeforeItOpens(*reversed));
        }
        for (earlier, later) in shifts.iter().zip(shifts.iter().skip(1)) {
            if later.open < earlier.close {
                return Err(InvalidHours::Overlap(*earlier, *later));
            }
        }
        Ok(Self::sorted(shifts))
    }

    /// The openings in order.
    #[must_use]
    pub fn shifts(&self) -> &[Shift] {
        &self.shifts
    }

    /// Whether the office does not open.
    #[must_use]
    pub fn is_off(&self) -> bool {
        self.shifts.is_empty()
    }

    /// How long it is open in all.
    pub(crate) fn length(&self) -> WorkingTime {
        self.length
    }

    /// Sorted already, and known not to overlap.
    fn sorted(shifts: Vec<Shift>) -> Self {
        let lengths = shifts.iter().map(|shift| shift.close - shift.open);
        Self {
            length: lengths.map(WorkingTime::elapsed).sum(),
            shifts,
        }
    }
}

/// The hours of an ordinary week (domain.md R15).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfficeHours {
    week: [DayHours; 7],
}

impl OfficeHours {
    /// Sorts the openings into a week.
    ///
    /// # Errors
    /// [`InvalidHours`] if there is no opening, one is empty or reversed, or two of a day overlap.
    pub fn new(openings: impl IntoIterator<Item = Opening>) -> Result<Self, InvalidHours> {
        let mut days: [Vec<Shift>; 7] = Default::default();
        for Opening {
            weekday,
            open,
            close,
        } in openings
        {
            days[place(weekday)].push(Shift { open, close });
        }
        if days.iter().all(Vec::is_empty) {
            return Err(InvalidHours::NeverOpen);
        }
        let mut week = [DayHours::OFF; 7];
        for (day, shifts) in week.iter_mut().zip(days) {
            *day = DayHours::new(shifts)?;
        }
        Ok(Self { week })
    }

    /// Monday to Friday, 07:00–11:30 and 13:30–17:00: the usual hours in Đắk Lắk (domain.md R15).
    #[must_use]
    pub fn standard() -> Self {
        let shift = |open, close| Shift { open, close };
        let shifts = [
            shift(time(7, 0), time(11, 30)),
            shift(time(13, 30), time(17, 0)),
        ];
        let mut week = [DayHours::OFF; 7];
        for weekday in &mut week[place(Weekday::Mon)..=place(Weekday::Fri)] {
            *weekday = DayHours::sorted(shifts.to_vec());
        }
        Self { week }
    }

    /// The hours of an ordinary `weekday`.
    pub(crate) fn ordinary(&self, weekday: Weekday) -> &DayHours {
        &self.week[place(weekday)]
    }

    /// The hours of a make-up day that falls on `weekday`: it stands in for a full day, so it has the hours of the
    /// weekday itself or, if some day of the week is worked longer, of the first such day.
    pub(crate) fn make_up(&self, weekday: Weekday) -> &DayHours {
        let mut fullest = self.ordinary(weekday);
        for day in &self.week {
            if day.length() > fullest.length() {
                fullest = day;
            }
        }
        fullest
    }
}

fn place(weekday: Weekday) -> usize {
    weekday.num_days_from_monday() as usize
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

    const WORKDAYS: [Weekday; 5] = [
        Weekday::Mon,
        Weekday::Tue,
        Weekday::Wed,
        Weekday::Thu,
        Weekday::Fri,
    ];

    fn shift(open: NaiveTime, close: NaiveTime) -> Shift {
        Shift { open, close }
    }

    fn on(weekday: Weekday, Shift { open, close }: Shift) -> Opening {
        Opening {
            weekday,
            open,
            close,
        }
    }

    fn standard() -> Vec<Opening> {
        let shifts = OfficeHours::standard().week[0].shifts.clone();
        let day = |weekday| shifts.iter().map(move |shift| on(weekday, *shift));
        WORKDAYS.into_iter().flat_map(day).collect()
    }

    #[test]
    fn a_standard_working_day_is_eight_hours_long() {
        let hours = OfficeHours::standard();
        assert_eq!(
            hours.ordinary(Weekday::Fri).length(),
            WorkingTime::from_hours(8)
        );
        assert!(hours.ordinary(Weekday::Sat).is_off());
    }

    #[test]
    fn the_standard_hours_pass_the_checks_that_others_must_pass_in_any_order() {
        let mut openings = standard();
        assert_eq!(
            OfficeHours::new(openings.clone()),
            Ok(OfficeHours::standard())
        );
        openings.reverse();
        assert_eq!(OfficeHours::new(openings), Ok(OfficeHours::standard()));
    }

    #[test]
    fn an_office_that_never_opens_is_refused() {
        assert_eq!(OfficeHours::new([]), Err(InvalidHours::NeverOpen));
    }

    #[test]
    fn an_opening_that_closes_before_it_opens_is_refused() {
        let reversed = shift(time(17, 0), time(7, 0));
        let refused = OfficeHours::new([on(Weekday::Mon, reversed)]);
        assert_eq!(refused, Err(InvalidHours::ClosesBeforeItOpens(reversed)));
    }

    #[test]
    fn overlapping_openings_are_refused_but_touching_ones_are_not() {
        let morning = shift(time(7, 0), time(12, 0));
        let touching = shift(time(12, 0), time(17, 0));
        let overlapping = shift(time(11, 59), time(17, 0));
        assert!(DayHours::new(vec![touching, morning]).is_ok());
        assert_eq!(
            DayHours::new(vec![overlapping, morning]),
            Err(InvalidHours::Overlap(morning, overlapping))
        );
    }

    #[test]
    fn a_make_up_day_is_worked_as_a_full_day_even_where_the_weekday_is_a_half_day() {
        let full = shift(time(7, 0), time(15, 0));
        let half = shift(time(7, 0), time(11, 0));
        let hours = OfficeHours::new([on(Weekday::Mon, full), on(Weekday::Sat, half)]);
        let hours = hours.expect("valid hours");
        assert_eq!(hours.make_up(Weekday::Sat).shifts(), &[full]);
        assert_eq!(hours.make_up(Weekday::Sun).shifts(), &[full]);
    }
}
