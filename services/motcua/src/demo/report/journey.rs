//! One interlinked dossier: its hand-overs, who was responsible until when, and why its appointment is that day.

use chrono::{NaiveDate, NaiveDateTime};
use comfy_table::Table;
use prost_types::Timestamp;
use proto::intake::v1::{Dossier, DossierState, ExplainDeadlineRequest, ExplainDeadlineResponse};
use proto::routing::v1::{GetRouteRequest, GetRouteResponse, Transfer, TransferState};

use crate::cast::Role;
use crate::demo::error::Error;
use crate::demo::line::Line;
use crate::demo::province::Province;
use crate::demo::time;
use crate::table;

/// The substitute for the national day of 2017, which fell on a Saturday.
const SUBSTITUTE_HOLIDAY: Option<NaiveDate> = NaiveDate::from_ymd_opt(2017, 9, 4);
/// Names of procedures fill pages.
const LONGEST_NAME: usize = 90;

/// One interlinked dossier.
pub struct Journey<'a> {
    /// The dossier.
    pub dossier: &'a Dossier,
    province: &'a Province,
    route: GetRouteResponse,
    deadline: ExplainDeadlineResponse,
}

impl<'a> Journey<'a> {
    /// Chooses the dossier that shows most and asks the suite for its journey; `None` when nothing was received.
    ///
    /// # Errors
    /// What the suite refuses.
    pub async fn ask(
        line: &Line,
        province: &'a Province,
        dossiers: &'a [Dossier],
    ) -> Result<Option<Self>, Error> {
        let received = dossiers
            .iter()
            .filter(|dossier| dossier.received_at.is_some());
        let Some(dossier) = received.max_by_key(|dossier| worth(province, dossier)) else {
            return Ok(None);
        };
        let desk = line
            .cast()
            .officer(&dossier.receiving_unit_uid, Role::Receptionist);
        let dossier_uid = dossier.uid.clone();
        let route = line.read(desk, &GetRouteRequest { dossier_uid }).await?;
        let dossier_uid = dossier.uid.clone();
        let deadline = line
            .read(desk, &ExplainDeadlineRequest { dossier_uid })
            .await?;
        Ok(Some(Self {
            dossier,
            province,
            route,
            deadline,
        }))
    }

    /// Which dossier it is.
    #[must_use]
    pub fn title(&self) -> String {
        let procedure = self.province.procedure(&self.dossier.procedure_code);
        let name = procedure.map_or("", |procedure| procedure.name.as_str());
        let short: String = name.chars().take(LONGEST_NAME).collect();
        let dots = if short.len() < name.len() { "…" } else { "" };
        let code = &self.dossier.procedure_code;
        format!("{}: {code} {short}{dots}", self.dossier.code)
    }

    /// Its hand-overs.
    #[must_use]
    pub fn hand_overs(&self) -> Table {
        let mut table = table::with_columns(
            &["step", "from", "to", "offered", "accepted", "ended", ""],
            0..0,
        );
        for transfer in &self.route.transfers {
            table.add_row([
                transfer.step_name.clone(),
                self.province.name(&transfer.from_unit_uid).to_owned(),
                self.province.name(&transfer.to_unit_uid).to_owned(),
                time::short(transfer.offered_at.as_ref()),
                time::short(transfer.accepted_at.as_ref()),
                time::short(transfer.ended_at.as_ref()),
                remark(transfer),
            ]);
        }
        table
    }

    /// Who was responsible until when; steps in turn at one unit are one responsibility.
    #[must_use]
    pub fn custody(&self) -> Table {
        let mut merged: Vec<(&str, Option<&Timestamp>, Option<&Timestamp>)> = Vec::new();
        for branch in &self.route.branches {
            let (unit, since, until) = (
                &branch.custodian_uid,
                branch.since.as_ref(),
                branch.until.as_ref(),
            );
            match merged.last_mut() {
                Some((before, _, ended)) if before == unit && *ended == since => *ended = until,
                _ => merged.push((unit, since, until)),
            }
        }
        let mut table = table::with_columns(&["responsible", "from", "until"], 0..0);
        for (unit, since, until) in merged {
            let until = until.map_or_else(|| "still".to_owned(), |until| time::short(Some(until)));
            table.add_row([
                self.province.name(unit).to_owned(),
                time::short(since),
                until,
            ]);
        }
        table
    }

    /// In one line, why its appointment is that day.
    #[must_use]
    pub fn appointment(&self) -> String {
        let long = |at: NaiveDateTime| at.format("%H:%M on %A %d/%m/%Y").to_string();
        format!(
            "received {}, counted from {}, appointment {} (rule set {})",
            long(time::of(self.deadline.received_at.as_ref())),
            long(time::of(self.deadline.counted_from.as_ref())),
            long(time::of(self.deadline.appointment.as_ref())),
            self.deadline.rule_set
        )
    }

    /// Every day from receipt to appointment, counted or skipped, and why.
    #[must_use]
    pub fn days(&self) -> Table {
        let mut table = table::with_columns(&["day", "counted", "why", "vì sao"], 1..2);
        for day in &self.deadline.days {
            let date = day.date.parse::<NaiveDate>();
            let date = date.map_or_else(
                |_| day.date.clone(),
                |date| date.format("%a %d/%m").to_string(),
            );
            let counted = match day.counted_minutes {
                0 => "–".to_owned(),
                minutes => format!("{}:{:02} h", minutes / 60, minutes % 60),
            };
            table.add_row([date, counted, day.reason_en.clone(), day.reason_vi.clone()]);
        }
        table
    }
}

/// How much a dossier shows: hand-overs between units, an appointment beyond the holiday, an end; then the shorter the better.
fn worth(province: &Province, dossier: &Dossier) -> (bool, bool, u8, i64) {
    let received = time::of(dossier.received_at.as_ref()).date();
    let appointment = time::of(dossier.appointment.as_ref()).date();
    let crosses =
        SUBSTITUTE_HOLIDAY.is_some_and(|holiday| received < holiday && holiday < appointment);
    let above = province
        .procedure(&dossier.procedure_code)
        .is_some_and(|procedure| procedure.decided_above);
    let interlinked = above || dossier.receiving_unit_uid != dossier.competent_unit_uid;
    let end = match dossier.state() {
        DossierState::Returned => 2,
        DossierState::ResultReady => 1,
        _ => 0,
    };
    (
        interlinked,
        crosses,
        end,
        -(appointment - received).num_days(),
    )
}

fn remark(transfer: &Transfer) -> String {
    let again = if transfer.offer_epoch > 1 {
        "declined once; "
    } else {
        ""
    };
    let state = match transfer.state() {
        TransferState::Offered => "offered",
        TransferState::Accepted => "held",
        TransferState::Declined => "declined",
        TransferState::Completed => "done",
        TransferState::Recalled => "recalled",
        TransferState::Cancelled => "cancelled",
        TransferState::Returned => "returned",
        TransferState::Undone => "undone",
        TransferState::Unspecified => "?",
    };
    format!("{again}{state}")
}
