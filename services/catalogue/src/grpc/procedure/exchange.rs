//! Files of procedures, as streams of their parts.

use std::sync::Arc;

use futures::{Stream, stream};
use kit::failure::Failure;
use kit::fields::Fields;
use proto::catalogue::v1::{ExchangeFormat, ExportProceduresResponse, ImportProceduresRequest};
use tonic::{Status, Streaming};

use crate::error::Error;
use crate::exchange::{self, Format, Told};
use crate::ledger::Act;
use crate::shelf::Shelf;
use crate::wire;

/// Of a larger file not even the faults could be told.
const LARGEST: usize = 64 * 1024 * 1024;
/// How many procedures are written at once.
const AT_ONCE: usize = 64;

/// The whole request that its parts are of.
pub(super) async fn whole(
    mut parts: Streaming<ImportProceduresRequest>,
) -> Result<ImportProceduresRequest, Status> {
    let mut whole = parts.message().await?.unwrap_or_default();
    while let Some(part) = parts.message().await? {
        whole.chunk.extend(part.chunk);
        if whole.chunk.len() > LARGEST {
            return Err(Error::ImportTooLarge(LARGEST).into());
        }
    }
    Ok(whole)
}

/// What a file asks for.
pub(super) fn import(whole: &ImportProceduresRequest) -> Result<(String, Act), Failure> {
    let mut fields = Fields::new();
    let request_id = fields.request_id(&whole.request_id);
    let format = wire::request::format(&mut fields, whole.format());
    fields.finish()?;
    let told = format.map(|format| exchange::read(format, &whole.chunk));
    let told = told.transpose().map_err(Error::ImportInvalid)?;
    let act = Act::Take {
        told: told.unwrap_or_default(),
        is_dry_run: whole.dry_run,
    };
    Ok((request_id, act))
}

/// The form that is asked for.
pub(super) fn format(format: ExchangeFormat) -> Result<Format, Failure> {
    let mut fields = Fields::new();
    let format = wire::request::format(&mut fields, format);
    fields.finish()?;
    Ok(format.unwrap_or(Format::JsonLines))
}

/// The file, some procedures at a time.
pub(super) fn export(
    shelf: Arc<Shelf>,
    format: Format,
) -> impl Stream<Item = Result<ExportProceduresResponse, Status>> + Send {
    let from = (shelf, 0, exchange::header(format));
    stream::try_unfold(from, move |(shelf, place, mut chunk)| async move {
        let entries: Vec<_> = shelf.entries().skip(place).take(AT_ONCE).collect();
        for entry in &entries {
            let line = exchange::write(format, &Told::from(*entry)).map_err(Error::from)?;
            chunk.extend(line);
        }
        let place = place + entries.len();
        if entries.is_empty() && chunk.is_empty() {
            return Ok(None);
        }
        drop(entries);
        Ok(Some((
            ExportProceduresResponse { chunk },
            (shelf, place, Vec::new()),
        )))
    })
}
