//! Every step from every state: what is possible, and what is refused with the states in which it would be.

use std::sync::{Arc, LazyLock};

use kit::authority::Rights;
use kit::caller::{Caller, Role};
use kit::clock;
use kit::identity_number::Kind;

use super::*;

/// The steps that a caller can take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Act {
    Receive,
    Refuse,
    Withdraw,
    Decide,
    Return,
}

const ACTS: [Act; 5] = [
    Act::Receive,
    Act::Refuse,
    Act::Withdraw,
    Act::Decide,
    Act::Return,
];

impl Act {
    fn name(self) -> &'static str {
        match self {
            Self::Receive => "ReceiveDossier",
            Self::Refuse => "RefuseDossier",
            Self::Withdraw => "WithdrawDossier",
            Self::Decide => "RecordDecision",
            Self::Return => "ReturnResult",
        }
    }

    /// The law: from which states it leads to which (design.md 4, R11).
    fn leads(self) -> (&'static [&'static str], &'static str) {
        match self {
            Self::Receive => (&["SUBMITTED"], "RECEIVED"),
            Self::Refuse => (&["SUBMITTED"], "REFUSED"),
            Self::Withdraw => (&["SUBMITTED", "RECEIVED", "PROCESSING"], "WITHDRAWN"),
            Self::Decide => (&["PROCESSING"], "RESULT_READY"),
            Self::Return => (&["RESULT_READY"], "RETURNED"),
        }
    }

    fn on(self, dossier: Dossier) -> Result<Dossier, InvalidTransition> {
        match self {
            Self::Receive => dossier.receive(receipt()),
            Self::Refuse => dossier.refuse(closing()),
            Self::Withdraw => dossier.withdraw(closing()),
            Self::Decide => dossier.decide(decision()),
            Self::Return => dossier.return_result(moment(9)),
        }
    }
}

#[test]
fn every_step_is_possible_exactly_in_the_states_that_it_names() {
    for state in states() {
        for act in ACTS {
            let (allowed, next) = act.leads();
            let before = dossier(state.clone());
            match act.on(before.clone()) {
                Ok(after) => {
                    assert!(allowed.contains(&state.name()), "{act:?} in {state:?}");
                    assert_eq!(after.state.name(), next);
                    assert_eq!(after.revision, before.revision + 1);
                }
                Err(refused) => {
                    assert!(!allowed.contains(&state.name()), "{act:?} in {state:?}");
                    let (act, current) = (act.name(), state.name());
                    let expected = InvalidTransition {
                        act,
                        current,
                        allowed,
                    };
                    assert_eq!(refused, expected);
                }
            }
        }
    }
}

