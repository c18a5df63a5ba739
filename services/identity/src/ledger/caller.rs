//! Deciding what becomes of those who may have tokens.

use kit::writer::Effect;

use super::{Change, World, party};
use crate::error::Error;
use crate::import::Province;
use crate::party::Party;
use crate::principal::Principal;
use crate::register::Register;

/// Takes in what is new or changed.
pub(super) fn import(
    world: &World,
    units: &Register,
    province: &Province,
    effect: &mut Effect<Change>,
) -> Result<(), Error> {
    let parties = party::import(world, province, effect);
    for caller in &province.callers {
        must_have_unit(units, caller)?;
        let principal = caller.with_party(|party| {
            let number = party.particulars.first_number();
            let known = number.and_then(|number| parties.get(number)).copied();
            known.unwrap_or(&party.uid).clone()
        });
        if world.principals.get(&caller.subject) != Some(&principal) {
            effect.changes.push(Change::Principal(principal));
        }
    }
    Ok(())
}

fn must_have_unit(units: &Register, caller: &Principal<Party>) -> Result<(), Error> {
    let Some(uid) = caller.part.unit() else {
        return Ok(());
    };
    match units.get(uid) {
        Some(_) => Ok(()),
        None => Err(Error::UnitNotFound(uid.clone())),
    }
}
