//! Every day of an explanation has its reason.

use worktime::DayReason::{
    AfterCutoff, CalendarDayCounted, CompensatoryDayOff, Counted, DayOfReceipt, Holiday,
    MakeUpWorkingDay, MovedPastDayOff, SwappedDayOff, Weekend,
};
use worktime::{DayReason, Deadline, Explanation, LegalClock, Limit, RuleSet, WorkingTime};

use crate::province::{at, daklak};

fn explain(received: &str, limit: Limit) -> Explanation {
    let received = at(received);
    let rules = RuleSet::in_force_on(received.date());
    let clock = LegalClock {
        calendar: &daklak(),
        rules: &rules,
        received,
        limit,
        interruptions: &[],
    };
    clock.explain().unwrap()
}

fn reasons(explanation: &Explanation) -> Vec<DayReason> {
    explanation.days.iter().map(|day| day.why.clone()).collect()
}

fn total(explanation: &Explanation) -> WorkingTime {
    explanation.totals().counted
}

fn national_day() -> DayReason {
    Holiday {
        name: "Quốc khánh".to_owned(),
    }
}

fn day_in_lieu() -> DayReason {
    CompensatoryDayOff {
        name: "Nghỉ bù Quốc khánh".to_owned(),
    }
}

#[test]
fn ten_working_days_are_explained_day_by_day() {
    let explanation = explain("2017-08-28 09:00", Limit::WorkingDays(10));
    let mut expected = vec![DayOfReceipt, Counted, Counted, Counted, Counted];
    expected.extend([national_day(), Weekend, day_in_lieu()]);
    expected.extend([
        Counted, Counted, Counted, Counted, Weekend, Weekend, Counted, Counted,
    ]);
    assert_eq!(reasons(&explanation), expected);
    assert_eq!(total(&explanation), WorkingTime::from_days(10));
    assert_eq!(explanation.rule_set, "2015");
    assert_eq!(explanation.counted_from, at("2017-08-29 07:00"));
    assert_eq!(explanation.deadline, Deadline::Due(at("2017-09-12 17:00")));
}

#[test]
fn working_hours_show_what_each_day_used_up_of_them() {
    let explanation = explain("2017-08-31 14:00", Limit::WorkingHours(16));
    let hours: Vec<_> = explanation
        .days
        .iter()
        .map(|day| day.counted.minutes())
        .collect();
    assert_eq!(hours, [180, 480, 0, 0, 0, 300]);
    let expected = [
        Counted,
        Counted,
        national_day(),
        Weekend,
        day_in_lieu(),
        Counted,
    ];
    assert_eq!(reasons(&explanation), expected);
}

#[test]
fn seconds_of_receipt_do_not_lose_a_minute_of_the_limit() {
    let explanation = explain("2017-08-28 08:00:30", Limit::WorkingHours(20));
    assert_eq!(
        explanation.deadline,
        Deadline::Due(at("2017-08-30 14:00:30"))
    );
    assert_eq!(total(&explanation), WorkingTime::from_hours(20));
}

#[test]
fn a_dossier_after_the_cut_off_says_so() {
    let hours = explain("2017-08-28 15:00:01", Limit::WorkingHours(8));
    assert_eq!(reasons(&hours), [AfterCutoff, Counted]);
    assert_eq!(hours.counted_from, at("2017-08-29 07:00"));
    let same_day = explain("2017-09-01 15:30", Limit::SameDay);
    let expected = [AfterCutoff, national_day(), Weekend, day_in_lieu(), Counted];
    assert_eq!(reasons(&same_day), expected);
}

#[test]
fn a_make_up_saturday_is_counted_by_name_and_so_is_the_day_swapped_for_it() {
    let explanation = explain("2018-12-28 10:00", Limit::WorkingDays(4));
    let swapped = SwappedDayOff {
        name: "Nghỉ hoán đổi (làm bù ngày 05/01/2019)".to_owned(),
    };
    let new_year = Holiday {
        name: "Tết Dương lịch".to_owned(),
    };
    let make_up = MakeUpWorkingDay {
        name: "Làm bù cho ngày 31/12/2018".to_owned(),
    };
    let expected = [
        DayOfReceipt,
        Weekend,
        Weekend,
        swapped,
        new_year,
        Counted,
        Counted,
        Counted,
        make_up,
    ];
    assert_eq!(reasons(&explanation), expected);
}

#[test]
fn calendar_days_that_end_on_a_day_off_move_to_the_next_working_day() {
    let explanation = explain("2017-08-31 09:00", Limit::CalendarDays(2));
    let expected = [
        DayOfReceipt,
        CalendarDayCounted,
        CalendarDayCounted,
        Weekend,
        day_in_lieu(),
        MovedPastDayOff,
    ];
    assert_eq!(reasons(&explanation), expected);
    assert_eq!(explanation.counted_from, at("2017-09-01 00:00"));
    assert_eq!(total(&explanation), WorkingTime::ZERO);
}

#[test]
fn reasons_are_told_in_vietnamese_and_english_with_the_name_of_the_day() {
    assert_eq!(
        national_day().vietnamese(),
        "Nghỉ lễ, tết, không tính: Quốc khánh"
    );
    assert_eq!(
        national_day().english(),
        "Public holiday, not counted: Quốc khánh"
    );
    assert_eq!(DayOfReceipt.vietnamese(), "Ngày tiếp nhận, không tính");
}
