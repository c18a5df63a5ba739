//! The units of the province as identity publishes them.

use std::collections::HashMap;

use prost::Message as _;
use proto::identity::v1 as pb;

use super::Copy;

/// Longest chain of successors that is followed; reorganisations are years apart.
const MAX_SUCCESSIONS: usize = 16;

/// A unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unit {
    /// Lasting.
    pub uid: String,
    /// Full name.
    pub name: String,
    /// Its kind.
    pub kind: UnitKind,
    /// The unit above it; empty for the province.
    pub parent: String,
    /// Its identifier in dossier codes.
    pub national_code: String,
    /// The unit that took over its work; empty while it goes on.
    pub successor: String,
}

/// The kinds of unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnitKind {
    /// The province itself.
    Province,
    /// A department.
    Department,
    /// A district.
    District,
    /// A commune.
    Commune,
}

/// Units by uid, as far as they were loaded.
#[derive(Clone, Debug, Default)]
pub struct UnitTable(HashMap<String, Unit>);

impl UnitTable {
    /// Takes in a copy, if it is one of a unit.
    pub fn take(&mut self, copy: &Copy) {
        if copy.kind == super::UNIT
            && let Some(unit) = parse(&copy.body)
        {
            self.0.insert(unit.uid.clone(), unit);
        }
    }

    /// The unit, or the one that took over its work (NQ 190/2025; R16).
    #[must_use]
    pub fn resolve(&self, uid: &str) -> Option<&Unit> {
        let mut unit = self.0.get(uid)?;
        for _ in 0..MAX_SUCCESSIONS {
            match self.0.get(&unit.successor) {
                Some(successor) => unit = successor,
                None => break,
            }
        }
        Some(unit)
    }

    /// The units that loaded units name as parent or successor and that are not loaded themselves.
    pub fn missing(&self) -> impl Iterator<Item = &str> {
        let named = self
            .0
            .values()
            .flat_map(|unit| [&unit.parent, &unit.successor]);
        named
            .map(String::as_str)
            .filter(|uid| !uid.is_empty() && !self.0.contains_key(*uid))
    }
}

fn parse(body: &[u8]) -> Option<Unit> {
    let message = pb::Unit::decode(body).ok()?;
    let kind = match message.kind() {
        pb::UnitKind::Unspecified => return None,
        pb::UnitKind::Province => UnitKind::Province,
        pb::UnitKind::Department => UnitKind::Department,
        pb::UnitKind::District => UnitKind::District,
        pb::UnitKind::Commune => UnitKind::Commune,
    };
    Some(Unit {
        kind,
        uid: message.uid,
        name: message.name,
        parent: message.parent_uid,
        national_code: message.national_code,
        successor: message.successor_uid,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unit(uid: &str, parent: &str, successor: &str) -> Copy {
        let message = pb::Unit {
            uid: uid.to_owned(),
            kind: pb::UnitKind::Commune.into(),
            parent_uid: parent.to_owned(),
            successor_uid: successor.to_owned(),
            ..pb::Unit::default()
        };
        Copy::new(crate::copies::UNIT, uid, &message)
    }

    #[test]
    fn a_unit_resolves_through_all_its_successors() {
        let mut table = UnitTable::default();
        for copy in [unit("a", "p", "b"), unit("b", "p", "c"), unit("c", "", "")] {
            table.take(&copy);
        }
        assert_eq!(table.resolve("a").map(|unit| unit.uid.as_str()), Some("c"));
        assert_eq!(table.resolve("x"), None);
        assert!(table.missing().all(|uid| uid == "p"));
    }

    #[test]
    fn successors_in_a_ring_do_not_hang() {
        let mut table = UnitTable::default();
        table.take(&unit("a", "", "b"));
        table.take(&unit("b", "", "a"));
        assert!(table.resolve("a").is_some());
    }
}
