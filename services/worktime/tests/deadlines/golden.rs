//! Rows worked out by hand with a wall calendar: `golden.csv`.

use chrono::NaiveTime;
use csv::StringRecord;
use worktime::{CountFrom, Limit, RuleSet, WorkingTime, appointment, handover_start, step_due};

use crate::province::{at, daklak, date};

fn limit(text: &str) -> Limit {
    let Some((count, unit)) = text.split_once(' ') else {
        panic!("{text} is no limit")
    };
    let count = || count.parse().expect("a number");
    match unit.trim_end_matches('s') {
        "day" => Limit::SameDay,
        "working hour" => Limit::WorkingHours(count()),
        "working day" => Limit::WorkingDays(count()),
        "calendar day" => Limit::CalendarDays(count()),
        "month" => Limit::Months(count()),
        other => panic!("{other} is no unit"),
    }
}

/// The rule set of a row, in force on the day of receipt, with the settings that the row gives a procedure or a channel.
fn rules(row: &StringRecord) -> RuleSet {
    let mut rules = RuleSet::in_force_on(at(&row[4]).date());
    assert_eq!(rules.name, &row[0], "{row:?}");
    let time = |text: &str| NaiveTime::parse_from_str(text, "%H:%M").expect("a time");
    if !row[1].is_empty() {
        rules.cutoffs.handover = time(&row[1]);
    }
    if !row[2].is_empty() {
        rules.cutoffs.same_day = time(&row[2]);
    }
    rules.cutoffs.count_from = match &row[3] {
        "" => rules.cutoffs.count_from,
        "instant" => CountFrom::Instant,
        "next opening" => CountFrom::NextOpening,
        "next working day" => CountFrom::NextWorkingDay,
        other => panic!("{other} is no start of counting"),
    };
    rules
}

#[test]
fn every_row_of_every_rule_set_is_due_when_it_was_worked_out_by_hand() {
    let calendar = daklak();
    let mut rows = csv::Reader::from_reader(include_str!("golden.csv").as_bytes());
    let mut of_rule_set = [("2015", 0), ("2018", 0), ("2025", 0)];
    for row in rows.records() {
        let row = row.expect("a row");
        let due = appointment(&calendar, &rules(&row), at(&row[4]), limit(&row[5]));
        assert_eq!(due, Ok(at(&row[6])), "{row:?}");
        for (rule_set, rows) in &mut of_rule_set {
            *rows += u32::from(*rule_set == &row[0]);
        }
    }
    for (rule_set, rows) in of_rule_set {
        assert!(rows >= 10, "{rule_set} has {rows} rows");
    }
}

#[test]
fn the_next_unit_starts_the_same_day_unless_handed_to_after_the_cut_off() {
    let rows = [
        ("2017-08-28 09:15", "2017-08-28 09:15"),
        ("2017-08-28 12:00", "2017-08-28 13:30"),
        ("2017-08-28 15:00:00", "2017-08-28 15:00"),
        ("2017-08-28 15:00:01", "2017-08-29 07:00"),
        ("2017-09-01 16:00", "2017-09-05 07:00"),
        ("2017-09-02 08:00", "2017-09-05 07:00"),
        ("2017-09-03 23:00", "2017-09-05 07:00"),
    ];
    let rules = RuleSet::in_force_on(date("2017-08-28"));
    for (offered, starts) in rows {
        let start = handover_start(&daklak(), &rules, at(offered)).unwrap();
        assert_eq!(start, at(starts), "offered {offered}");
    }
}

#[test]
fn a_step_is_due_its_working_time_after_its_clock_starts() {
    let rules = RuleSet::in_force_on(date("2017-08-28"));
    let due = |offered, hours| {
        step_due(
            &daklak(),
            &rules,
            at(offered),
            WorkingTime::from_hours(hours),
        )
    };
    assert_eq!(due("2017-08-28 07:00", 4), Ok(at("2017-08-28 11:00")));
    assert_eq!(due("2017-08-28 15:00:01", 20), Ok(at("2017-08-31 11:00")));
    assert_eq!(due("2017-09-01 15:30", 4), Ok(at("2017-09-05 11:00")));
}
