//! What may be handed in where.

use kit::copies::{Copy, UNIT};
use prost::Message as _;
use proto::identity::v1 as pb;
use worktime::{CountFrom, Limit};

use super::*;
use crate::dossier::{Channel, FeeDue};
use crate::reference::{Component, Cutoffs, Fee, Occasion};
use kit::online::{OnlineLevels, Period};

const DAY: NaiveDate = NaiveDate::from_ymd_opt(2017, 8, 28).unwrap();
const PROVINCE: &str = "province";
const JUSTICE: &str = "justice";
const FINANCE: &str = "finance";
const DISTRICT: &str = "district";
const COMMUNE: &str = "commune";

#[test]
fn a_desk_takes_what_its_kind_of_unit_decides_or_sends_up() {
    let own_desks = [
        (UnitKind::Commune, COMMUNE, COMMUNE),
        (UnitKind::District, COMMUNE, DISTRICT),
        (UnitKind::District, DISTRICT, DISTRICT),
        (UnitKind::Department, JUSTICE, JUSTICE),
    ];
    for (level, receiving, competent) in own_desks {
        let units = units_of(&procedure(level), receiving).unwrap();
        let expected = Units {
            receiving: receiving.to_owned(),
            competent: competent.to_owned(),
            returning: receiving.to_owned(),
        };
        assert_eq!(units, expected, "{level:?} at {receiving}");
    }
}

#[test]
fn a_desk_that_does_not_take_a_procedure_says_who_does() {
    let other_desks = [
        (UnitKind::Commune, DISTRICT, "UBND cấp xã"),
        (UnitKind::Commune, JUSTICE, "UBND cấp xã"),
        (UnitKind::Commune, PROVINCE, "UBND cấp xã"),
        (UnitKind::District, JUSTICE, "UBND cấp huyện"),
        (UnitKind::District, PROVINCE, "UBND cấp huyện"),
        (UnitKind::Department, COMMUNE, JUSTICE),
        (UnitKind::Department, DISTRICT, JUSTICE),
        (UnitKind::Department, FINANCE, JUSTICE),
        (UnitKind::Department, PROVINCE, JUSTICE),
        (UnitKind::Province, COMMUNE, "UBND tỉnh"),
        (UnitKind::Province, DISTRICT, "UBND tỉnh"),
        (UnitKind::Province, JUSTICE, "UBND tỉnh"),
        (UnitKind::Province, PROVINCE, "UBND tỉnh"),
    ];
    for (level, receiving, who) in other_desks {
        let refused = units_of(&procedure(level), receiving);
        let Err(Error::UnitNotCompetent { procedure, takes }) = refused else {
            panic!("{level:?} at {receiving}: {refused:?}");
        };
        assert_eq!((procedure.as_str(), takes.as_str()), ("1.001193", who));
    }
}

/// R10.
#[test]
fn r10_since_2025_the_desk_of_any_unit_takes_a_dossier_for_the_unit_that_decides() {
    let (table, procedure) = (table(), procedure(UnitKind::Department));
    let at = |on, competent, returning| {
        let desk = Desk {
            receiving: table.resolve(COMMUNE, on).unwrap(),
            competent,
            returning,
            units: &table,
            on,
        };
        units(&procedure, &procedure.cases[0], &desk)
    };
    let since = NaiveDate::from_ymd_opt(2025, 7, 1).unwrap();
    let units = at(since, Some(JUSTICE), Some(DISTRICT)).unwrap();
    assert_eq!(
        (&*units.receiving, &*units.competent, &*units.returning),
        (COMMUNE, JUSTICE, DISTRICT)
    );
    for (on, competent) in [(DAY, Some(JUSTICE)), (since, Some(FINANCE)), (since, None)] {
        let refused = at(on, competent, None);
        assert!(
            matches!(refused, Err(Error::UnitNotCompetent { .. })),
            "{refused:?}"
        );
    }
}

#[test]
fn a_case_of_the_commune_that_is_decided_above_is_decided_by_its_district() {
    let mut procedure = procedure(UnitKind::Commune);
    procedure.cases[0].decided_above = true;
    let units = units_of(&procedure, COMMUNE).unwrap();
    assert_eq!(units.competent, DISTRICT);
    assert_eq!(units.returning, COMMUNE);
}

#[test]
fn a_department_that_took_over_the_lead_takes_the_procedure() {
    let mut procedure = procedure(UnitKind::Department);
    procedure.lead_unit = "old-justice".to_owned();
    assert_eq!(units_of(&procedure, JUSTICE).unwrap().competent, JUSTICE);
}

