//! Is history as it was written?

use std::collections::{BTreeSet, HashMap};

use proto::event::v1::Head;
use sea_orm::{ConnectionTrait, DbErr, EntityTrait as _};

use super::days::{self, Days, Trees};
use super::entity::{chain as chain_row, event};
use super::{Shard, chain, data_keys, heads, read};
use crate::seal::{DataKey, Error, Keyring};

const PAGE: u64 = 1_000;

/// A row of the log that does not fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Break {
    /// The object whose history was touched; empty where rows at the end of a shard are missing.
    pub subject: String,
    /// The shard of the row.
    pub shard: i32,
    /// The number of the row; 0 where it is not known.
    pub seq: i64,
    /// What is wrong with it.
    pub what: &'static str,
}

/// What an audit of a whole log found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Audit {
    /// How many rows were read.
    pub events: usize,
    /// The rows that were altered, removed or inserted.
    pub breaks: Vec<Break>,
    /// The days that were closed.
    pub days: Days,
}

/// Reads a whole log and checks every row against the chain of its subject and the numbers of its shard, and what is personal
/// about it as far as its key is not erased; and the roots of the closed days.
///
/// # Errors
/// When the store does not answer.
pub async fn audit(db: &impl ConnectionTrait, ring: &Keyring) -> Result<Audit, DbErr> {
    let mut audit = Audit::default();
    // Ends and heads first: rows that come later are read too, and only fewer would be wrong.
    let mut ends: HashMap<String, Vec<u8>> = chain_row::Entity::find()
        .all(db)
        .await?
        .into_iter()
        .map(|row| (row.subject, row.hash))
        .collect();
    let mut trees = Trees::of(days::all(db).await?);
    for head in heads(db).await? {
        audit
            .shard((db, ring), &head, &mut ends, &mut trees)
            .await?;
    }
    audit.days = trees.end();
    audit.without_end(ends.into_keys());
    Ok(audit)
}

impl Audit {
    async fn shard(
        &mut self,
        (db, ring): (&impl ConnectionTrait, &Keyring),
        head: &Head,
        ends: &mut HashMap<String, Vec<u8>>,
        trees: &mut Trees,
    ) -> Result<(), DbErr> {
        let Some(shard) = Shard::new(head.shard) else {
            return Ok(());
        };
        let mut last_seq = 0;
        // A subject is in one shard, so its last hash is forgotten with the shard.
        let mut hashes: HashMap<String, Vec<u8>> = HashMap::new();
        loop {
            let rows = read::scan(db, shard, last_seq, PAGE).await?;
            if rows.is_empty() {
                break;
            }
            let personal = rows.iter().filter(|row| row.personal.is_some());
            let subjects: BTreeSet<&str> = personal.map(|row| row.subject.as_str()).collect();
            let keys = data_keys(db, ring, subjects).await?;
            for row in rows {
                let key = keys.get(&row.subject);
                self.row(&row, last_seq, hashes.get(&row.subject), key);
                trees.push(&row);
                last_seq = row.seq;
                if ends.get(&row.subject) == Some(&row.hash) {
                    ends.remove(&row.subject);
                }
                hashes.insert(row.subject, row.hash);
            }
        }
        if last_seq < head.seq {
            self.breaks.push(Break {
                subject: String::new(),
                shard: head.shard,
                seq: head.seq,
                what: "rows at the end of the shard are missing",
            });
        }
        Ok(())
    }

    /// Chains whose last row was not found. Where rows are known to be broken, that follows from them.
    fn without_end(&mut self, subjects: impl Iterator<Item = String>) {
        if !self.breaks.is_empty() {
            return;
        }
        self.breaks.extend(subjects.map(|subject| Break {
            shard: Shard::of(&subject).number(),
            seq: 0,
            subject,
            what: "the last row of its history is missing",
        }));
    }

    fn row(
        &mut self,
        row: &event::Model,
        before: i64,
        previous: Option<&Vec<u8>>,
        key: Option<&Result<DataKey, Error>>,
    ) {
        self.events += 1;
        let key = key.map(Result::as_ref).transpose();
        let gap = (row.seq != before + 1).then_some("rows before it are missing");
        let fault = chain::fault(previous.map_or(&[], Vec::as_slice), row, key);
        for what in gap.into_iter().chain(fault) {
            self.breaks.push(Break {
                subject: row.subject.clone(),
                shard: row.shard,
                seq: row.seq,
                what,
            });
        }
    }
}
