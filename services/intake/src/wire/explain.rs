//! The reply of `ExplainDeadline`.

use kit::clock;
use proto::intake::v1 as pb;
use worktime::{Deadline, ExplainedDay, ExplainedPart, Explanation, Totals};

use crate::dossier::Receipt;

/// The reasoning behind the deadline of a dossier with this receipt.
#[must_use]
pub fn explained(receipt: Receipt, explanation: &Explanation) -> pb::ExplainDeadlineResponse {
    let time = |at| Some(clock::to_timestamp(at));
    let local = |at| time(clock::from_local(at));
    let totals = explanation.totals();
    let count = |days: usize| i32::try_from(days).unwrap_or(i32::MAX);
    let (summary_vi, summary_en) = summary(receipt, explanation, totals);
    pb::ExplainDeadlineResponse {
        rule_set: explanation.rule_set.to_owned(),
        received_at: local(explanation.received),
        counted_from: local(explanation.counted_from),
        appointment: time(receipt.appointment),
        days: explanation.days.iter().map(day).collect(),
        due: match explanation.deadline {
            Deadline::Due(_) => time(receipt.due.at),
            Deadline::Paused { .. } => None,
        },
        calendar_revision: receipt.due.calendar,
        counted_minutes: i32::try_from(totals.counted.minutes()).unwrap_or(i32::MAX),
        days_counted: count(totals.days_counted),
        days_skipped: count(totals.days_skipped),
        summary_vi,
        summary_en,
    }
}

fn day(day: &ExplainedDay) -> pb::ExplainedDay {
    pb::ExplainedDay {
        date: day.date.to_string(),
        counted_minutes: i32::try_from(day.counted.minutes()).unwrap_or(i32::MAX),
        reason_vi: day.why.vietnamese(),
        reason_en: day.why.english(),
        parts: day.parts.iter().map(part).collect(),
    }
}

fn part(part: &ExplainedPart) -> pb::ExplainedPart {
    pb::ExplainedPart {
        from: part.from.format("%H:%M").to_string(),
        to: part.to.format("%H:%M").to_string(),
        counted: part.why.counts(),
        reason_vi: part.why.vietnamese(),
        reason_en: part.why.english(),
    }
}

/// All of it in one sentence, in Vietnamese and in English.
fn summary(receipt: Receipt, explanation: &Explanation, totals: Totals) -> (String, String) {
    let time = |at: chrono::NaiveDateTime| at.format("%H:%M %d/%m/%Y").to_string();
    let (counted, skipped) = (totals.days_counted, totals.days_skipped);
    let (received, from) = (time(explanation.received), time(explanation.counted_from));
    let begins = (
        format!(
            "Tiếp nhận lúc {received}, tính từ {from}: {counted} ngày được tính, {skipped} ngày không tính"
        ),
        format!(
            "Received at {received}, counted from {from}: {counted} days counted, {skipped} skipped"
        ),
    );
    let moved = receipt.due.at != receipt.appointment;
    let promised = time(clock::local(receipt.appointment));
    let ends = match &explanation.deadline {
        Deadline::Paused { since, .. } => {
            let since = time(*since);
            (
                format!("thời hạn tạm dừng từ {since}"),
                format!("the clock stands still since {since}"),
            )
        }
        Deadline::Due(due) if moved => {
            let due = time(*due);
            (
                format!("đến hạn lúc {due} (đã hẹn {promised}; lịch làm việc đã thay đổi)"),
                format!("due at {due} (promised {promised}; the calendar has changed)"),
            )
        }
        Deadline::Due(due) => {
            let due = time(*due);
            (format!("đến hạn lúc {due}"), format!("due at {due}"))
        }
    };
    (
        format!("{}; {}.", begins.0, ends.0),
        format!("{}; {}.", begins.1, ends.1),
    )
}
