//! Steps that were never offered go where the rules in force say, and no others.

use chrono::NaiveDate;
use kit::copies::{Copy, UNIT, UnitTable};
use proto::identity::v1 as pb;

use super::acts::Acted;
use super::{DESK, of, route, sign, step};
use crate::route::{Filed, Planned, Route, Step, UnitRule};

const MONDAY: NaiveDate = NaiveDate::from_ymd_opt(2017, 8, 28).unwrap();

/// The units that are known, each below another.
fn units(below: &[(&str, &str)]) -> UnitTable {
    let mut units = UnitTable::default();
    for (uid, parent) in below {
        let unit = pb::Unit {
            uid: (*uid).to_owned(),
            kind: pb::UnitKind::District.into(),
            periods: vec![pb::UnitPeriod {
                valid_from: "2004-01-01".to_owned(),
                parent_uid: (*parent).to_owned(),
                ..pb::UnitPeriod::default()
            }],
            ..pb::Unit::default()
        };
        units.take(&Copy::new(UNIT, *uid, &unit));
    }
    units
}

/// The desk lies in the district, which decides; the departments are beside both.
fn province() -> UnitTable {
    units(&[
        (DESK, "district"),
        ("district", ""),
        ("department", ""),
        ("finance", ""),
    ])
}

/// The desk sends it to the district, which examines and signs, all of it by rules.
fn planned() -> Route {
    let by = |unit_rule, step| Step {
        unit_rule: Some(unit_rule),
        ..step
    };
    let sign = sign(&["examine"], "district");
    let steps = vec![
        by(UnitRule::Receiving, step("send", &[], DESK)),
        by(
            UnitRule::ParentOfReceiving,
            step("examine", &["send"], "district"),
        ),
        by(UnitRule::Competent, sign),
    ];
    Route {
        filed: Some(Filed {
            case_key: "standard".to_owned(),
            receiving: DESK.to_owned(),
            competent: "district".to_owned(),
        }),
        ..route(steps)
    }
}

fn fixed(unit: &str) -> UnitRule {
    UnitRule::Fixed(unit.to_owned())
}

/// What a version says of steps; of all but their units it says otherwise than the route.
fn version(rules: &[(&str, UnitRule)]) -> Vec<Planned> {
    let planned = |(key, unit_rule): &(&str, UnitRule)| Planned {
        step: Step {
            decides: true,
            ..step(key, &["another"], "")
        },
        unit_rule: unit_rule.clone(),
    };
    rules.iter().map(planned).collect()
}

/// Completes a step on a day on which this is in force.
fn complete_under(acted: &mut Acted, rules: &[(&str, UnitRule)], step: &str) {
    follow(acted, &version(rules), step);
    acted.complete(&[step]);
}

/// What comes right after a step follows these rules.
fn follow(acted: &mut Acted, rules: &[Planned], step: &str) {
    let uid = of(&acted.journey, step).uid.clone();
    acted.journey.follow(&uid, rules, (&province(), MONDAY));
}

#[test]
fn a_step_that_was_never_offered_goes_to_the_unit_of_the_rule_in_force_and_stays_as_it_was_else() {
    let mut acted = Acted::open(planned());
    acted.accept(&["send"]);
    let rules = ["examine", "sign"].map(|step| (step, fixed("department")));
    complete_under(&mut acted, &rules, "send");
    let examine = of(&acted.journey, "examine");
    assert_eq!(
        (examine.from.as_str(), examine.to.as_str()),
        (DESK, "department")
    );
    assert!(!examine.work.decides);

    // By then another version says otherwise of the one that is not offered yet.
    acted.accept(&["examine"]);
    let rules = [("sign", fixed("finance"))];
    complete_under(&mut acted, &rules, "examine");
    let sign = of(&acted.journey, "sign");
    assert_eq!(
        (sign.from.as_str(), sign.to.as_str()),
        ("department", "finance")
    );
    let keys = acted.journey.route.steps.iter();
    let keys: Vec<_> = keys.map(|step| (step.key.as_str(), &step.after)).collect();
    let before = planned();
    let before = before.steps.iter();
    let before: Vec<_> = before
        .map(|step| (step.key.as_str(), &step.after))
        .collect();
    assert_eq!(keys, before);
}

#[test]
fn what_is_not_offered_yet_does_not_follow_before_it_is() {
    let mut acted = Acted::open(planned());
    acted.accept(&["send"]);
    complete_under(&mut acted, &[("sign", fixed("finance"))], "send");
    acted.accept(&["examine"]);
    // By then no version says anything of it.
    complete_under(&mut acted, &[], "examine");
    assert_eq!(of(&acted.journey, "sign").to, "district");
}

