//! The province's own lists, one on top of the other.

use std::path::Path;

use super::*;
use crate::import::{Files, Province, read};

/// The lists of 2017, 2024 and 2025, each on top of the one before.
fn lists() -> [Province; 3] {
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
        read(&files, known).unwrap()
    };
    let of_2017 = take(&Register::default(), &folder);
    let of_2024 = take(of_2017.units(), &folder.join("2024"));
    let of_2025 = take(of_2024.units(), &folder.join("2025"));
    [of_2017, of_2024, of_2025]
}

/// Đắk Lắk as it was in 2017, with all that became of it.
fn daklak() -> (Register, Register) {
    let [of_2017, _, of_2025] = lists();
    (of_2017.units().clone(), of_2025.units().clone())
}

/// The communes of a day.
fn communes(register: &Register, on: NaiveDate) -> impl Iterator<Item = &Unit> {
    let units = register.units();
    units.filter(move |unit| unit.kind == Kind::Commune && unit.exists_on(on))
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
fn a_code_is_never_the_identity_since_53_of_2025_carry_another_name_than_the_day_before() {
    let (_, register) = daklak();
    let (eve, day) = (day("2025-06-30"), day("2025-07-01"));
    let before: BTreeMap<&str, &Unit> = communes(&register, eve)
        .map(|unit| (unit.on(eve).code.as_str(), unit))
        .collect();
    let mut kept = [0, 0];
    let mut others = [0, 0];
    for after in communes(&register, day) {
        let code = after.on(day).code.as_str();
        let before = before.get(code).expect("every code was used before");
        let renamed = before.on(eve).short_name != after.on(day).short_name;
        let counted = if before.uid == after.uid {
            &mut kept
        } else {
            &mut others
        };
        counted[usize::from(renamed)] += 1;
    }
    // With the same name, and with another: only Krông Na, which is Buôn Đôn now, is renamed.
    assert_eq!((kept, others), ([6, 1], [43, 52]));
    assert_eq!(kept[1] + others[1], 53);
}

/// What becomes of the communes of a day by a list of this day: how many go on under their uid, and how many are merged and split.
fn becomes(list: &Province, from: &str, on: &str) -> [usize; 3] {
    let (from, on) = (day(from), day(on));
    let mut ended: BTreeMap<&Uid, Change> = BTreeMap::new();
    for (_, row) in &list.draft.successions {
        assert_ne!(row.heir.to, row.from, "nobody succeeds itself");
        if row.day == on {
            ended.insert(&row.from, row.change);
        }
    }
    let mut counts = [0; 3];
    for unit in communes(list.units(), from) {
        let change = ended.get(&unit.uid);
        assert_eq!(unit.exists_on(on), change.is_none(), "{}", unit.uid);
        let heir = list.units().heir(&unit.uid, on);
        assert_eq!(*heir == unit.uid, change.is_none(), "{}", unit.uid);
        let column = match change {
            None => 0,
            Some(Change::Merged) => 1,
            Some(Change::Split) => 2,
            Some(Change::Abolished) => panic!("no commune is abolished"),
        };
        counts[column] += 1;
    }
    counts
}

/// The units whose description changed from one day to another, although they go on.
fn changed<'a>(register: &'a Register, from: &str, on: &str) -> Vec<&'a str> {
    let (from, on) = (day(from), day(on));
    let said = |unit: &Unit, on| {
        let period = unit.on(on);
        (period.code.clone(), period.name.clone())
    };
    let go_on = communes(register, from).filter(|unit| unit.exists_on(on));
    let changed = go_on.filter(|unit| said(unit, from) != said(unit, on));
    changed.map(|unit| unit.uid.as_str()).collect()
}

#[test]
fn whatever_goes_on_keeps_its_uid_and_whatever_is_merged_or_split_does_not() {
    let [_, of_2024, of_2025] = lists();
    // The official lists of 2024: 178 unchanged, one re-coded and one upgraded; 3 merged and one split.
    let (from, on) = ("2017-08-28", "2024-11-01");
    assert_eq!(becomes(&of_2024, from, on), [178 + 1 + 1, 3, 1]);
    let (recoded, upgraded) = ("daklak-0042", "daklak-0118");
    assert_eq!(changed(of_2024.units(), from, on), [recoded, upgraded]);
    // Of 2025, with Phú Yên: 6 unchanged and one renamed; 271 merged and 8 split.
    let (from, on) = ("2025-06-30", "2025-07-01");
    assert_eq!(becomes(&of_2025, from, on), [6 + 1, 271, 8]);
    assert_eq!(changed(of_2025.units(), from, on), ["daklak-0090"]);
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
