//! Where an event stands.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use sha2::{Digest as _, Sha256};

/// How many shards a log has.
pub const SHARDS: i32 = 16;

/// One of the 16 shards of a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Shard(i32);

impl Shard {
    /// The shard of an object: that of the dossier, for whatever concerns a dossier.
    #[must_use]
    pub fn of(key: &str) -> Self {
        Self(i32::from(Sha256::digest(key)[0]) % SHARDS)
    }

    /// The shard with this number, 0 to 15.
    #[must_use]
    pub fn new(number: i32) -> Option<Self> {
        (0..SHARDS).contains(&number).then_some(Self(number))
    }

    /// All shards in order.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..SHARDS).map(Self)
    }

    /// Its number.
    #[must_use]
    pub fn number(self) -> i32 {
        self.0
    }
}

/// The place of one event in one owner's log, written `intake:3:120`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// The service that owns the log.
    pub owner: String,
    /// The shard.
    pub shard: Shard,
    /// The number in the shard.
    pub seq: i64,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.owner, self.shard.0, self.seq)
    }
}

impl FromStr for Position {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let mut parts = text.splitn(3, ':');
        let owner = parts.next().filter(|owner| !owner.is_empty()).ok_or(())?;
        let shard = parts.next().and_then(|part| part.parse().ok()).ok_or(())?;
        let seq = parts.next().and_then(|part| part.parse().ok()).ok_or(())?;
        Ok(Self {
            owner: owner.to_owned(),
            shard: Shard::new(shard).ok_or(())?,
            seq,
        })
    }
}

/// The positions that a change reached, comma-separated on the wire: what `motcua-position` carries and `motcua-after`
/// brings back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Positions(BTreeMap<(String, Shard), i64>);

impl Positions {
    /// Notes a position; of one shard only the furthest counts.
    pub fn reach(&mut self, position: Position) {
        let seq = self.0.entry((position.owner, position.shard)).or_default();
        *seq = position.seq.max(*seq);
    }

    /// Each shard with its furthest number.
    pub fn iter(&self) -> impl Iterator<Item = Position> + '_ {
        self.0.iter().map(|((owner, shard), seq)| Position {
            owner: owner.clone(),
            shard: *shard,
            seq: *seq,
        })
    }

    /// Whether nothing was reached.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for Positions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all: Vec<_> = self.iter().map(|position| position.to_string()).collect();
        f.write_str(&all.join(","))
    }
}

impl FromStr for Positions {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let mut positions = Self::default();
        for part in text
            .split(',')
            .map(str::trim)
            .filter(|part| !part.is_empty())
        {
            positions.reach(part.parse()?);
        }
        Ok(positions)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_survive_the_wire_and_keep_the_furthest() {
        let positions: Positions = "intake:3:12, intake:3:9,routing:0:1".parse().unwrap();
        assert_eq!(positions.to_string(), "intake:3:12,routing:0:1");
        assert!("intake:16:1".parse::<Positions>().is_err());
        assert!("intake".parse::<Positions>().is_err());
    }
}
