//! When what is offered is due.

use chrono::NaiveDate;
use kit::clock::from_local;
use worktime::{DayKind, OfficeHours, SpecialDay};

use super::*;
use crate::store::tests::route;

fn at(local: &str) -> Moment {
    from_local(local.parse().unwrap())
}

/// Office hours, but for a Monday off: 04/09/2017.
fn calendar() -> Calendar {
    let day = SpecialDay {
        date: NaiveDate::from_ymd_opt(2017, 9, 4).unwrap(),
        name: "Nghỉ bù Quốc khánh".to_owned(),
        kind: DayKind::CompensatoryDayOff,
    };
    Calendar::weekly(OfficeHours::standard(), [day])
}

/// By when an offer is to be accepted that is made then, and done, where that takes a working day.
fn due(offered: &str) -> (Moment, Moment) {
    let due = route().due(Slice::OutsideDays(1), at(offered), &calendar());
    due.unwrap()
}

#[test]
fn r03_an_offer_of_office_hours_until_three_is_to_be_accepted_on_its_day() {
    for (offered, hand_over, step) in [
        (
            "2017-08-29T06:00:00",
            "2017-08-29T17:00:00",
            "2017-08-29T17:00:00",
        ),
        (
            "2017-08-28T12:00:00",
            "2017-08-28T17:00:00",
            "2017-08-29T11:30:00",
        ),
        (
            "2017-08-28T15:00:00",
            "2017-08-28T17:00:00",
            "2017-08-29T15:00:00",
        ),
    ] {
        assert_eq!(due(offered), (at(hand_over), at(step)), "{offered}");
    }
}

#[test]
fn r03_an_offer_after_three_or_on_a_day_off_begins_the_next_working_morning() {
    let (tuesday, after_the_days_off) = ("2017-08-29", "2017-09-05");
    for (offered, morning_of) in [
        ("2017-08-28T15:00:01", tuesday),
        ("2017-08-28T17:00:00", tuesday),
        ("2017-08-28T23:59:59", tuesday),
        // Friday afternoon, Saturday, and the Monday off.
        ("2017-09-01T16:00:00", after_the_days_off),
        ("2017-09-02T10:00:00", after_the_days_off),
        ("2017-09-04T09:00:00", after_the_days_off),
    ] {
        let (opening, closing) = (
            at(&format!("{morning_of}T07:00:00")),
            at(&format!("{morning_of}T17:00:00")),
        );
        assert_eq!(due(offered), (opening, closing), "{offered}");
    }
}
