//! Imports on top of each other, and who does whose work after them.

mod daklak;
mod faults;

use chrono::NaiveDate;

use super::*;
use crate::unit::tests::{day, period};
use crate::unit::{Change, Kind};

/// A province `p` with three communes `a`, `b` and `c`.
fn province() -> Register {
    let rows = [
        described("p", Kind::Province, "2004-01-01", ""),
        described("a", Kind::Commune, "2004-01-01", "p"),
        described("b", Kind::Commune, "2004-01-01", "p"),
        described("c", Kind::Commune, "2004-01-01", "p"),
    ];
    taken(&Register::default(), &draft(rows, []))
}

fn described(uid: &str, kind: Kind, from: &str, parent: &str) -> Described {
    Described {
        uid: Uid::new(uid),
        kind,
        period: Period {
            parent: (!parent.is_empty()).then(|| Uid::new(parent)),
            ..period(from, uid)
        },
        last_day: None,
    }
}

fn commune(uid: &str, from: &str) -> Described {
    described(uid, Kind::Commune, from, "p")
}

fn succeeded(from: &str, to: &str, on: &str, is_default: bool) -> Succeeded {
    Succeeded {
        from: Uid::new(from),
        day: day(on),
        change: Change::Merged,
        heir: Heir {
            to: Uid::new(to),
            is_whole: is_default,
            is_default,
            basis: String::new(),
        },
    }
}

fn draft(
    units: impl IntoIterator<Item = Described>,
    successions: impl IntoIterator<Item = Succeeded>,
) -> Draft {
    Draft {
        units: units.into_iter().enumerate().collect(),
        successions: successions.into_iter().enumerate().collect(),
        ..Draft::default()
    }
}

fn taken(register: &Register, draft: &Draft) -> Register {
    register.take_in(draft).unwrap().register
}

fn heir<'a>(register: &'a Register, unit: &str, on: NaiveDate) -> &'a str {
    let unit = &register.get(&Uid::new(unit)).unwrap().uid;
    register.heir(unit, on).as_str()
}

#[test]
fn an_import_raises_the_revision_only_of_what_it_changes_and_its_repetition_changes_nothing() {
    let before = province();
    let renamed = Described {
        period: period("2004-01-01", "renamed"),
        ..commune("a", "2004-01-01")
    };
    let renamed = Described {
        period: Period {
            parent: Some(Uid::new("p")),
            ..renamed.period.clone()
        },
        ..renamed
    };
    let draft = draft([renamed, commune("b", "2004-01-01")], []);
    let first = before.take_in(&draft).unwrap();
    let changed: Vec<_> = first
        .changed
        .iter()
        .map(|unit| (unit.uid.as_str(), unit.revision))
        .collect();
    assert_eq!(changed, [("a", 2)]);
    assert!(first.register.take_in(&draft).unwrap().changed.is_empty());
}

#[test]
fn an_earlier_list_that_is_imported_again_takes_nothing_back() {
    let base = draft([commune("a", "2004-01-01"), commune("b", "2004-01-01")], []);
    let later = draft(
        [commune("a", "2020-01-01")],
        [succeeded("b", "a", "2025-07-01", true)],
    );
    let after = taken(&province(), &later);
    assert!(after.take_in(&base).unwrap().changed.is_empty());
}

#[test]
fn a_reorganisation_of_days_to_come_takes_effect_on_its_day() {
    let after = taken(
        &province(),
        &draft([], [succeeded("a", "b", "2025-07-01", true)]),
    );
    assert_eq!(heir(&after, "a", day("2025-06-30")), "a");
    assert_eq!(heir(&after, "a", day("2025-07-01")), "b");
    let estate = |on| after.estate(&Uid::new("b"), day(on));
    assert_eq!(estate("2025-06-30"), [Uid::new("b")]);
    assert_eq!(estate("2025-07-01"), [Uid::new("b"), Uid::new("a")]);
}

