//! What the law of a day says about the life of a dossier. What it says about working time is in `worktime`.

use chrono::{Days, NaiveDate};
use kit::clock::{self, Moment};
use worktime::{Calendar, NoWorkingTime, WorkingTime};

use crate::dossier::Restart;

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
