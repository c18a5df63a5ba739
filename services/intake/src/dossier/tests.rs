//! Every step from every state: what is possible, and what is refused with the states in which it would be.

mod course;
pub mod given;

use std::sync::Arc;

use kit::authority::Rights;
use kit::caller::{Caller, Role};

use super::*;
use given::*;

/// One step that a caller can take: what it is called, who may take it, from which states it leads to which (domain.md 4, R11), and
/// itself. What leads nowhere stays in its state.
struct Step {
    name: &'static str,
    role: Role,
    from: &'static [&'static str],
    to: Option<&'static str>,
    take: fn(Dossier) -> Result<Dossier, InvalidTransition>,
}

const STEPS: [Step; 14] = [
    Step {
        name: "ReceiveDossier",
        role: Role::Receptionist,
        from: &["SUBMITTED"],
        to: Some("RECEIVED"),
        take: |dossier| dossier.receive(receipt()),
    },
    Step {
        name: "RefuseDossier",
        role: Role::Receptionist,
        from: &["SUBMITTED"],
        to: Some("REFUSED"),
        take: |dossier| dossier.refuse(closing()),
    },
    Step {
        name: "GuideDossier",
        role: Role::Receptionist,
        from: &["SUBMITTED"],
        to: Some("SUBMITTED"),
        take: |dossier| dossier.guide(asked()),
    },
    Step {
        name: "ForwardDossier",
        role: Role::Receptionist,
        from: &["SUBMITTED"],
        to: Some("SUBMITTED"),
        take: |dossier| dossier.forward("other".to_owned(), moment(2)),
    },
    Step {
        name: "RequestSupplement",
        role: Role::Examiner,
        from: &["PROCESSING"],
        to: Some("SUPPLEMENT_REQUESTED"),
        take: |dossier| dossier.ask_supplement(asked(), stop(Why::Supplement), moment(32)),
    },
    Step {
        name: "RequestPayment",
        role: Role::Cashier,
        from: &["PROCESSING"],
        to: Some("PAYMENT_REQUESTED"),
        take: |dossier| dossier.ask_payment(vec![payment("order")], stop(Why::Payment)),
    },
    Step {
        name: "SupplementDossier",
        role: Role::Applicant,
        from: &["SUBMITTED", "SUPPLEMENT_REQUESTED"],
        to: None,
        take: |dossier| match dossier.state {
            State::Submitted => dossier.complete_submission(addition(), moment(3), None),
            _ => dossier.supplement(addition(), moment(3)),
        },
    },
    Step {
        name: "ConfirmPayment",
        role: Role::Cashier,
        from: &["PAYMENT_REQUESTED"],
        to: Some("PROCESSING"),
        take: |dossier| dossier.pay("order", paid()),
    },
    Step {
        name: "PostponeAppointment",
        role: Role::Leader,
        from: &["RECEIVED", "PROCESSING"],
        to: None,
        take: |dossier| dossier.postpone(due(9), apology()),
    },
    Step {
        name: "CorrectDossier",
        role: Role::Receptionist,
        from: &[
            "SUBMITTED",
            "RECEIVED",
            "PROCESSING",
            "SUPPLEMENT_REQUESTED",
            "PAYMENT_REQUESTED",
            "RESULT_READY",
        ],
        to: None,
        take: |dossier| dossier.correct(correction()),
    },
    Step {
        name: "StopDossier",
        role: Role::Applicant,
        from: &[
            "RECEIVED",
            "PROCESSING",
            "SUPPLEMENT_REQUESTED",
            "PAYMENT_REQUESTED",
        ],
        to: Some("STOPPED"),
        take: |dossier| dossier.stop(closing()),
    },
    Step {
        name: "WithdrawDossier",
        role: Role::Applicant,
        from: &[
            "SUBMITTED",
            "RECEIVED",
            "PROCESSING",
            "SUPPLEMENT_REQUESTED",
            "PAYMENT_REQUESTED",
        ],
        to: Some("WITHDRAWN"),
        take: |dossier| dossier.withdraw(closing()),
    },
    Step {
        name: "RecordDecision",
        role: Role::Leader,
        from: &["PROCESSING"],
        to: Some("RESULT_READY"),
        take: |dossier| dossier.decide(decision()),
    },
    Step {
        name: "ReturnResult",
        role: Role::Receptionist,
        from: &["RESULT_READY"],
        to: Some("RETURNED"),
        take: |dossier| dossier.return_result(at_desk(9)),
    },
];

