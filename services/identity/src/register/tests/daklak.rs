//! The province's own lists, one on top of the other.

use std::path::Path;

use super::*;
use crate::import::{Files, read};

/// Đắk Lắk as it was in 2017, with all that became of it.
fn daklak() -> (Register, Register) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/daklak");
    let take = |known: &Register, folder: &Path| {
        let (units, successions) = (folder.join("units.csv"), folder.join("successions.csv"));
        let files = Files {
            units: Some(&units),
            successions: Some(&successions)
                .filter(|path| path.exists())
                .map(|path| &**path),
            ..Files::default()
        };
        read(&files, known).unwrap().units().clone()
    };
    let of_2017 = take(&Register::default(), &folder);
    let of_2024 = take(&of_2017, &folder.join("2024"));
    let of_2025 = take(&of_2024, &folder.join("2025"));
    (of_2017, of_2025)
}

fn counted(register: &Register, on: &str) -> [usize; 4] {
    let kinds = [
        Kind::Province,
        Kind::Department,
        Kind::District,
        Kind::Commune,
    ];
    kinds.map(|kind| {
        let of_kind = register.units().filter(|unit| unit.kind == kind);
        of_kind.filter(|unit| unit.exists_on(day(on))).count()
    })
}

#[test]
fn the_province_has_as_many_units_as_it_had_on_each_day() {
    let (_, register) = daklak();
    for (on, expected) in [
        ("2017-08-28", [1, 19, 15, 184]),
        // From here on with Phú Yên, which was another province.
        ("2024-11-01", [2, 19, 15 + 9, 180 + 106]),
        ("2025-03-01", [2, 14, 15 + 9, 180 + 106]),
        ("2025-06-30", [2, 14, 15 + 9, 180 + 106]),
        ("2025-07-01", [1, 14, 0, 102]),
    ] {
        assert_eq!(counted(&register, on), expected, "{on}");
    }
}

#[test]
fn a_unit_that_is_renamed_or_recoded_keeps_its_uid_and_its_code_may_become_anothers() {
    let (_, register) = daklak();
    let unit = |uid: &str| register.get(&Uid::new(uid)).unwrap();
    let thanh_cong = unit("daklak-0042");
    let codes = ["2024-10-31", "2024-11-01"].map(|on| thanh_cong.on(day(on)).code.as_str());
    assert_eq!(codes, ["24139", "24133"]);
    let buon_don = unit("daklak-0090");
    assert!(buon_don.end.is_none());
    let names = ["2025-06-30", "2025-07-01"].map(|on| buon_don.on(day(on)).name.as_str());
    assert_eq!(names, ["Xã Krông Na", "Xã Buôn Đôn"]);
}

#[test]
fn every_unit_of_2017_has_on_every_day_one_unit_that_does_its_work() {
    let (of_2017, register) = daklak();
    let last = day("2026-12-31");
    for on in day("2017-01-01").iter_days().take_while(|on| *on <= last) {
        for unit in of_2017.units() {
            let heir = register.get(register.heir(&unit.uid, on)).unwrap();
            assert!(heir.exists_on(on), "{} on {on}: {}", unit.uid, heir.uid);
        }
    }
}

#[test]
fn no_work_is_in_two_estates() {
    let (of_2017, register) = daklak();
    for on in [
        "2017-08-28",
        "2024-11-01",
        "2025-03-01",
        "2025-07-01",
        "2026-12-31",
    ]
    .map(day)
    {
        let mut held = Vec::new();
        for unit in register.units().filter(|unit| unit.exists_on(on)) {
            held.extend(register.estate(&unit.uid, on));
        }
        for unit in of_2017.units() {
            let holders = held.iter().filter(|uid| **uid == unit.uid);
            assert_eq!(holders.count(), 1, "{} on {on}", unit.uid);
        }
    }
}
