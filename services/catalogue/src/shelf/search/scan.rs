//! The index finds what a look at every procedure finds.

use chrono::Days;
use kit::online::Period;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use super::*;
use crate::entry::Entry;
use crate::entry::tests::{day, procedure};
use crate::procedure::Procedure;
use crate::route::UnitUid;

const WORDS: [&str; 17] = [
    "thủ",
    "thu",
    "tục",
    "Tục",
    "đăng",
    "dang",
    "ký",
    "k",
    "Ea",
    "H'Leo",
    "h",
    "1.0",
    "1.000001",
    "1.000003.H1",
    "2",
    "???",
    "sao-lục",
];

/// Everything that is found, best first: each procedure is looked at.
fn scan<'a>(shelf: &'a Shelf, search: &Search) -> Vec<(Agreement, &'a str)> {
    let (accented, folded) = (normalise(&search.text).to_lowercase(), fold(&search.text));
    let (accented, folded) = (words(&accented), words(&folded));
    let wanted = Wanted::new(search.text.trim(), &accented, &folded);
    let field = search.field.as_deref().map(fold);
    let found = shelf.procedures.iter().filter_map(|procedure| {
        let agreement = procedure.agreement(search, &wanted, field.as_deref())?;
        Some((agreement, procedure.entry.code.as_str()))
    });
    let mut found: Vec<_> = found.collect();
    found.sort_unstable();
    found
}

/// All pages, one after the other.
fn pages(shelf: &Shelf, mut search: Search) -> Vec<(Agreement, String)> {
    let mut all = Vec::new();
    loop {
        let (page, more) = shelf.search(&search);
        assert!(page.len() == search.size || !more, "a page is full");
        let place = |found: &Found<'_>| (found.agreement, found.of.entry.code.to_string());
        all.extend(page.iter().map(place));
        search.after = all.last().cloned();
        if !more {
            return all;
        }
    }
}

fn text() -> impl Strategy<Value = String> {
    prop::collection::vec(select(&WORDS[..]), 0..4).prop_map(|words| words.join(" "))
}

fn on() -> impl Strategy<Value = NaiveDate> {
    (0_u64..6).prop_map(|days| day("2020-01-01") + Days::new(days))
}

fn one_of(texts: &'static [&'static str]) -> impl Strategy<Value = Option<String>> {
    prop::option::weighted(0.3, select(texts)).prop_map(|text| text.map(str::to_owned))
}

fn level() -> impl Strategy<Value = Level> {
    select(&[Level::Department, Level::Commune][..])
}

prop_compose! {
    fn version()(
        name in text(), result in text(), field in select(&["Hộ tịch", "Đất đai"][..]), lead in select(&["u", "v"][..]),
        level in level(), local in one_of(&["1.000003.H1", "1.000001.H1"]),
        applicants in subsequence(&ApplicantKind::ALL[..], 0..3),
    ) -> Procedure {
        Procedure {
            result, level, applicants,
            field: field.to_owned(),
            lead_unit: UnitUid::new(lead),
            local_code: local.and_then(|code| code.parse().ok()),
            ..procedure("1.000001", &name)
        }
    }
}

prop_compose! {
    fn an_entry(code: String)(
        versions in prop::collection::vec(version(), 1..4), ended in any::<bool>(), since in on(), level in 1..5,
    ) -> Entry {
        let mut entry = Entry::new(code.parse().unwrap());
        let days = day("2020-01-01").iter_days().step_by(2);
        for (from, version) in days.zip(versions) {
            entry.publish(version, from);
        }
        if ended {
            let last = entry.versions.last_mut().unwrap();
            last.until = last.from.succ_opt();
        }
        entry.online.set(Period {
            unit: String::new(),
            from: since,
            to: None,
            level: kit::online::Level::new(level),
            service: None,
        });
        entry
    }
}

fn a_shelf() -> impl Strategy<Value = Shelf> {
    let codes = (0..12).map(|number| an_entry(format!("{}.{:06}", 1 + number % 2, number / 2)));
    let codes: Vec<_> = codes.collect();
    codes.prop_map(|mut entries| {
        let mut shelf = Shelf::default();
        let later = entries.split_off(7);
        shelf.put(entries);
        shelf.put(later);
        shelf
    })
}

prop_compose! {
    fn a_search()(
        text in text(), field in one_of(&["ho tich", "Đất đai", "đất"]), lead_unit in one_of(&["u", "w"]),
        level in prop::option::weighted(0.3, level()), online_level in prop::option::weighted(0.3, 1..5),
        applicant in prop::option::weighted(0.3, select(&ApplicantKind::ALL[..])), on in on(), size in 1_usize..5,
    ) -> Search {
        Search { text, field, lead_unit, level, online_level, applicant, on, after: None, size }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn the_index_finds_what_a_look_at_every_procedure_finds(shelf in a_shelf(), search in a_search()) {
        let expected: Vec<_> = scan(&shelf, &search).into_iter().map(|(how, code)| (how, code.to_owned())).collect();
        prop_assert_eq!(pages(&shelf, search), expected);
    }
}