#[test]
fn a_step_goes_back_to_where_it_was_planned_when_the_rule_does() {
    let mut acted = Acted::open(planned());
    let elsewhere = version(&[("examine", fixed("department"))]);
    follow(&mut acted, &elsewhere, "send");
    acted.accept(&["send"]);
    let rules = [("examine", UnitRule::ParentOfReceiving)];
    complete_under(&mut acted, &rules, "send");
    assert_eq!(of(&acted.journey, "examine").to, "district");
}

#[test]
fn a_step_whose_rule_is_the_same_stays_with_its_unit_whatever_that_would_name_now() {
    let mut acted = Acted::open(planned());
    acted.accept(&["send"]);
    let moved = units(&[(DESK, "department"), ("department", "")]);
    let same = version(&[("examine", UnitRule::ParentOfReceiving)]);
    let uid = of(&acted.journey, "send").uid.clone();
    acted.journey.follow(&uid, &same, (&moved, MONDAY));
    acted.complete(&["send"]);
    assert_eq!(of(&acted.journey, "examine").to, "district");
}

#[test]
fn what_is_offered_held_or_done_stays_with_its_unit() {
    let everything = version(&[
        ("send", fixed("finance")),
        ("examine", fixed("finance")),
        ("sign", fixed("finance")),
    ]);
    let mut acted = Acted::open(planned());
    acted.accept(&["send"]).complete(&["send"]);
    acted.accept(&["examine"]).complete(&["examine"]);
    let before = acted.journey.clone();
    for step in ["send", "examine", "sign"] {
        follow(&mut acted, &everything, step);
    }
    assert_eq!(acted.journey, before);
    acted.accept(&["sign"]);
    follow(&mut acted, &everything, "examine");
    assert_eq!(of(&acted.journey, "sign").to, "district");
}

#[test]
fn what_is_sent_back_and_all_after_it_goes_to_whom_it_was_offered_first() {
    let mut acted = Acted::open(planned());
    acted.accept(&["send"]);
    let first = [("examine", fixed("department"))];
    complete_under(&mut acted, &first, "send");
    acted.accept(&["examine"]).complete(&["examine"]);
    acted
        .accept(&["sign"])
        .try_send_back("sign", "send")
        .unwrap();
    acted.accept(&["send"]);
    let later = [
        ("send", fixed("finance")),
        ("examine", fixed("finance")),
        ("sign", fixed("finance")),
    ];
    complete_under(&mut acted, &later, "send");
    assert_eq!(of(&acted.journey, "send").to, DESK);
    assert_eq!(of(&acted.journey, "examine").to, "department");
    acted.accept(&["examine"]);
    complete_under(&mut acted, &later, "examine");
    assert_eq!(of(&acted.journey, "sign").to, "district");
}

#[test]
fn without_a_rule_a_known_unit_or_what_it_was_filed_with_a_route_stays_as_it_was_planned() {
    let unknown = [
        ("examine", fixed("nowhere")),
        ("another", fixed("department")),
    ];
    let known = [("examine", fixed("department"))];
    let from_before = Route {
        filed: None,
        ..planned()
    };
    for (route, rules) in [
        (planned(), &[][..]),
        (planned(), &unknown[..]),
        (from_before, &known[..]),
    ] {
        let mut acted = Acted::open(route.clone());
        acted.accept(&["send"]);
        complete_under(&mut acted, rules, "send");
        assert_eq!(of(&acted.journey, "examine").to, "district");
        assert_eq!(acted.journey.route.steps, route.steps);
    }
}

#[test]
fn a_transfer_leads_on_where_a_step_after_it_was_never_offered() {
    let mut acted = Acted::open(planned());
    let leads_on = |acted: &Acted, step: &str| {
        let uid = of(&acted.journey, step).uid.clone();
        acted.journey.leads_on(&uid)
    };
    assert!(leads_on(&acted, "send"));
    acted.accept(&["send"]).complete(&["send"]);
    assert!(!leads_on(&acted, "send"));
    assert!(leads_on(&acted, "examine"));
    acted.accept(&["examine"]).complete(&["examine"]);
    assert!(!leads_on(&acted, "sign"));
    acted
        .accept(&["sign"])
        .try_send_back("sign", "examine")
        .unwrap();
    assert!(!leads_on(&acted, "examine"));
}
