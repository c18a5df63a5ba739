//! What applicants were asked for and what was promised anew, with one dossier of each kind.

use comfy_table::Table;
use proto::intake::v1::{Adjustment, DeadlineReason, Dossier};

use super::thousands;
use crate::demo::counts::Counts;
use crate::demo::time;
use crate::table;

/// How often each was done.
#[must_use]
pub fn asked_and_promised(counts: &Counts, dossiers: &[Dossier]) -> Table {
    let late = dossiers.iter().flat_map(|dossier| &dossier.adjustments);
    let late = late.filter(|adjustment| adjustment.late).count();
    let mut table = table::with_columns(&["", "asked", "done"], 1..3);
    let rows = [
        ("guided before reception, no clock yet", counts.guided, None),
        (
            "asked for a supplement, the clock stood still",
            counts.supplements_asked,
            Some(counts.supplements_given),
        ),
        (
            "asked to pay, the clock stood still",
            counts.payments_asked,
            Some(counts.payments_made),
        ),
        (
            "promised another time, with an apology",
            counts.apologies,
            None,
        ),
        ("of them less than a day ahead, flagged as late", late, None),
    ];
    for (what, asked, done) in rows {
        let done = done.map_or_else(String::new, thousands);
        table.add_row([what.to_owned(), thousands(asked), done]);
    }
    table
}

/// A dossier whose appointment moved after a supplement, one after a payment and one with an apology, each in a line.
#[must_use]
pub fn examples(dossiers: &[Dossier]) -> Vec<String> {
    let moved_by = |cause: DeadlineReason, fits: fn(&Dossier) -> bool| {
        let of_kind = dossiers.iter().filter(move |dossier| fits(dossier));
        let mut moved = of_kind.flat_map(|dossier| {
            let adjustments = dossier.adjustments.iter();
            adjustments.map(move |adjustment| (dossier, adjustment))
        });
        moved
            .find(|(_, adjustment)| adjustment.cause() == cause && adjustment.from != adjustment.to)
    };
    let supplemented = moved_by(DeadlineReason::Resumed, |dossier| {
        dossier.supplement.is_some()
    });
    let paid = moved_by(DeadlineReason::Resumed, |dossier| {
        dossier.supplement.is_none()
    });
    let postponed = moved_by(DeadlineReason::Postponed, |_| true);
    [
        ("supplemented", supplemented),
        ("paid", paid),
        ("postponed", postponed),
    ]
    .into_iter()
    .filter_map(|(what, found)| found.map(|(dossier, adjustment)| line(what, dossier, adjustment)))
    .collect()
}

fn line(what: &str, dossier: &Dossier, moved: &Adjustment) -> String {
    let reason = match moved.reason.as_str() {
        "" => String::new(),
        reason => format!(" ({reason})"),
    };
    format!(
        "{}: {what} {}, its appointment moved from {} to {}{reason}",
        dossier.code,
        time::short(moved.at.as_ref()),
        time::short(moved.from.as_ref()),
        time::short(moved.to.as_ref()),
    )
}
