//! What happened to a dossier on its way, on the wire.

use kit::clock::{self, Moment};
use prost_types::Timestamp;
use proto::intake::v1 as pb;

use crate::dossier::{Adjustment, Asked, Cause, Course, Item, Payment};

/// A dossier of which only that is known.
#[must_use]
pub fn course(course: &Course) -> pb::Dossier {
    pb::Dossier {
        guidance: course.guidance.as_ref().map(request),
        supplement: course.supplement.as_ref().map(request),
        payments: course.payments.iter().map(payment).collect(),
        adjustments: course.adjustments.iter().map(adjustment).collect(),
        ..pb::Dossier::default()
    }
}

fn request(asked: &Asked) -> pb::Request {
    pb::Request {
        items: asked.items.iter().map(item).collect(),
        asked_at: time(asked.at),
        answered_at: asked.answered_at.and_then(time),
    }
}

fn item(item: &Item) -> pb::RequestItem {
    pb::RequestItem {
        place: item.place.clone(),
        reason: item.reason.clone(),
    }
}

fn payment(payment: &Payment) -> pb::Payment {
    let paid = payment.paid.as_ref();
    pb::Payment {
        order_uid: payment.order.clone(),
        name: payment.name.clone(),
        amount_vnd: payment.amount_vnd,
        asked_at: time(payment.asked_at),
        paid_at: paid.and_then(|paid| time(paid.at)),
        reference: paid.map_or_else(String::new, |paid| paid.reference.clone()),
    }
}

fn adjustment(moved: &Adjustment) -> pb::Adjustment {
    let cause = match &moved.cause {
        Cause::Calendar => pb::DeadlineReason::CalendarChanged,
        Cause::Resumed(_) => pb::DeadlineReason::Resumed,
        Cause::Restarted => pb::DeadlineReason::Restarted,
        Cause::Postponed(_) => pb::DeadlineReason::Postponed,
    };
    let apology = match &moved.cause {
        Cause::Postponed(apology) => Some(apology),
        Cause::Calendar | Cause::Resumed(_) | Cause::Restarted => None,
    };
    pb::Adjustment {
        from: time(moved.from),
        to: time(moved.to),
        cause: cause.into(),
        reason: apology.map_or_else(String::new, |apology| apology.reason.clone()),
        legal_basis: moved.legal_basis.clone(),
        by: moved.by.clone(),
        at: time(moved.at),
        late: apology.is_some_and(|apology| apology.late),
    }
}

fn time(at: impl Into<Option<Moment>>) -> Option<Timestamp> {
    at.into().map(clock::to_timestamp)
}