#[test]
fn work_comes_down_the_whole_chain_to_one_heir() {
    let once = taken(
        &province(),
        &draft([], [succeeded("a", "b", "2024-11-01", true)]),
    );
    let twice = taken(&once, &draft([], [succeeded("b", "c", "2025-07-01", true)]));
    assert_eq!(heir(&twice, "a", day("2024-11-01")), "b");
    assert_eq!(heir(&twice, "a", day("2025-07-01")), "c");
    let estate = twice.estate(&Uid::new("b"), day("2025-07-01"));
    assert_eq!(estate, ["c", "a", "b"].map(Uid::new));
}

#[test]
fn the_work_of_a_unit_that_was_split_is_done_by_the_default_one() {
    let rows = [
        succeeded("a", "b", "2025-07-01", false),
        succeeded("a", "c", "2025-07-01", true),
    ];
    let after = taken(&province(), &draft([], rows));
    assert_eq!(heir(&after, "a", day("2025-07-01")), "c");
    assert_eq!(
        after.estate(&Uid::new("b"), day("2025-07-01")),
        [Uid::new("b")]
    );
    let b = Uid::new("b");
    let before: Vec<_> = after
        .predecessors(&b)
        .map(|(from, ..)| from.uid.as_str())
        .collect();
    assert_eq!(before, ["a"]);
}

#[test]
fn a_succession_that_is_told_anew_replaces_what_was_told() {
    let once = taken(
        &province(),
        &draft([], [succeeded("a", "b", "2025-07-01", true)]),
    );
    let other = taken(&once, &draft([], [succeeded("a", "c", "2026-01-01", true)]));
    assert_eq!(heir(&other, "a", day("2025-12-31")), "a");
    assert_eq!(heir(&other, "a", day("2026-01-01")), "c");
}

#[test]
fn one_code_is_another_unit_in_another_era() {
    let mut recoded = commune("b", "2025-07-01");
    recoded.period.code = "a".to_owned();
    let after = taken(
        &province(),
        &draft([recoded], [succeeded("a", "c", "2025-07-01", true)]),
    );
    let with_code = |on, include_ended| {
        let page = Page {
            on: day(on),
            include_ended,
            kind: None,
            parent: None,
            code: Some("a".to_owned()),
            national_code: None,
            after: None,
            size: 10,
        };
        let (units, _) = after.page(&page);
        units
            .iter()
            .map(|unit| unit.uid.as_str())
            .collect::<Vec<_>>()
    };
    assert_eq!(with_code("2025-06-30", false), ["a"]);
    assert_eq!(with_code("2025-07-01", false), ["b"]);
    assert_eq!(with_code("2025-07-01", true), ["a", "b"]);
}

fn overseen(register: &Register, unit: &str, on: &str) -> Vec<String> {
    let overseen = register.oversight(&Uid::new(unit), day(on));
    overseen.iter().map(ToString::to_string).collect()
}

#[test]
fn whoever_looks_over_a_unit_looks_over_all_below_it_and_what_came_down_to_them() {
    let rows = [
        described("d", Kind::District, "2004-01-01", "p"),
        described("x", Kind::Commune, "2004-01-01", "d"),
        described("y", Kind::Commune, "2004-01-01", "d"),
    ];
    let register = taken(&province(), &draft(rows, []));
    let merged = Draft {
        units: [(
            0,
            Described {
                last_day: Some(day("2017-12-31")),
                ..described("y", Kind::Commune, "2004-01-01", "d")
            },
        )]
        .into(),
        ..draft([], [succeeded("y", "a", "2018-01-01", true)])
    };
    let register = taken(&register, &merged);
    assert_eq!(overseen(&register, "d", "2017-08-28"), ["d", "x", "y"]);
    assert_eq!(overseen(&register, "d", "2018-08-28"), ["d", "x"]);
    assert_eq!(overseen(&register, "y", "2018-08-28"), ["a", "y"]);
    assert_eq!(
        overseen(&register, "p", "2018-08-28"),
        ["p", "a", "b", "c", "d", "x", "y"]
    );
}