#[test]
fn a_unit_that_is_not_known_is_not_found() {
    let mut procedure = procedure(UnitKind::Department);
    procedure.lead_unit = "nowhere".to_owned();
    let refused = units_of(&procedure, JUSTICE);
    assert!(matches!(refused, Err(Error::UnitNotFound(uid)) if uid == "nowhere"));
    let known = table();
    assert_eq!(resolve(&known, "old-justice", DAY).unwrap().uid, JUSTICE);
    assert!(matches!(
        resolve(&known, "nowhere", DAY),
        Err(Error::UnitNotFound(_))
    ));
}

#[test]
fn levels_one_and_two_are_refused_online_with_the_desk_to_go_to() {
    let table = table();
    let desk = table.resolve(COMMUNE, DAY).unwrap();
    for online_level in 1..=4 {
        let procedure = Procedure {
            online: online(online_level),
            ..procedure(UnitKind::Commune)
        };
        match must_be_online(&procedure, desk, DAY) {
            Ok(()) => assert!(online_level >= 3),
            Err(Error::NotOnline {
                procedure,
                level,
                desk,
                desk_uid,
            }) => {
                assert!(online_level <= 2);
                assert_eq!((procedure.as_str(), level), ("1.001193", online_level));
                assert_eq!((desk.as_str(), desk_uid.as_str()), (COMMUNE, COMMUNE));
            }
            Err(other) => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_result_is_handed_over_online_from_level_four_on() {
    for online_level in 1..=4 {
        let procedure = Procedure {
            online: online(online_level),
            ..procedure(UnitKind::Commune)
        };
        let returned = must_return_online(&procedure, COMMUNE, DAY);
        assert_eq!(returned.is_ok(), online_level == 4, "{online_level}");
    }
}

#[test]
fn a_procedure_of_another_agency_or_without_a_route_is_not_handled_here() {
    let ours = procedure(UnitKind::Commune);
    assert!(must_be_handled_here(&ours, &ours.cases[0]).is_ok());
    let vertical = Procedure {
        vertical_agency: true,
        ..ours.clone()
    };
    let refused = must_be_handled_here(&vertical, &vertical.cases[0]);
    assert!(matches!(refused, Err(Error::NotHandledHere { .. })));
    let unrouted = Case {
        routed: false,
        ..ours.cases[0].clone()
    };
    let refused = must_be_handled_here(&ours, &unrouted);
    assert!(matches!(refused, Err(Error::NotHandledHere { .. })));
}

#[test]
fn every_missing_and_every_unknown_component_is_named_at_once() {
    let handed = [
        handed("photo", 1, 0),
        handed("certificate", 1, 0),
        handed("poem", 1, 0),
        handed("song", 0, 1),
    ];
    let named = violations(&handed);
    let named: Vec<_> = named
        .iter()
        .map(|(field, reason)| (field.as_str(), *reason))
        .collect();
    let expected = [
        ("components[declaration]", "MISSING"),
        ("components[photo]", "MISSING"),
        ("components[certificate]", "MISSING"),
        ("components[poem]", "UNKNOWN"),
        ("components[song]", "UNKNOWN"),
    ];
    assert_eq!(named, expected);
}

#[test]
fn nothing_handed_in_lacks_everything() {
    assert_eq!(violations(&[]).len(), 3);
}

#[test]
fn what_is_complete_or_more_than_complete_is_taken() {
    let exactly = [
        handed("declaration", 1, 0),
        handed("photo", 2, 0),
        handed("certificate", 0, 1),
    ];
    let procedure = procedure(UnitKind::Commune);
    let case = &procedure.cases[0];
    assert!(must_be_complete(case, &exactly).is_ok());
    let more = exactly.map(|one| handed(&one.key, one.originals + 1, one.copies + 1));
    assert!(must_be_complete(case, &more).is_ok());
}

#[test]
fn what_a_register_has_need_not_be_handed_in() {
    let mut case = procedure(UnitKind::Commune).cases.remove(0);
    case.components[1].from_register = true;
    case.components[2].from_register = true;
    assert!(must_be_complete(&case, &[handed("declaration", 1, 0)]).is_ok());
}

#[test]
fn a_form_is_filled_in_as_it_asks_and_only_where_there_is_one() {
    let mut case = procedure(UnitKind::Commune).cases.remove(0);
    assert!(must_fit_form(&case, "").is_ok());
    assert!(matches!(
        must_fit_form(&case, "{}"),
        Err(Error::FormInvalid(_))
    ));
    case.form_schema = r#"{"required":["name"]}"#.to_owned();
    assert!(must_fit_form(&case, r#"{"name":"H'Hen"}"#).is_ok());
    let Err(Error::FormInvalid(violations)) = must_fit_form(&case, "") else {
        panic!("a field is missing")
    };
    assert_eq!(violations[0].field, "form_data.name");
}

#[test]
fn what_goes_with_a_result_on_paper_is_that_or_a_component_and_no_free_text() {
    let case = procedure(UnitKind::Commune).cases.remove(0);
    let known = [handed("", 1, 0), handed("declaration", 1, 0)];
    assert!(must_go_with_result(&case, &known).is_ok());
    let paper = [handed("", 1, 0), handed("Giấy của bà H'Hen Niê", 1, 0)];
    let Err(Error::OutOfReach(violations)) = must_go_with_result(&case, &paper) else {
        panic!("a name is no key")
    };
    let fields: Vec<&str> = violations.iter().map(|of| of.field.as_str()).collect();
    assert_eq!(fields, ["paper.component_key"]);
}

#[test]
fn what_is_asked_for_is_a_component_or_a_field_of_the_form_and_no_free_text() {
    let mut case = procedure(UnitKind::Commune).cases.remove(0);
    let fields = |case: &Case, places: &[&str]| -> Vec<String> {
        let item = |place: &&str| Item {
            place: (*place).to_owned(),
            reason: "mờ".to_owned(),
        };
        let items: Vec<Item> = places.iter().map(item).collect();
        match must_be_places(case, &items) {
            Ok(()) => Vec::new(),
            Err(Error::OutOfReach(violations)) => {
                violations.into_iter().map(|of| of.field).collect()
            }
            Err(other) => panic!("{other}"),
        }
    };
    let places = [
        "",
        "declaration",
        "H'Hen Niê",
        "form_data",
        "form_data.name",
    ];
    let of_form = ["items[2].place", "items[3].place", "items[4].place"];
    assert_eq!(fields(&case, &places), of_form);
    case.form_schema = r#"{"properties":{"name":{"type":"string"}}}"#.to_owned();
    assert_eq!(fields(&case, &places), ["items[2].place"]);
}

#[test]
fn limit_and_fees_depend_on_where_when_and_how_it_is_handed_in() {
    let table = table();
    let occasion = |receiving, channel| Occasion {
        receiving,
        units: &table,
        on: DAY,
        channel,
    };
    let fee = |amount_vnd, channel, units: &[&str], from: Option<&str>| Fee {
        due: FeeDue {
            key: "certificate".to_owned(),
            name: "Lệ phí".to_owned(),
            amount_vnd,
            before_reception: true,
        },
        channel,
        units: units.iter().map(|uid| (*uid).to_owned()).collect(),
        from: from.map(|from| from.parse().unwrap()),
        to: None,
    };
    let case = Case {
        extras: vec![(vec![DISTRICT.to_owned()], 10)],
        fees: vec![
            fee(1, None, &[], Some("2018-01-01")),
            fee(0, Some(Channel::Online), &[], None),
            fee(5_000, None, &[DISTRICT], Some("2017-01-01")),
            fee(8_000, None, &[], None),
        ],
        ..procedure(UnitKind::Commune).cases.remove(0)
    };
    for (receiving, channel, extra, due) in [
        (COMMUNE, Channel::Counter, 10, Some(5_000)),
        (COMMUNE, Channel::Online, 10, None),
        (JUSTICE, Channel::Post, 0, Some(8_000)),
    ] {
        let occasion = occasion(receiving, channel);
        let fees = case.fees_due(&occasion);
        assert_eq!(case.extra(&occasion), extra, "{receiving}");
        assert_eq!(fees.first().map(|fee| fee.amount_vnd), due, "{receiving}");
    }
    let terms = case.terms(10, Channel::Counter);
    assert_eq!(terms.limit, Limit::WorkingDays(15));
}

#[test]
fn r03_a_case_counts_as_its_rule_set_says_unless_it_has_its_own_for_the_channel() {
    let time = |text: &str| text.parse().unwrap();
    let online = Cutoffs {
        channel: Some(Channel::Online),
        handover: Some(time("17:00:00")),
        ..Cutoffs::default()
    };
    let others = Cutoffs {
        count_from: Some(CountFrom::NextOpening),
        ..Cutoffs::default()
    };
    let standard = procedure(UnitKind::Commune).cases.remove(0);
    let case = Case {
        cutoffs: vec![online, others],
        ..standard.clone()
    };
    let (three, five) = (time("15:00:00"), time("17:00:00"));
    let next_day = CountFrom::NextWorkingDay;
    for (case, channel, handover, count_from) in [
        (&standard, Channel::Online, three, next_day),
        (&case, Channel::Online, five, next_day),
        (&case, Channel::Post, three, CountFrom::NextOpening),
    ] {
        let rules = case.terms(0, channel).rules(DAY);
        assert_eq!(rules.name, "2015");
        let expected = worktime::Cutoffs {
            handover,
            same_day: three,
            count_from,
        };
        assert_eq!(rules.cutoffs, expected, "{channel:?}");
    }
}

#[test]
fn a_case_that_is_not_named_is_the_standard_one() {
    let procedure = procedure(UnitKind::Commune);
    assert_eq!(procedure.case("").unwrap().key, "standard");
    let refused = procedure.case("express");
    assert!(matches!(refused, Err(Error::CaseNotFound { case, .. }) if case == "express"));
}

fn violations(handed: &[HandedIn]) -> Vec<(String, &'static str)> {
    match must_be_complete(&procedure(UnitKind::Commune).cases[0], handed) {
        Err(Error::ComponentsMissing(violations)) => {
            let violations = violations.into_iter();
            violations
                .map(|violation| (violation.field, violation.reason))
                .collect()
        }
        other => panic!("{other:?}"),
    }
}

fn units_of(procedure: &Procedure, receiving: &str) -> Result<Units, Error> {
    let table = table();
    let receiving = table.resolve(receiving, DAY).unwrap();
    let desk = Desk {
        receiving,
        competent: None,
        returning: None,
        units: &table,
        on: DAY,
    };
    units(procedure, &procedure.cases[0], &desk)
}

/// One unit of each kind below the next, a second department, and one that justice took over. Names are the uids.
fn table() -> UnitTable {
    let units = [
        (PROVINCE, pb::UnitKind::Province, "", ""),
        (JUSTICE, pb::UnitKind::Department, PROVINCE, ""),
        (FINANCE, pb::UnitKind::Department, PROVINCE, ""),
        ("old-justice", pb::UnitKind::Department, PROVINCE, JUSTICE),
        (DISTRICT, pb::UnitKind::District, PROVINCE, ""),
        (COMMUNE, pb::UnitKind::Commune, DISTRICT, ""),
    ];
    let mut table = UnitTable::default();
    for (uid, kind, parent, successor) in units {
        let period = pb::UnitPeriod {
            valid_from: "2004-01-01".to_owned(),
            name: uid.to_owned(),
            parent_uid: parent.to_owned(),
            ..pb::UnitPeriod::default()
        };
        let last_day = match successor {
            "" => String::new(),
            _ => "2017-06-30".to_owned(),
        };
        let unit = pb::Unit {
            uid: uid.to_owned(),
            kind: kind.into(),
            valid_to: last_day,
            successor_uid: successor.to_owned(),
            periods: vec![period],
            ..pb::Unit::default()
        };
        let (key, body) = (uid.to_owned(), unit.encode_to_vec());
        table.take(&Copy {
            kind: UNIT,
            key,
            body,
        });
    }
    table
}

/// Asks for a declaration, two photos and a copy of a certificate; justice leads its field.
fn procedure(level: UnitKind) -> Procedure {
    let component = |key: &str, originals, copies| Component {
        key: key.to_owned(),
        name: key.to_owned(),
        originals,
        copies,
        from_register: false,
    };
    Procedure {
        code: "1.001193".to_owned(),
        level,
        lead_unit: JUSTICE.to_owned(),
        vertical_agency: false,
        online: online(3),
        version: 1,
        from: DAY,
        to: None,
        cases: vec![Case {
            key: "standard".to_owned(),
            limit: Limit::WorkingDays(5),
            decided_above: false,
            routed: true,
            extras: Vec::new(),
            cutoffs: Vec::new(),
            components: vec![
                component("declaration", 1, 0),
                component("photo", 2, 0),
                component("certificate", 0, 1),
            ],
            fees: Vec::new(),
            form_schema: String::new(),
        }],
    }
}

fn online(level: i32) -> OnlineLevels {
    OnlineLevels::new([Period {
        unit: String::new(),
        from: DAY,
        to: None,
        level: Level::new(level),
        service: None,
    }])
}

fn handed(key: &str, originals: i32, copies: i32) -> HandedIn {
    HandedIn {
        key: key.to_owned(),
        originals,
        copies,
    }
}
