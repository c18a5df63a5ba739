//! What an import is refused for: each fault at its row and column.

use super::*;

fn faults(units: &[Described], successions: &[Succeeded]) -> Vec<(Place, Column, &'static str)> {
    let draft = draft(units.to_vec(), successions.to_vec());
    let faults = province().take_in(&draft).unwrap_err();
    let named = faults
        .iter()
        .map(|fault| (fault.place, fault.column, fault.flaw.reason()));
    named.collect()
}

fn until(row: Described, last_day: &str) -> Described {
    Described {
        last_day: Some(day(last_day)),
        ..row
    }
}

#[test]
fn a_description_that_cannot_be_is_refused() {
    let unit = Place::Unit;
    let own_code = |row: Described, code: &str| Described {
        period: Period {
            code: code.to_owned(),
            ..row.period
        },
        ..row
    };
    for (rows, expected) in [
        (
            vec![commune("n", "2020-01-01"), commune("n", "2020-01-01")],
            (unit(1), Column::Uid, "TWICE"),
        ),
        (
            vec![described("a", Kind::District, "2020-01-01", "p")],
            (unit(0), Column::Kind, "KIND_CHANGED"),
        ),
        (
            vec![until(commune("n", "2020-01-01"), "2019-12-31")],
            (unit(0), Column::ValidTo, "ENDS_BEFORE_IT_BEGINS"),
        ),
        (
            vec![
                until(commune("n", "2020-01-01"), "2021-01-01"),
                commune("n", "2021-01-01"),
            ],
            (unit(0), Column::ValidTo, "OVERLAPS"),
        ),
        (
            vec![
                until(commune("n", "2020-01-01"), "2020-12-30"),
                commune("n", "2021-01-01"),
            ],
            (unit(0), Column::ValidTo, "GAP"),
        ),
        (
            vec![described("n", Kind::Commune, "2020-01-01", "x")],
            (unit(0), Column::Parent, "UNIT_MISSING"),
        ),
        (
            vec![described("n", Kind::Commune, "2003-12-31", "p")],
            (unit(0), Column::Parent, "NOT_THERE"),
        ),
        (
            vec![own_code(commune("n", "2020-01-01"), "a")],
            (unit(0), Column::Code, "CODE_TAKEN"),
        ),
        (
            vec![until(
                described("p", Kind::Province, "2004-01-01", ""),
                "2025-06-30",
            )],
            (unit(0), Column::ValidTo, "HAS_UNITS_BELOW"),
        ),
    ] {
        assert_eq!(faults(&rows, &[]), [expected]);
    }
}

#[test]
fn units_that_stand_above_each_other_are_refused_also_when_they_do_so_only_for_a_time() {
    let loops = |row| (Place::Unit(row), Column::Parent, "LOOPS");
    let own = described("a", Kind::Commune, "2020-01-01", "a");
    assert_eq!(faults(&[own], &[]), [loops(0)]);
    let rows = [
        described("a", Kind::Commune, "2020-01-01", "b"),
        described("b", Kind::Commune, "2021-01-01", "a"),
        commune("b", "2022-01-01"),
    ];
    assert_eq!(faults(&rows, &[]), [loops(0), loops(1)]);
}

#[test]
fn a_succession_that_cannot_be_is_refused() {
    let row = Place::Succession;
    let merged = |from, to, on| succeeded(from, to, on, true);
    for (rows, expected) in [
        (
            vec![merged("x", "a", "2025-07-01")],
            vec![(row(0), Column::From, "UNIT_MISSING")],
        ),
        (
            vec![merged("a", "x", "2025-07-01")],
            vec![(row(0), Column::To, "UNIT_MISSING")],
        ),
        (
            vec![merged("a", "b", "2004-01-01")],
            vec![(row(0), Column::Day, "ENDS_BEFORE_IT_BEGINS")],
        ),
        (
            vec![succeeded("a", "b", "2025-07-01", false)],
            vec![(row(0), Column::Default, "DEFAULT_MISSING")],
        ),
        (
            vec![
                merged("a", "b", "2025-07-01"),
                merged("a", "c", "2025-07-01"),
            ],
            vec![(row(1), Column::Default, "DEFAULT_TWICE")],
        ),
        (
            vec![
                merged("a", "b", "2025-07-01"),
                succeeded("a", "c", "2025-07-02", false),
            ],
            vec![(row(1), Column::Day, "DIFFERS")],
        ),
        (
            vec![
                merged("a", "b", "2025-07-01"),
                succeeded("a", "b", "2025-07-01", false),
            ],
            vec![(row(1), Column::To, "TWICE")],
        ),
    ] {
        assert_eq!(faults(&[], &rows), expected);
    }
}

#[test]
fn a_succession_that_the_other_units_do_not_bear_is_refused() {
    let row = Place::Succession;
    let merged = |from, to, on| succeeded(from, to, on, true);
    for (rows, expected) in [
        (
            vec![
                merged("a", "b", "2025-07-01"),
                merged("b", "a", "2025-07-01"),
            ],
            vec![(row(0), Column::To, "LOOPS"), (row(1), Column::To, "LOOPS")],
        ),
        (
            vec![
                merged("a", "b", "2025-07-01"),
                merged("b", "c", "2024-07-01"),
            ],
            vec![(row(0), Column::To, "NOT_THERE")],
        ),
        (
            vec![merged("p", "a", "2025-07-01")],
            vec![(row(0), Column::From, "HAS_UNITS_BELOW")],
        ),
    ] {
        assert_eq!(faults(&[], &rows), expected);
    }
}

#[test]
fn a_unit_that_goes_on_has_no_successor_and_one_that_ended_does_not_go_on() {
    let goes_on = faults(
        &[commune("a", "2025-08-01")],
        &[succeeded("a", "b", "2025-07-01", true)],
    );
    assert_eq!(goes_on, [(Place::Succession(0), Column::From, "GOES_ON")]);
    let longer = until(commune("a", "2004-01-01"), "2025-12-31");
    let differs = faults(&[longer], &[succeeded("a", "b", "2025-07-01", true)]);
    assert_eq!(differs, [(Place::Succession(0), Column::Day, "DIFFERS")]);
    let ended = taken(
        &province(),
        &draft([], [succeeded("a", "b", "2025-07-01", true)]),
    );
    let faults = ended
        .take_in(&draft([commune("a", "2025-08-01")], []))
        .unwrap_err();
    assert_eq!(faults.len(), 1);
    assert_eq!(
        (faults[0].column, faults[0].flaw.reason()),
        (Column::ValidFrom, "AFTER_ITS_END")
    );
}

#[test]
fn everything_that_is_wrong_is_said_at_once() {
    let units = [
        described("n", Kind::Commune, "2020-01-01", "x"),
        until(commune("m", "2020-01-01"), "2019-12-31"),
    ];
    let successions = [
        succeeded("a", "y", "2025-07-01", true),
        succeeded("z", "b", "2025-07-01", true),
    ];
    assert_eq!(faults(&units, &successions).len(), 4);
}
