//! A dossier in every state, and what steps bring.

use std::sync::LazyLock;

use chrono::NaiveDate;
use kit::clock;
use kit::identity_number::Kind;

use super::super::*;

/// Every state, and withdrawal with and without a receipt.
pub fn states() -> [State; 11] {
    [
        State::Submitted,
        State::Received(receipt()),
        State::Refused(closing()),
        State::Processing(receipt()),
        State::SupplementRequested(receipt()),
        State::PaymentRequested(receipt()),
        State::Stopped(receipt(), closing()),
        State::Withdrawn(None, closing()),
        State::Withdrawn(Some(receipt()), closing()),
        State::ResultReady(receipt(), decision()),
        State::Returned(receipt(), decision(), at_desk(8)),
    ]
}

/// A dossier in a state, with what has happened to it until then: guided, or asked for a supplement, or for two payments.
pub fn dossier(state: State) -> Dossier {
    let mut course = Course::default();
    let mut answer_by = None;
    match &state {
        State::Submitted => {
            course.guidance = Some(asked());
        }
        State::SupplementRequested(_) => {
            course.supplement = Some(asked());
            course.stops.push(stop(Why::Supplement));
            answer_by = Some(moment(32));
        }
        State::PaymentRequested(_) => {
            course.payments = vec![payment("order")];
            course.stops.push(stop(Why::Payment));
        }
        _ => {}
    }
    Dossier {
        answer_by,
        course,
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
pub fn key() -> DataKey {
    static KEY: LazyLock<DataKey> = LazyLock::new(DataKey::generate);
    KEY.clone()
}

pub fn filing() -> Filing {
    Filing {
        procedure_code: "1.001193".to_owned(),
        procedure_version: 1,
        case_key: "standard".to_owned(),
        channel: Channel::Online,
        filed_by: FiledBy::Itself,
        origin: None,
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

pub fn number(value: &str) -> IdentityNumber {
    IdentityNumber::parse(Kind::Cccd, value, "number").unwrap()
}

pub fn receipt() -> Receipt {
    Receipt {
        received_at: moment(1),
        appointment: moment(5),
        due: due(5),
    }
}

/// Due so many days after the first, with a warning the day before.
pub fn due(days: i64) -> Due {
    Due {
        at: moment(days),
        warn_at: Some(moment(days - 1)),
        calendar: 1,
    }
}

pub fn asked() -> Asked {
    Asked {
        items: vec![Item {
            place: "declaration".to_owned(),
            reason: "thiếu chữ ký".to_owned(),
        }],
        at: moment(2),
        answered_at: None,
    }
}

pub fn stop(why: Why) -> Stop {
    Stop {
        why,
        then: Restart::Resumes,
        from: moment(2),
        to: None,
        transfer: "transfer".to_owned(),
    }
}

pub fn payment(order: &str) -> Payment {
    Payment {
        order: order.to_owned(),
        name: "Lệ phí trước bạ".to_owned(),
        amount_vnd: 500_000,
        asked_at: moment(2),
        paid: None,
    }
}

pub fn paid() -> Paid {
    Paid {
        at: moment(3),
        reference: "BL-1".to_owned(),
    }
}

pub fn addition() -> Addition {
    Addition {
        components: vec![HandedIn {
            key: "declaration".to_owned(),
            originals: 2,
            copies: 0,
        }],
        form: String::new(),
    }
}

pub fn apology() -> Adjustment {
    Adjustment {
        from: moment(5),
        to: moment(9),
        cause: Cause::Postponed(Apology {
            reason: "chờ ý kiến".to_owned(),
            late: false,
        }),
        legal_basis: "Nghị định 61/2018/NĐ-CP".to_owned(),
        by: "officer".to_owned(),
        at: moment(3),
    }
}

pub fn at_desk(days: i64) -> Return {
    Return {
        at: moment(days),
        method: Method::Desk,
    }
}

pub fn closing() -> Closing {
    Closing {
        reason: "đổi ý".to_owned(),
        at: moment(3),
    }
}

pub fn decision() -> Decision {
    Decision {
        outcome: Outcome::Granted,
        number: "12/QĐ-UBND".to_owned(),
        date: date(),
        signer: "Chủ tịch".to_owned(),
        evidence: String::new(),
        unit: "district".to_owned(),
        recorded_at: moment(4),
    }
}

pub fn date() -> NaiveDate {
    NaiveDate::from_ymd_opt(2017, 8, 28).unwrap()
}

/// So many days after 28/08/2017.
pub fn moment(days: i64) -> Moment {
    clock::from_micros((1_503_883_800 + days * 86_400) * 1_000_000)
}