fn correction() -> Correction {
    Correction {
        returning: Some("other".to_owned()),
        ..Correction::default()
    }
}

#[test]
fn every_step_is_possible_exactly_in_the_states_that_it_names() {
    for state in states() {
        for step in &STEPS {
            let before = dossier(state.clone());
            match (step.take)(before.clone()) {
                Ok(after) => {
                    assert!(
                        step.from.contains(&state.name()),
                        "{} in {state:?}",
                        step.name
                    );
                    let next = match (step.name, state.name()) {
                        ("SupplementDossier", "SUPPLEMENT_REQUESTED") => "PROCESSING",
                        (_, same) => step.to.unwrap_or(same),
                    };
                    assert_eq!(after.state.name(), next, "{}", step.name);
                    assert_eq!(after.revision, before.revision + 1);
                }
                Err(refused) => {
                    assert!(
                        !step.from.contains(&state.name()),
                        "{} in {state:?}",
                        step.name
                    );
                    let expected = InvalidTransition {
                        act: step.name,
                        current: state.name(),
                        allowed: step.from,
                    };
                    assert_eq!(refused, expected);
                }
            }
        }
    }
}

/// R13.
#[test]
fn r13_code_receiving_unit_time_of_receipt_and_first_appointment_never_change() {
    for state in states() {
        for step in &STEPS {
            let before = dossier(state.clone());
            let Ok(after) = (step.take)(before.clone()) else {
                continue;
            };
            assert_eq!(
                (&after.uid, &after.code, &after.units.receiving),
                (&before.uid, &before.code, &before.units.receiving)
            );
            assert_eq!(after.submitted_at, before.submitted_at);
            let fixed = |receipt: Receipt| (receipt.received_at, receipt.appointment);
            let before = before.state.receipt().map(fixed);
            let after = after.state.receipt().map(fixed);
            assert!(before.is_none() || before == after, "{}", step.name);
        }
    }
}

/// Two steps that are asked for at once: the first is done, and the other sees what it left.
#[test]
fn of_steps_that_end_a_dossier_one_wins_and_the_others_are_told_the_state() {
    let ends = ["WithdrawDossier", "StopDossier", "RecordDecision"];
    let ends: Vec<&Step> = STEPS
        .iter()
        .filter(|step| ends.contains(&step.name))
        .collect();
    for first in &ends {
        for second in &ends {
            let after = (first.take)(dossier(State::Processing(receipt()))).unwrap();
            let refused = (second.take)(after).unwrap_err();
            assert_eq!(
                Some(refused.current),
                first.to,
                "{} {}",
                first.name,
                second.name
            );
        }
    }
}

#[test]
fn the_first_acceptance_begins_the_processing_and_later_ones_change_nothing() {
    for state in states() {
        let after = dossier(state.clone()).begin_processing();
        if state.name() == "RECEIVED" {
            assert_eq!(after.state, State::Processing(receipt()));
            assert_eq!(after.revision, 2);
        } else {
            assert_eq!(after, dossier(state));
        }
    }
}

#[test]
fn the_table_of_rules_allows_what_the_dossier_does_and_nothing_else() {
    for step in &STEPS {
        let caller = Arc::new(Caller::new("somebody", step.role, Vec::new()));
        let service = match step.name {
            "ConfirmPayment" => "PaymentService",
            _ => "DossierService",
        };
        let rights = Rights::of(caller, &format!("intake.{service}/{}", step.name));
        for state in states() {
            let (name, done) = (state.name(), (step.take)(dossier(state)));
            match (rights.must_allow(name), done) {
                (Ok(()), Ok(_)) => {}
                (Err(untimely), Err(invalid)) => {
                    assert_eq!(
                        (untimely.act, untimely.allowed.as_slice()),
                        (invalid.act, invalid.allowed)
                    );
                }
                (allowed, done) => panic!("{} in {name}: {allowed:?}, {done:?}", step.name),
            }
        }
    }
}

#[test]
fn a_withdrawn_dossier_cannot_be_decided_and_a_decided_one_cannot_be_withdrawn() {
    let processing = dossier(State::Processing(receipt()));
    let withdrawn = processing.clone().withdraw(closing()).unwrap();
    assert_eq!(
        withdrawn.decide(decision()).unwrap_err().current,
        "WITHDRAWN"
    );
    let decided = processing.decide(decision()).unwrap();
    let refused = decided.clone().withdraw(closing()).unwrap_err();
    assert_eq!(refused.current, "RESULT_READY");
    let returned = decided.return_result(at_desk(9)).unwrap();
    assert_eq!(
        returned.withdraw(closing()).unwrap_err().current,
        "RETURNED"
    );
}

