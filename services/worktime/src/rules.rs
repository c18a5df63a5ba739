//! What the law of a date says about cut-offs and the start of counting.

use chrono::{NaiveDate, NaiveTime, Timelike};

use crate::hours::time;

/// Where a limit in days begins. Limits in working hours always begin at the instant (or the next opening).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CountFrom {
    /// At receipt: a working day is 8 working hours from then on.
    Instant,
    /// At receipt or, if the office is closed, at its next opening, whose day is then the day of receipt.
    NextOpening,
    /// On the next day: the day of the event is not counted (Civil Code 2015 art 147).
    NextWorkingDay,
}

/// Three separate settings, never stacked (domain.md R3). Cut-offs are compared by whole seconds: 15:00:00 is not
/// after 15:00, and what people see on the receipt decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Cutoffs {
    /// A dossier received later reaches the processing unit at the start of the next working day
    /// (NĐ 61/2018 art 18).
    pub handover: NaiveTime,
    /// A same-day result of a dossier received later is due the next working day.
    pub same_day: NaiveTime,
    /// Where a limit in days begins.
    pub count_from: CountFrom,
}

/// The rules in force on a date. A procedure or channel with its own cut-offs replaces [`RuleSet::cutoffs`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RuleSet {
    /// The year of its norm: `2015`, `2018` or `2025`.
    pub name: &'static str,
    /// Cut-offs and the start of counting.
    pub cutoffs: Cutoffs,
}

impl RuleSet {
    /// QĐ 09/2015/QĐ-TTg, to 20/06/2018. Illustrative: its text was not read, so it has the cut-offs of 2018, and
    /// it stands for the earlier norms too.
    const DECISION_09_2015: Self = Self {
        name: "2015",
        cutoffs: FIFTEEN_O_CLOCK,
    };
    /// NĐ 61/2018/NĐ-CP, 21/06/2018 to 30/06/2025. Its art 18 has the cut-off for handing over; the one for
    /// same-day results is illustrative, after the practice of the procedures (domain.md, 6).
    const DECREE_61_2018: Self = Self {
        name: "2018",
        cutoffs: FIFTEEN_O_CLOCK,
    };
    /// NĐ 118/2025/NĐ-CP, from 01/07/2025. Illustrative: no source changes the cut-offs of 2018.
    const DECREE_118_2025: Self = Self {
        name: "2025",
        cutoffs: FIFTEEN_O_CLOCK,
    };

    /// The rule set for a dossier received on `date`.
    #[must_use]
    pub fn in_force_on(date: NaiveDate) -> Self {
        if date < FIRST_DAY_OF_2018 {
            Self::DECISION_09_2015
        } else if date < FIRST_DAY_OF_2025 {
            Self::DECREE_61_2018
        } else {
            Self::DECREE_118_2025
        }
    }
}

/// NĐ 61/2018: in force from 21/06/2018.
const FIRST_DAY_OF_2018: NaiveDate = day(2018, 6, 21);

/// NĐ 118/2025: in force from 01/07/2025.
const FIRST_DAY_OF_2025: NaiveDate = day(2025, 7, 1);

const FIFTEEN_O_CLOCK: Cutoffs = Cutoffs {
    handover: time(15, 0),
    same_day: time(15, 0),
    count_from: CountFrom::NextWorkingDay,
};

/// Whether `at` is later than `cutoff`, by whole seconds.
pub(crate) fn is_after(at: NaiveTime, cutoff: NaiveTime) -> bool {
    at.num_seconds_from_midnight() > cutoff.num_seconds_from_midnight()
}

const fn day(year: i32, month: u32, day: u32) -> NaiveDate {
    match NaiveDate::from_ymd_opt(year, month, day) {
        Some(date) => date,
        None => NaiveDate::MIN,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_norm_is_in_force_from_its_first_to_its_last_day() {
        let rows = [
            (day(2005, 1, 1), "2015"),
            (day(2018, 6, 20), "2015"),
            (day(2018, 6, 21), "2018"),
            (day(2025, 6, 30), "2018"),
            (day(2025, 7, 1), "2025"),
        ];
        for (date, name) in rows {
            assert_eq!(RuleSet::in_force_on(date).name, name, "{date}");
        }
    }

    #[test]
    fn the_cut_off_itself_is_not_after_and_the_next_second_is() {
        let cutoff = time(15, 0);
        let at = |second, milli| NaiveTime::from_hms_milli_opt(15, 0, second, milli).unwrap();
        assert!(!is_after(at(0, 0), cutoff));
        assert!(!is_after(at(0, 999), cutoff));
        assert!(is_after(at(1, 0), cutoff));
    }
}
