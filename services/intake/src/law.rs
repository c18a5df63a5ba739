//! What the law of a day says about the life of a dossier. What it says about working time is in `worktime`.

use chrono::{Days, NaiveDate};
use kit::clock::{self, Moment};
use worktime::{Calendar, NoWorkingTime, WorkingTime};

use crate::dossier::{Cause, Restart};

/// A submission is received, guided or refused within so many working hours (R17; NĐ 45/2020).
const ANSWERED_WITHIN_HOURS: u32 = 8;
/// A supplement is asked for within so many working days of receipt (R2; NĐ 61/2018 art 17).
const ASKED_WITHIN_DAYS: u32 = 3;
/// An applicant who has not answered a supplement for so many days is told that the dossier will be stopped (R2).
const REMINDED_AFTER: Days = Days::new(20);
/// And after so many it is stopped (R2): a setting of the province, here the usual one.
const STOPPED_AFTER: Days = Days::new(30);
/// An apology comes so long before the old appointment passes (R6; NĐ 61/2018 art 19).
const APOLOGY_BEFORE: Days = Days::new(1);

/// First day on which a completed supplement begins the full limit anew (NĐ 61/2018).
const RESTARTS_FROM: NaiveDate = match NaiveDate::from_ymd_opt(2018, 6, 21) {
    Some(day) => day,
    None => NaiveDate::MAX,
};
/// First day on which the desk of any unit takes dossiers (NĐ 118/2025; R10).
const ANY_DESK_FROM: NaiveDate = match NaiveDate::from_ymd_opt(2025, 7, 1) {
    Some(day) => day,
    None => NaiveDate::MAX,
};

/// First day on which codes have the largest unit left (TT 03/2025/TT-VPCP).
const LARGEST_UNIT_LEFT_FROM: NaiveDate = match NaiveDate::from_ymd_opt(2025, 9, 15) {
    Some(day) => day,
    None => NaiveDate::MAX,
};

/// The norm of the one-stop shop on a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Norm {
    /// QĐ 09/2015/QĐ-TTg, illustrative for what was before it too.
    Of2015,
    /// NĐ 61/2018/NĐ-CP.
    Of2018,
    /// NĐ 118/2025/NĐ-CP.
    Of2025,
}

impl Norm {
    fn on(day: NaiveDate) -> Self {
        if day < RESTARTS_FROM {
            Self::Of2015
        } else if day < ANY_DESK_FROM {
            Self::Of2018
        } else {
            Self::Of2025
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Of2015 => "Quyết định 09/2015/QĐ-TTg",
            Self::Of2018 => "Nghị định 61/2018/NĐ-CP",
            Self::Of2025 => "Nghị định 118/2025/NĐ-CP",
        }
    }
}

/// By which norm something moves a deadline, by the day of receipt. An article is named where its text was read (domain.md 1, 2);
/// elsewhere the norm alone.
#[must_use]
pub fn basis(cause: &Cause, received: NaiveDate) -> &'static str {
    match (cause, Norm::on(received)) {
        // The day of the event and days off do not count, and nothing ends on a day off (R14, R15).
        (Cause::Calendar, _) => "Điều 147, Điều 148 Bộ luật Dân sự 2015",
        // R2.
        (Cause::Restarted, Norm::Of2018) => "Điều 11 và khoản 4 Điều 19 Nghị định 61/2018/NĐ-CP",
        // R6.
        (Cause::Postponed(_), Norm::Of2018) => "Khoản 9 Điều 19 Nghị định 61/2018/NĐ-CP",
        (Cause::Resumed(_) | Cause::Restarted | Cause::Postponed(_), norm) => norm.name(),
    }
}

/// Whether codes of a day have the largest unit left, and a number that may grow; the smallest and four digits before.
#[must_use]
pub fn is_largest_unit_left(on: NaiveDate) -> bool {
    on >= LARGEST_UNIT_LEFT_FROM
}

/// How the clock goes on after a supplement, by the day of receipt (R2).
#[must_use]
pub fn after_supplement(received: NaiveDate) -> Restart {
    if received < RESTARTS_FROM {
        Restart::Resumes
    } else {
        Restart::Restarts
    }
}

/// Whether the desk of any unit takes dossiers on a day (R10).
#[must_use]
pub fn is_any_desk(on: NaiveDate) -> bool {
    on >= ANY_DESK_FROM
}

/// When a submission, or what completes one, must have been answered (R17).
///
/// # Errors
/// When the calendar has no working time ahead.
pub fn answer_by(calendar: &Calendar, submitted: Moment) -> Result<Moment, NoWorkingTime> {
    let within = WorkingTime::from_hours(ANSWERED_WITHIN_HOURS);
    let by = calendar.add(clock::local(submitted), within)?;
    Ok(clock::from_local(by))
}

