//! Manifests: what a unit sends another on paper, and what of it came.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use kit::authority::Context;
use kit::clock::{self, Moment};
use kit::failure::{Failure, Violation};
use kit::fields::{Fields, required};
use prost::Message as _;
use proto::routing::v1 as pb;

use super::query::after;
use super::reply;
use crate::act::{Act, BatchAccept};
use crate::error::Error;
use crate::store::After;
use crate::transfer::Transfer;

const UID: usize = 64;
const CODE: usize = 64;
const MOST_CODES: usize = 200;
const USUAL_PAGE: u64 = 100;
const LARGEST_PAGE: u64 = 500;

/// Between which units, and what page.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The unit that sends.
    pub from: String,
    /// The unit that it is sent to.
    pub to: String,
    /// Only those after this offer.
    pub after: Option<After>,
    /// At most so many.
    pub limit: u64,
}

/// What became of a code that was scanned.
pub struct Scanned<'a> {
    /// The code.
    pub code: &'a str,
    /// Whether the manifest lists it.
    pub on_manifest: bool,
    /// What was taken in of it.
    pub taken: Result<Vec<Transfer>, Error>,
}

/// `GetManifest`.
///
/// # Errors
/// Every violation.
pub fn asked(request: &pb::GetManifestRequest) -> Result<Asked, Failure> {
    let mut fields = Fields::new();
    let asked = Asked {
        from: fields.text("from_unit_uid", &request.from_unit_uid, UID),
        to: fields.text("to_unit_uid", &request.to_unit_uid, UID),
        after: fields.take(after(&request.page_token)).flatten(),
        limit: fields.page_size(request.page_size, USUAL_PAGE, LARGEST_PAGE),
    };
    fields.finish()?;
    Ok(asked)
}

/// `BatchAcceptTransfers`.
///
/// # Errors
/// Every violation.
pub fn batch_accept(
    context: &Context,
    request: &pb::BatchAcceptTransfersRequest,
) -> Result<(String, Act), Failure> {
    let mut fields = Fields::new();
    let request_id = fields.request_id(&request.request_id);
    let batch = BatchAccept {
        rights: context.rights.clone(),
        unit: fields.text("unit_uid", &request.unit_uid, UID),
        from: fields.text("from_unit_uid", &request.from_unit_uid, UID),
        manifest_at: request.manifest_made_at.as_ref().map(clock::from_timestamp),
        codes: codes(&mut fields, &request.dossier_codes),
    };
    fields.finish()?;
    Ok((request_id, Act::BatchAccept(batch)))
}

fn codes(fields: &mut Fields, codes: &[String]) -> BTreeSet<String> {
    if codes.is_empty() {
        fields.reject(required("dossier_codes"));
    }
    if codes.len() > MOST_CODES {
        fields.reject(Violation::new(
            "dossier_codes",
            "TOO_MANY",
            format!(
                "has {} entries, at most {MOST_CODES} are allowed",
                codes.len()
            ),
            format!("có {} mục, nhiều nhất là {MOST_CODES}", codes.len()),
        ));
    }
    let codes = codes.iter().take(MOST_CODES).enumerate();
    codes
        .map(|(index, code)| fields.text(&format!("dossier_codes[{index}]"), code, CODE))
        .collect()
}

/// The reply to a batch.
#[must_use]
pub fn batch<'a>(scanned: &[Scanned<'_>], missing: impl Iterator<Item = &'a Transfer>) -> Vec<u8> {
    let scanned = scanned.iter().map(|scanned| {
        let taken = scanned.taken.as_ref();
        pb::ScannedDossier {
            dossier_code: scanned.code.to_owned(),
            on_manifest: scanned.on_manifest,
            transfers: taken.map_or(Vec::new(), |taken| taken.iter().map(reply::plain).collect()),
            refused: taken.err().map_or("", Error::reason).to_owned(),
        }
    });
    let reply = pb::BatchAcceptTransfersResponse {
        scanned: scanned.collect(),
        missing: missing.map(reply::plain).collect(),
    };
    reply.encode_to_vec()
}

/// The manifest to be printed, between units of these names.
#[must_use]
pub fn text((from, to): (&str, &str), made_at: Moment, transfers: &[Transfer]) -> String {
    let made_at = clock::local(made_at).format("%d/%m/%Y %H:%M");
    let mut text =
        format!("BẢNG KÊ BÀN GIAO HỒ SƠ\nBên giao: {from}\nBên nhận: {to}\nLập lúc: {made_at}\n");
    for (number, transfer) in (1..).zip(transfers) {
        let (code, step) = (&transfer.dossier_code, &transfer.work.name);
        let _ = writeln!(text, "\n{number}. {code} · {step}");
        for piece in &transfer.paper.pieces {
            let _ = writeln!(
                text,
                "   - {}: {} bản chính, {} bản sao",
                piece.name, piece.originals, piece.copies
            );
        }
    }
    let _ = write!(
        text,
        "\nTổng số: {} hồ sơ\nNgười giao: ____________    Người nhận: ____________\n",
        transfers.len()
    );
    text
}
