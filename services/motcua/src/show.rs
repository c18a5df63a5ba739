//! `motcua show CODE`: one dossier on one screen, for the operator woken at night.

use std::collections::HashMap;
use std::process::ExitCode;

use clap::Args;
use comfy_table::{Table, presets};
use kit::authority::Scope;
use kit::{clock, db, seal, telemetry};
use prost::Message as _;
use prost_types::Timestamp;
use proto::event::v1::Event;
use proto::intake::v1::{Dossier, DossierChange};
use proto::routing::v1::{GetRouteResponse, TransferChange};
use sea_orm::{DatabaseConnection, DbErr};

use crate::stores::StoreOptions;

/// Which dossier to show.
#[derive(Args)]
pub struct Options {
    /// The code on the receipt.
    code: String,
    #[command(flatten)]
    stores: StoreOptions,
}

/// Why it cannot be shown.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A store.
    #[error(transparent)]
    Store(#[from] db::Error),
    /// The keys by which personal data are sealed.
    #[error(transparent)]
    Seal(#[from] seal::Error),
    /// A query.
    #[error("a store does not answer: {0}")]
    Query(#[from] DbErr),
    /// The code.
    #[error("`{0}` is no dossier code: it must look like 000.00.12.H15-170828-0001")]
    Malformed(String),
    /// The dossier.
    #[error("there is no dossier {0}")]
    Missing(String),
}

/// Prints the dossier with its branches, offers and events. Personal data is not shown.
///
/// # Errors
/// When there is no such dossier, or a store cannot be read.
pub async fn run(options: Options) -> Result<ExitCode, Error> {
    let code = intake::DossierCode::parse(&options.code)
        .map_err(|_| Error::Malformed(options.code.clone()))?;
    let place = options.stores.place();
    let intake = place.open_read_only("intake").await?;
    let routing = place.open_read_only("routing").await?;
    let ring = options.stores.keys().ring_as_it_is()?;
    let found = intake::find_by_code((&intake, &ring), &Scope::Everything, &code).await?;
    let dossier = found.ok_or_else(|| Error::Missing(options.code.clone()))?;
    let dossier = intake::to_message(&dossier);
    let journey = routing::journey((&routing, &ring), &dossier.uid, clock::real()).await?;
    let names = identity::unit_names(&place.open_read_only("identity").await?).await?;
    let name = |uid: &str| names.get(uid).cloned().unwrap_or_else(|| uid.to_owned());
    print_dossier(&dossier, &name);
    println!("\nWho was responsible\n{}", branches(&journey, &name));
    println!("\nOffers\n{}", offers(&journey, &name));
    println!(
        "\nEvents\n{}",
        events(&intake, &routing, &dossier.uid).await?
    );
    Ok(ExitCode::SUCCESS)
}

fn print_dossier(dossier: &Dossier, name: &impl Fn(&str) -> String) {
    println!(
        "Dossier {}  {}  revision {}",
        dossier.code,
        dossier.state().as_str_name(),
        dossier.revision
    );
    println!("uid {}", dossier.uid);
    if dossier.erased {
        println!("what was personal about it is erased");
    }
    println!(
        "procedure {} version {} case {}, {}",
        dossier.procedure_code,
        dossier.procedure_version,
        dossier.case_key,
        dossier.channel().as_str_name(),
    );
    println!(
        "received by {}, decided by {}, returned by {}",
        name(&dossier.receiving_unit_uid),
        name(&dossier.competent_unit_uid),
        name(&dossier.returning_unit_uid),
    );
    println!(
        "submitted {}, received {}, appointment {}, returned {}",
        time(dossier.submitted_at.as_ref()),
        time(dossier.received_at.as_ref()),
        time(dossier.appointment.as_ref()),
        time(dossier.returned_at.as_ref()),
    );
}

fn branches(journey: &GetRouteResponse, name: &impl Fn(&str) -> String) -> Table {
    let mut table = table(&["step", "responsible", "from", "until"]);
    for branch in &journey.branches {
        table.add_row([
            branch.step_key.clone(),
            name(&branch.custodian_uid),
            time(branch.since.as_ref()),
            time(branch.until.as_ref()),
        ]);
    }
    table
}

fn offers(journey: &GetRouteResponse, name: &impl Fn(&str) -> String) -> Table {
    let mut table = table(&[
        "transfer",
        "step",
        "from → to",
        "state",
        "offer/custody",
        "offered",
        "accepted",
        "due",
        "ended",
    ]);
    for transfer in &journey.transfers {
        table.add_row([
            transfer.uid.clone(),
            transfer.step_key.clone(),
            format!(
                "{} → {}",
                name(&transfer.from_unit_uid),
                name(&transfer.to_unit_uid)
            ),
            transfer
                .state()
                .as_str_name()
                .trim_start_matches("TRANSFER_STATE_")
                .to_owned(),
            format!("{}/{}", transfer.offer_epoch, transfer.custody_epoch),
            time(transfer.offered_at.as_ref()),
            time(transfer.accepted_at.as_ref()),
            time(transfer.due.as_ref()),
            time(transfer.ended_at.as_ref()),
        ]);
    }
    table
}

async fn events(
    intake: &DatabaseConnection,
    routing: &DatabaseConnection,
    dossier: &str,
) -> Result<Table, DbErr> {
    let mut all = kit::log::history(intake, "intake", dossier).await?;
    all.extend(kit::log::history(routing, "routing", dossier).await?);
    all.sort_by_key(|event| {
        let at = event.occurred_at.unwrap_or_default();
        (at.seconds, at.nanos)
    });
    let mut table = table(&["at", "position", "what", "by", "trace"]);
    let mut traces: HashMap<String, usize> = HashMap::new();
    for event in &all {
        let trace = telemetry::trace_id(&event.traceparent).to_owned();
        *traces.entry(trace.clone()).or_default() += 1;
        table.add_row([
            time(event.occurred_at.as_ref()),
            format!("{}:{}:{}", event.owner, event.shard, event.seq),
            what(event),
            event.actor.clone(),
            trace,
        ]);
    }
    Ok(table)
}

fn what(event: &Event) -> String {
    let body = event
        .change
        .as_ref()
        .map_or(&[][..], |any| any.value.as_slice());
    if event.owner == "routing" {
        let change = TransferChange::decode(body).unwrap_or_default();
        let step = change
            .transfer
            .as_ref()
            .map_or("", |transfer| &transfer.step_key);
        let event = change
            .event()
            .as_str_name()
            .trim_start_matches("TRANSFER_EVENT_")
            .to_lowercase();
        return format!("{step}: {event}");
    }
    let change = DossierChange::decode(body).unwrap_or_default();
    change.change.map_or_else(String::new, |change| {
        let text = format!("{change:?}");
        text.split('(').next().unwrap_or_default().to_owned()
    })
}

fn table(header: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::UTF8_FULL_CONDENSED);
    table.set_header(header);
    table
}

fn time(timestamp: Option<&Timestamp>) -> String {
    timestamp.map_or_else(
        || "–".to_owned(),
        |timestamp| {
            clock::local(clock::from_timestamp(timestamp))
                .format("%d/%m/%Y %H:%M")
                .to_string()
        },
    )
}