/// Until when a supplement may be asked for: the close of the third working day after that of receipt (R2).
///
/// # Errors
/// When the calendar has no working time ahead.
pub fn ask_by(calendar: &Calendar, received: Moment) -> Result<Moment, NoWorkingTime> {
    let mut day = clock::local(received).date();
    for _ in 0..ASKED_WITHIN_DAYS {
        day = calendar.next_working_day(day)?;
    }
    let close = calendar.closing(day).ok_or(NoWorkingTime {
        after: clock::local(received),
    })?;
    Ok(clock::from_local(close))
}

/// When the applicant is reminded of a supplement, and when the dossier is stopped without one (R2).
#[must_use]
pub fn unanswered(asked: Moment) -> (Moment, Moment) {
    let after = |days| asked.checked_add_days(days).unwrap_or(asked);
    (after(REMINDED_AFTER), after(STOPPED_AFTER))
}

/// Whether an apology comes too late for the appointment that it replaces (R6).
#[must_use]
pub fn is_late_apology(at: Moment, due: Moment) -> bool {
    at.checked_add_days(APOLOGY_BEFORE)
        .is_none_or(|day_after| day_after > due)
}

#[cfg(test)]
mod tests {
    use chrono::Weekday;
    use worktime::{OfficeHours, Opening};

    use super::*;
    use crate::dossier::{Apology, Why};

    fn at(text: &str) -> Moment {
        clock::from_local(text.parse().unwrap())
    }

    /// 07:00–11:30 and 13:30–17:00, Monday to Friday.
    fn calendar() -> Calendar {
        let days = [
            Weekday::Mon,
            Weekday::Tue,
            Weekday::Wed,
            Weekday::Thu,
            Weekday::Fri,
        ];
        let time = |text: &str| text.parse().unwrap();
        let openings = days.into_iter().flat_map(|weekday| {
            [("07:00:00", "11:30:00"), ("13:30:00", "17:00:00")].map(|(open, close)| Opening {
                weekday,
                open: time(open),
                close: time(close),
            })
        });
        Calendar::weekly(OfficeHours::new(openings).unwrap(), [])
    }

    #[test]
    fn r02_a_supplement_begins_the_limit_anew_since_2018_and_resumes_before() {
        for (received, then) in [
            ("2017-08-28", Restart::Resumes),
            ("2018-06-20", Restart::Resumes),
            ("2018-06-21", Restart::Restarts),
            ("2025-07-01", Restart::Restarts),
        ] {
            assert_eq!(after_supplement(received.parse().unwrap()), then);
        }
    }

    #[test]
    fn r02_a_supplement_is_asked_for_up_to_the_close_of_the_third_working_day() {
        // A Thursday; the third working day is the Tuesday after.
        let by = ask_by(&calendar(), at("2017-08-24T09:00:00")).unwrap();
        assert_eq!(by, at("2017-08-29T17:00:00"));
    }

    #[test]
    fn r17_a_submission_is_answered_within_eight_working_hours() {
        let by = |submitted| answer_by(&calendar(), at(submitted)).unwrap();
        assert_eq!(by("2017-08-28T09:00:00"), at("2017-08-29T09:00:00"));
        // Handed in on a Saturday, it counts from Monday.
        assert_eq!(by("2017-08-26T20:00:00"), at("2017-08-28T17:00:00"));
    }

    #[test]
    fn every_cause_has_a_norm_under_each_rule_set_and_an_article_where_its_text_was_read() {
        let postponed = Cause::Postponed(Apology {
            reason: String::new(),
            late: false,
        });
        let by_supplement = Cause::Resumed(Why::Supplement);
        let by_payment = Cause::Resumed(Why::Payment);
        let by_step = Cause::Resumed(Why::OutsideLimit("Thuế".to_owned()));
        for (cause, received, expected) in [
            (&by_supplement, "2018-06-20", "Quyết định 09/2015/QĐ-TTg"),
            (&by_payment, "2018-06-21", "Nghị định 61/2018/NĐ-CP"),
            (&by_step, "2025-07-01", "Nghị định 118/2025/NĐ-CP"),
            (
                &Cause::Restarted,
                "2018-06-21",
                "Điều 11 và khoản 4 Điều 19 Nghị định 61/2018/NĐ-CP",
            ),
            (&Cause::Restarted, "2025-07-01", "Nghị định 118/2025/NĐ-CP"),
            (&postponed, "2018-06-20", "Quyết định 09/2015/QĐ-TTg"),
            (
                &postponed,
                "2025-06-30",
                "Khoản 9 Điều 19 Nghị định 61/2018/NĐ-CP",
            ),
            (
                &Cause::Calendar,
                "2026-01-05",
                "Điều 147, Điều 148 Bộ luật Dân sự 2015",
            ),
        ] {
            let found = basis(cause, received.parse().unwrap());
            assert_eq!(found, expected, "{cause:?} {received}");
        }
    }

    #[test]
    fn r06_an_apology_on_the_last_day_is_late() {
        let due = at("2017-08-28T17:00:00");
        assert!(!is_late_apology(at("2017-08-27T17:00:00"), due));
        assert!(is_late_apology(at("2017-08-27T17:00:01"), due));
    }
}
