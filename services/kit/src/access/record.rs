//! One entry: what is known of it when it is handed over, and its row.

use std::collections::BTreeSet;

use super::Purpose;
use super::entity::entry;
use crate::caller::{Caller, Reach};
use crate::clock::{self, Moment};

/// Stands for all units.
const EVERYWHERE: &str = "*";

/// What an entry is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    SignIn,
    Denial,
    Reading,
}

/// An entry that has no place in the log yet.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub kind: Kind,
    pub at: Moment,
    pub subject: String,
    /// Its roles, with a space between.
    pub roles: String,
    /// The units or parties that they are for, likewise.
    pub units: String,
    pub rpc: String,
    /// Uids with a space between.
    pub objects: String,
    /// `OK`, or the reason of a denial.
    pub outcome: String,
    pub purpose: Option<Purpose>,
    /// How often it happened, which only denials do more than once.
    pub times: i64,
    pub trace: String,
}

impl Entry {
    /// Something that this caller did.
    pub fn of(caller: &Caller, at: Moment, rpc: &str, kind: Kind) -> Self {
        let grants = &caller.grants;
        Self {
            kind,
            at,
            subject: text(&caller.subject),
            roles: words(grants.iter().map(|grant| grant.role.as_str())),
            units: words(grants.iter().filter_map(|grant| holder(&grant.reach))),
            rpc: text(rpc),
            objects: String::new(),
            outcome: "OK".to_owned(),
            purpose: None,
            times: 1,
            trace: String::new(),
        }
    }

    /// Its row in a place of the log.
    pub fn row(&self, day: &str, number: i64) -> entry::Model {
        let kind = match self.kind {
            Kind::SignIn => "sign_in",
            Kind::Denial => "denial",
            Kind::Reading => "reading",
        };
        entry::Model {
            day: day.to_owned(),
            number,
            kind: kind.to_owned(),
            occurred_at: clock::micros(self.at),
            subject: self.subject.clone(),
            roles: self.roles.clone(),
            units: self.units.clone(),
            rpc: self.rpc.clone(),
            objects: self.objects.clone(),
            outcome: self.outcome.clone(),
            purpose: self
                .purpose
                .map(Purpose::code)
                .unwrap_or_default()
                .to_owned(),
            times: self.times,
            trace: self.trace.clone(),
        }
    }
}

/// What a column can bear: one bad character must not keep the entries of others from being written.
pub(super) fn text(given: &str) -> String {
    given.chars().filter(|c| !c.is_control()).collect()
}

/// Words with a space between, each once.
fn words<'a>(words: impl Iterator<Item = &'a str>) -> String {
    let words: BTreeSet<&str> = words.collect();
    let words: Vec<&str> = words.into_iter().collect();
    text(&words.join(" "))
}

/// The unit or party that a role is for, without those whose work it took over.
fn holder(reach: &Reach) -> Option<&str> {
    match reach {
        Reach::At(names) => names.first().map(String::as_str),
        Reach::Everywhere => Some(EVERYWHERE),
    }
}

/// A row as the tree over its day takes it: every column behind its length.
pub(super) fn leaf(row: &entry::Model) -> Vec<u8> {
    let (number, at, times) = (
        row.number.to_be_bytes(),
        row.occurred_at.to_be_bytes(),
        row.times.to_be_bytes(),
    );
    let parts: [&[u8]; 13] = [
        row.day.as_bytes(),
        &number,
        row.kind.as_bytes(),
        &at,
        row.subject.as_bytes(),
        row.roles.as_bytes(),
        row.units.as_bytes(),
        row.rpc.as_bytes(),
        row.objects.as_bytes(),
        row.outcome.as_bytes(),
        row.purpose.as_bytes(),
        &times,
        row.trace.as_bytes(),
    ];
    let mut leaf = Vec::new();
    for part in parts {
        leaf.extend_from_slice(&(part.len() as u64).to_be_bytes());
        leaf.extend_from_slice(part);
    }
    leaf
}
