//! Where a watch is: opaque to callers, and of use only while the log reads as it did.

use std::collections::HashMap;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::TimeDelta;
use prost::Message;
use proto::event::v1::Head;
use sha2::{Digest as _, Sha256};
use tonic::Code;

use crate::clock::{self, Moment};
use crate::failure::{Failure, Violation};
use crate::log::{Reach, Shard};

/// How long a cursor is of use.
const LIFE: TimeDelta = TimeDelta::days(30);
const DIGEST: usize = 8;

/// Where a watch is.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Cursor {
    /// The number of the last event that was passed, a shard each.
    #[prost(int64, repeated, tag = "1")]
    places: Vec<i64>,
    /// Digest of the hashes of these events: a log that was restored and went on otherwise has others.
    #[prost(bytes = "vec", tag = "2")]
    digest: Vec<u8>,
    /// When it was handed out, seconds of real time.
    #[prost(int64, tag = "3")]
    handed_out: i64,
}

impl Cursor {
    /// The cursor at these places of an owner's log, which have these hashes.
    pub fn new(owner: &str, places: Reach, hashes: &HashMap<i32, Vec<u8>>) -> Self {
        Self {
            places: Shard::all().map(|shard| places.seq(shard)).collect(),
            digest: digest(owner, hashes),
            handed_out: clock::real().timestamp(),
        }
    }

    /// The cursor that stands in a text.
    ///
    /// # Errors
    /// `INVALID_FIELDS` for what is no cursor, `CURSOR_TOO_OLD`.
    pub fn parse(text: &str, now: Moment) -> Result<Self, Failure> {
        let cursor = Self::read(text).ok_or_else(malformed)?;
        if cursor.handed_out + LIFE.num_seconds() < now.timestamp() {
            return Err(too_old());
        }
        Ok(cursor)
    }

    /// The last numbers that were passed.
    pub fn places(&self) -> Reach {
        let heads = (0..).zip(&self.places);
        let heads = heads.map(|(shard, seq)| Head { shard, seq: *seq });
        Reach::of(&heads.collect::<Vec<_>>())
    }

    /// Refuses a cursor whose places have other hashes by now, or none.
    ///
    /// # Errors
    /// `CURSOR_UNKNOWN`.
    pub fn must_agree(&self, owner: &str, hashes: &HashMap<i32, Vec<u8>>) -> Result<(), Failure> {
        if self.digest == digest(owner, hashes) {
            return Ok(());
        }
        Err(unknown())
    }

    fn read(text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let cursor = Self::decode(bytes.as_slice()).ok()?;
        let whole = cursor.places.len() == Shard::all().count() && cursor.digest.len() == DIGEST;
        let possible = cursor.places.iter().all(|place| *place >= 0);
        (whole && possible).then_some(cursor)
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&URL_SAFE_NO_PAD.encode(self.encode_to_vec()))
    }
}

fn digest(owner: &str, hashes: &HashMap<i32, Vec<u8>>) -> Vec<u8> {
    let mut digest = Sha256::new_with_prefix(owner);
    for shard in Shard::all() {
        digest.update([0]);
        digest.update(hashes.get(&shard.number()).map_or(&[][..], Vec::as_slice));
    }
    digest.finalize()[..DIGEST].to_vec()
}

fn malformed() -> Failure {
    Failure::invalid_fields(vec![Violation::new(
        "cursor",
        "MALFORMED",
        "was handed out by no list and no watch; list anew",
        "không phải do hệ thống cấp; hãy tải lại danh sách",
    )])
}

fn too_old() -> Failure {
    Failure::new(
        Code::OutOfRange,
        "CURSOR_TOO_OLD",
        "the cursor was handed out more than 30 days ago; list anew and watch from there",
        "Vị trí theo dõi đã quá 30 ngày; hãy tải lại danh sách",
    )
}

fn unknown() -> Failure {
    Failure::new(
        Code::OutOfRange,
        "CURSOR_UNKNOWN",
        "the log does not read there as it did, since it was restored; list anew and watch from there",
        "Dữ liệu đã được khôi phục từ bản sao lưu; hãy tải lại danh sách",
    )
}