#[test]
fn a_step_changes_nothing_but_the_state_and_the_revision() {
    for state in states() {
        for act in ACTS {
            let before = dossier(state.clone());
            if let Ok(after) = act.on(before.clone()) {
                let (state, revision) = (after.state.clone(), after.revision);
                let expected = Dossier {
                    state,
                    revision,
                    ..before
                };
                assert_eq!(after, expected);
            }
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
    type Step = fn(Dossier) -> Result<Dossier, InvalidTransition>;
    let steps: [(&str, Role, Step); 5] = [
        ("ReceiveDossier", Role::Receptionist, |dossier| {
            dossier.receive(receipt())
        }),
        ("RefuseDossier", Role::Receptionist, |dossier| {
            dossier.refuse(closing())
        }),
        ("WithdrawDossier", Role::Applicant, |dossier| {
            dossier.withdraw(closing())
        }),
        ("RecordDecision", Role::Leader, |dossier| {
            dossier.decide(decision())
        }),
        ("ReturnResult", Role::Receptionist, |dossier| {
            dossier.return_result(moment(9))
        }),
    ];
    for (rpc, role, step) in steps {
        let caller = Arc::new(Caller::new("somebody", role, Vec::new()));
        let rights = Rights::of(caller, &format!("intake.DossierService/{rpc}"));
        for state in states() {
            let (name, done) = (state.name(), step(dossier(state)));
            match (rights.must_allow(name), done) {
                (Ok(()), Ok(_)) => {}
                (Err(untimely), Err(invalid)) => {
                    assert_eq!(
                        (untimely.act, untimely.allowed.as_slice()),
                        (invalid.act, invalid.allowed)
                    );
                }
                (allowed, done) => panic!("{rpc} in {name}: {allowed:?}, {done:?}"),
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
    let returned = decided.return_result(moment(9)).unwrap();
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
    let returned = decided.clone().return_result(moment(9)).unwrap();
    let withdrawn = processing.clone().withdraw(closing()).unwrap();
    for after in [received, processing, decided, returned, withdrawn] {
        assert_eq!(after.state.receipt(), Some(receipt()), "{after:?}");
    }
}

#[test]
fn a_deadline_is_reckoned_anew_while_nobody_has_decided_and_never_after() {
    for state in states() {
        let before = dossier(state.clone());
        let open = ["RECEIVED", "PROCESSING"].contains(&state.name());
        let moved = before.clone().reckoned(moment(7), 2);
        let due = |dossier: &Dossier| dossier.state.receipt().map(|receipt| receipt.due);
        assert_eq!(due(&moved) != due(&before), open, "{state:?}");
        assert_eq!(moved.revision - before.revision, i64::from(open));
        let promised =
            |dossier: &Dossier| dossier.state.receipt().map(|receipt| receipt.appointment);
        assert_eq!(promised(&moved), promised(&before));
        let same = before.clone().reckoned(moment(5), 2);
        assert_eq!(same.revision, before.revision, "{state:?}");
        assert_eq!(
            same.state.running().map(|receipt| receipt.calendar),
            open.then_some(2)
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
    let returned = ready.return_result(moment(9)).unwrap();
    assert_eq!(
        returned.state,
        State::Returned(receipt(), decision(), moment(9))
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
                assert!(["REFUSED", "WITHDRAWN", "RETURNED"].contains(&state.name()));
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
                assert_eq!(refused.allowed, ["REFUSED", "WITHDRAWN", "RETURNED"]);
            }
        }
    }
}

/// Every state, and withdrawal with and without a receipt.
fn states() -> [State; 8] {
    [
        State::Submitted,
        State::Received(receipt()),
        State::Refused(closing()),
        State::Processing(receipt()),
        State::Withdrawn(None, closing()),
        State::Withdrawn(Some(receipt()), closing()),
        State::ResultReady(receipt(), decision()),
        State::Returned(receipt(), decision(), moment(8)),
    ]
}

fn dossier(state: State) -> Dossier {
    Dossier {
        uid: "dossier".to_owned(),
        code: DossierCode::allot("000.00.12.H15", date(), 1),
        filing: filing(),
        units: Units {
            receiving: "commune".to_owned(),
            competent: "district".to_owned(),
            returning: "commune".to_owned(),
        },
        submitted_at: moment(0),
        state,
        revision: 1,
        key: Some(key()),
    }
}

/// One and the same.
fn key() -> DataKey {
    static KEY: LazyLock<DataKey> = LazyLock::new(DataKey::generate);
    KEY.clone()
}

fn filing() -> Filing {
    Filing {
        procedure_code: "1.001193".to_owned(),
        procedure_version: 1,
        case_key: "standard".to_owned(),
        channel: Channel::Online,
        applicant: Some(Applicant {
            name: "Y Moan Êban".to_owned(),
            number: number("066085000123"),
            phone: String::new(),
        }),
        party: None,
        components: vec![HandedIn {
            key: "declaration".to_owned(),
            originals: 1,
            copies: 0,
        }],
        form: r#"{"child":"H'Hen"}"#.to_owned(),
        fees: Vec::new(),
        limit_extra: 0,
    }
}

fn number(value: &str) -> IdentityNumber {
    IdentityNumber::parse(Kind::Cccd, value, "number").unwrap()
}

fn receipt() -> Receipt {
    Receipt {
        received_at: moment(1),
        appointment: moment(5),
        due: moment(5),
        calendar: 1,
    }
}

fn closing() -> Closing {
    Closing {
        reason: "đổi ý".to_owned(),
        at: moment(3),
    }
}

fn decision() -> Decision {
    Decision {
        outcome: Outcome::Granted,
        number: "12/QĐ-UBND".to_owned(),
        date: date(),
        signer: "Chủ tịch".to_owned(),
        unit: "district".to_owned(),
        recorded_at: moment(4),
    }
}

fn date() -> NaiveDate {
    NaiveDate::from_ymd_opt(2017, 8, 28).unwrap()
}

/// So many days after 28/08/2017.
fn moment(days: i64) -> Moment {
    clock::from_micros((1_503_883_800 + days * 86_400) * 1_000_000)
}
