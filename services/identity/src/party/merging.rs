//! Two parties that turn out to be one: one survives, the other keeps its uid and points to it. Nothing is copied, so that taking
//! them apart again restores both exactly.

use std::collections::BTreeSet;

use super::{Party, Uid};

/// How many times a survivor may have been merged in its turn.
const DEEPEST: usize = 16;

impl Party {
    /// The same, merged into another.
    #[must_use]
    pub fn merged_into(&self, survivor: &Uid) -> Self {
        Self {
            survivor: Some(survivor.clone()),
            ..self.changed()
        }
    }

    /// The same on its own again.
    #[must_use]
    pub fn on_its_own(&self) -> Self {
        Self {
            survivor: None,
            ..self.changed()
        }
    }

    /// The same after another was merged into it or taken out of it.
    #[must_use]
    pub fn with_others(&self) -> Self {
        self.changed()
    }
}

/// The party that stands for this one: itself, or the survivor at the end of its merges.
pub fn standing_for<'a>(party: &'a Party, find: impl Fn(&Uid) -> Option<&'a Party>) -> &'a Party {
    let mut standing = party;
    for _ in 0..DEEPEST {
        let next = standing.survivor.as_ref().and_then(&find);
        let Some(next) = next else { break };
        standing = next;
    }
    standing
}

/// Those that were merged into a party, also through others, in the order of their uids. `merged_into` gives those that point to a
/// party themselves.
pub fn family<'a>(root: &Uid, merged_into: impl Fn(&Uid) -> Vec<&'a Uid>) -> BTreeSet<&'a Uid> {
    let (mut family, mut todo) = (BTreeSet::new(), merged_into(root));
    while let Some(member) = todo.pop() {
        if family.insert(member) {
            todo.extend(merged_into(member));
        }
    }
    family
}

#[cfg(test)]
mod tests {
    use kit::identity_number::{IdentityNumber, Kind as Number};
    use kit::seal::DataKey;

    use super::super::{Details, Kind, Particulars};
    use super::*;

    fn party(uid: &str) -> Party {
        let number = IdentityNumber::parse(Number::Cccd, "066085000123", "number");
        let particulars = Particulars {
            kind: Kind::Citizen,
            numbers: vec![number.unwrap()],
            details: Details::named("Y Moan Êban".to_owned()),
        };
        Party::new(Uid::new(uid), DataKey::generate(), particulars)
    }

    #[test]
    fn a_merge_that_is_undone_leaves_both_as_they_were_but_for_the_revision() {
        let (one, other) = (party("a"), party("b"));
        let merged = one.merged_into(&other.uid);
        assert_eq!(merged.survivor, Some(other.uid.clone()));
        let back = merged.on_its_own();
        assert_eq!(back, Party { revision: 3, ..one });
    }

    #[test]
    fn the_last_survivor_stands_for_all_and_a_loop_ends() {
        let (first, last) = (party("a"), party("c"));
        let middle = party("b").merged_into(&last.uid);
        let first = first.merged_into(&middle.uid);
        let all = [&first, &middle, &last];
        let find = |uid: &Uid| all.into_iter().find(|party| party.uid == *uid);
        for member in all {
            assert_eq!(standing_for(member, find).uid, last.uid);
        }
        let (one, other) = (party("x"), party("y"));
        let both = [one.merged_into(&other.uid), other.merged_into(&one.uid)];
        let find = |uid: &Uid| both.iter().find(|party| party.uid == *uid);
        standing_for(&both[0], find);
        let pointing = |uid: &Uid| {
            let pointing = both.iter();
            let pointing = pointing.filter(|party| party.survivor.as_ref() == Some(uid));
            pointing.map(|party| &party.uid).collect()
        };
        assert_eq!(family(&one.uid, pointing).len(), 2);
    }
}
