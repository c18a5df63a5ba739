//! The reply of `ExplainDeadline`.

use chrono::NaiveDateTime;
use kit::clock;
use proto::intake::v1 as pb;
use worktime::{Deadline, ExplainedDay, ExplainedPart, Explanation, Totals};

use crate::dossier::{Adjustment, Cause, Course, Receipt, Stop, Why};

/// The reasoning behind the deadline of a dossier with this receipt and course.
#[must_use]
pub fn explained(
    receipt: Receipt,
    course: &Course,
    explanation: &Explanation,
) -> pb::ExplainDeadlineResponse {
    let time = |at| Some(clock::to_timestamp(at));
    let local = |at| time(clock::from_local(at));
    let count = |days: usize| i32::try_from(days).unwrap_or(i32::MAX);
    let end = End::of(receipt, course, explanation);
    let promised = promised_days(course, explanation, end);
    let mut totals = explanation.totals();
    totals.days_skipped += promised.len();
    let (summary_vi, summary_en) = summary(receipt, course, (explanation, end), totals);
    let (due, due_by_law) = match end {
        End::Due { at, by_law } => (local(at), local(by_law)),
        End::StandsStill { .. } => (None, None),
    };
    pb::ExplainDeadlineResponse {
        rule_set: explanation.rule_set.to_owned(),
        received_at: local(explanation.received),
        counted_from: local(explanation.counted_from),
        appointment: time(receipt.appointment),
        days: explanation.days.iter().map(day).chain(promised).collect(),
        due,
        calendar_revision: receipt.due.calendar,
        counted_minutes: i32::try_from(totals.counted.minutes()).unwrap_or(i32::MAX),
        days_counted: count(totals.days_counted),
        days_skipped: count(totals.days_skipped),
        summary_vi,
        summary_en,
        due_by_law,
    }
}

/// Where the days end that are explained.
#[derive(Clone, Copy)]
enum End {
    /// The result is due.
    Due {
        at: NaiveDateTime,
        /// When it would be without an apology.
        by_law: NaiveDateTime,
    },
    /// The clock stands still.
    StandsStill { since: NaiveDateTime },
}

impl End {
    fn of(receipt: Receipt, course: &Course, explanation: &Explanation) -> Self {
        let at = clock::local(receipt.due.at);
        let by_law = match explanation.deadline {
            Deadline::Paused { since, .. } => return Self::StandsStill { since },
            Deadline::Due(by_law) => by_law,
        };
        // By law the result was late already when the clock stopped; by an apology it was not.
        match course.standing().map(|stop| clock::local(stop.from)) {
            Some(since) if since < at => Self::StandsStill { since },
            _ => Self::Due { at, by_law },
        }
    }

    fn at(self) -> NaiveDateTime {
        match self {
            Self::Due { at, .. } | Self::StandsStill { since: at } => at,
        }
    }
}

/// A promise is explained as far ahead as working time is reckoned.
const MOST_DAYS: usize = 20 * 366;