#[test]
fn the_receipt_stays_the_same_from_reception_to_the_end() {
    let received = dossier(State::Submitted).receive(receipt()).unwrap();
    let processing = received.clone().begin_processing();
    let decided = processing.clone().decide(decision()).unwrap();
    let returned = decided.clone().return_result(at_desk(9)).unwrap();
    let withdrawn = processing.clone().withdraw(closing()).unwrap();
    for after in [received, processing, decided, returned, withdrawn] {
        assert_eq!(after.state.receipt(), Some(receipt()), "{after:?}");
    }
}

#[test]
fn a_deadline_is_reckoned_anew_while_the_clock_runs_and_never_after() {
    for state in states() {
        let before = dossier(state.clone());
        let open = ["RECEIVED", "PROCESSING"].contains(&state.name());
        let moved = before.clone().reckoned(due(7), moment(3));
        let at = |dossier: &Dossier| dossier.state.receipt().map(|receipt| receipt.due.at);
        assert_eq!(at(&moved) != at(&before), open, "{state:?}");
        assert_eq!(moved.revision - before.revision, i64::from(open));
        assert_eq!(moved.course.adjustments.len(), usize::from(open));
        let promised =
            |dossier: &Dossier| dossier.state.receipt().map(|receipt| receipt.appointment);
        assert_eq!(promised(&moved), promised(&before));
        let newer = Due {
            calendar: 2,
            ..due(5)
        };
        let same = before.clone().reckoned(newer, moment(3));
        assert_eq!(same.revision, before.revision, "{state:?}");
        assert_eq!(
            same.running().map(|receipt| receipt.due),
            open.then_some(newer)
        );
    }
}

#[test]
fn a_dossier_that_was_never_received_has_no_receipt() {
    let submitted = dossier(State::Submitted);
    let refused = submitted.clone().refuse(closing()).unwrap();
    let withdrawn = submitted.clone().withdraw(closing()).unwrap();
    for after in [submitted, refused, withdrawn] {
        assert_eq!(after.state.receipt(), None, "{after:?}");
    }
}

#[test]
fn the_decision_is_kept_when_the_result_is_returned() {
    let ready = dossier(State::ResultReady(receipt(), decision()));
    let returned = ready.return_result(at_desk(9)).unwrap();
    assert_eq!(
        returned.state,
        State::Returned(receipt(), decision(), at_desk(9))
    );
}

#[test]
fn two_dossiers_look_alike_when_the_same_applicant_hands_in_the_same_at_the_same_desk() {
    let one = dossier(State::Submitted);
    let mut other = Dossier {
        uid: "another".to_owned(),
        submitted_at: moment(5),
        ..one.clone()
    };
    assert_eq!(one.content_digest(), other.content_digest());
    other.filing.components[0].copies += 1;
    assert_ne!(one.content_digest(), other.content_digest());
    other = one.clone();
    other.units.receiving = "another desk".to_owned();
    assert_ne!(one.content_digest(), other.content_digest());
    other = one.clone();
    other.filing.procedure_code = "1.000001".to_owned();
    assert_ne!(one.content_digest(), other.content_digest());
    other = one.clone();
    if let Some(applicant) = &mut other.filing.applicant {
        applicant.number = number("066085000124");
    }
    assert_ne!(one.content_digest(), other.content_digest());
}

#[test]
fn only_a_dossier_that_has_come_to_its_end_is_forgotten() {
    for state in states() {
        let before = dossier(state.clone());
        match before.clone().erase() {
            Ok(after) => {
                assert!(["REFUSED", "WITHDRAWN", "STOPPED", "RETURNED"].contains(&state.name()));
                assert_eq!(after.state.name(), state.name());
                assert_eq!(after.revision, before.revision + 1);
                assert_eq!((&after.filing.applicant, &after.key), (&None, &None));
                assert_eq!(after.content_digest(), None);
                let told = format!("{:?}", after.state);
                for personal in ["đổi ý", "12/QĐ-UBND", "Chủ tịch"] {
                    assert!(!told.contains(personal), "{told}");
                }
            }
            Err(refused) => {
                assert!(!refused.allowed.contains(&state.name()), "{refused:?}");
                assert_eq!(
                    refused.allowed,
                    ["REFUSED", "WITHDRAWN", "STOPPED", "RETURNED"]
                );
            }
        }
    }
}