/// The days that an apology adds to those of the limit.
fn promised_days(course: &Course, explanation: &Explanation, end: End) -> Vec<pb::ExplainedDay> {
    let by_law = match explanation.deadline {
        Deadline::Due(by_law) if course.postponed().is_some() => by_law.date(),
        Deadline::Due(_) | Deadline::Paused { .. } => return Vec::new(),
    };
    let days = by_law.iter_days().skip(1).take(MOST_DAYS);
    let days = days.take_while(|date| *date <= end.at().date());
    let promised = days.map(|date| pb::ExplainedDay {
        date: date.to_string(),
        counted_minutes: 0,
        reason_vi: "Sau thời hạn theo quy định, trong thời gian hẹn lại, không tính".to_owned(),
        reason_en: "After the limit, up to the new appointment of an apology: not counted"
            .to_owned(),
        parts: Vec::new(),
    });
    promised.collect()
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
fn summary(
    receipt: Receipt,
    course: &Course,
    (explanation, end): (&Explanation, End),
    totals: Totals,
) -> (String, String) {
    let (counted, skipped) = (totals.days_counted, totals.days_skipped);
    let (received, from) = (text(explanation.received), text(explanation.counted_from));
    let begins = (
        format!(
            "Tiếp nhận lúc {received}, tính từ {from}: {counted} ngày được tính, {skipped} ngày không tính"
        ),
        format!(
            "Received at {received}, counted from {from}: {counted} days counted, {skipped} skipped"
        ),
    );
    let ends = ending(course, end);
    let moves = moves(receipt, course);
    (
        format!("{}; {}{}.", begins.0, ends.0, moves.0),
        format!("{}; {}{}.", begins.1, ends.1, moves.1),
    )
}

fn ending(course: &Course, end: End) -> (String, String) {
    match end {
        End::StandsStill { since } => {
            let since = text(since);
            let why = course.standing().and_then(Stop::step);
            let (vietnamese, english) = why.map_or_else(Default::default, |step| {
                (
                    format!(", bước không tính vào thời hạn: {step}"),
                    format!(" for a step outside the limit: {step}"),
                )
            });
            (
                format!("thời hạn tạm dừng từ {since}{vietnamese}"),
                format!("the clock stands still since {since}{english}"),
            )
        }
        End::Due { at, by_law } if at == by_law => {
            let due = text(at);
            (format!("đến hạn lúc {due}"), format!("due at {due}"))
        }
        End::Due { at, by_law } => {
            let (due, by_law) = (text(at), text(by_law));
            (
                format!("hết thời hạn theo quy định lúc {by_law}, đến hạn lúc {due}"),
                format!("the limit ended at {by_law}, due at {due}"),
            )
        }
    }
}

/// What was promised first, and all that moved it since, in order; nothing where nothing did.
fn moves(receipt: Receipt, course: &Course) -> (String, String) {
    if course.adjustments.is_empty() {
        return (String::new(), String::new());
    }
    let moves = course.adjustments.iter().map(|moved| {
        let (vietnamese, english) = cause(moved);
        let (to, basis) = (text(clock::local(moved.to)), &moved.legal_basis);
        (
            format!("{vietnamese}, hạn chuyển sang {to} theo {basis}"),
            format!("{english}, moved to {to} under {basis}"),
        )
    });
    let (vietnamese, english): (Vec<_>, Vec<_>) = moves.unzip();
    let promised = text(clock::local(receipt.appointment));
    (
        format!(" (đã hẹn {promised}; {})", vietnamese.join("; ")),
        format!(" (promised {promised}; {})", english.join("; ")),
    )
}

/// What moved a deadline, in Vietnamese and in English; the name of a step stays Vietnamese.
fn cause(moved: &Adjustment) -> (String, String) {
    let (vietnamese, english) = match &moved.cause {
        Cause::Calendar => ("lịch làm việc đã thay đổi", "the calendar has changed"),
        Cause::Resumed(Why::Supplement) => (
            "tạm dừng đến khi nhận hồ sơ bổ sung",
            "the clock stood still until the supplement came",
        ),
        Cause::Resumed(Why::Payment) => (
            "tạm dừng đến khi thực hiện xong nghĩa vụ tài chính",
            "the clock stood still until the financial duty was met",
        ),
        Cause::Resumed(Why::OutsideLimit(step)) => {
            return (
                format!("tạm dừng đến khi xong bước không tính vào thời hạn: {step}"),
                format!("the clock stood still for a step outside the limit: {step}"),
            );
        }
        Cause::Restarted => (
            "tính lại từ đầu khi nhận đủ hồ sơ bổ sung",
            "the full limit began anew with the complete dossier",
        ),
        Cause::Postponed(_) => (
            "đã xin lỗi và hẹn lại ngày trả kết quả",
            "postponed by an apology",
        ),
    };
    (vietnamese.to_owned(), english.to_owned())
}

fn text(at: NaiveDateTime) -> String {
    at.format("%H:%M %d/%m/%Y").to_string()
}
