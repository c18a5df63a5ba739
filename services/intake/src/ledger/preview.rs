//! What handing a dossier in would come to.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use kit::clock::{self, Moment};
use kit::copies::{self, PROCEDURE, UNIT};
use kit::db::Db;

use super::world::World;
use super::{Intake, timing};
use crate::dossier::{Channel, FeeDue, Units};
use crate::error::Error;
use crate::filing;
use crate::reference::{Component, Occasion};

/// What would be handed in, and where.
#[derive(Clone, Debug)]
pub struct Asked {
    /// National code of the procedure.
    pub procedure_code: String,
    /// The case; empty means `standard`.
    pub case_key: String,
    /// Whose desk would get it.
    pub receiving_unit: String,
    /// Who would decide, where that is said.
    pub competent_unit: Option<String>,
    /// How it would come.
    pub channel: Channel,
}

/// What it would come to.
#[derive(Clone, Debug)]
pub struct Preview {
    /// The version of the procedure that is in force.
    pub version: i32,
    /// The case.
    pub case_key: String,
    /// Whether it can be handed in online.
    pub files_online: bool,
    /// The three units.
    pub units: Units,
    /// What has to be handed in.
    pub components: Vec<Component>,
    /// The form; empty where there is none.
    pub form_schema: String,
    /// What would have to be paid.
    pub fees: Vec<FeeDue>,
    /// When the result would be due if it was received now; nothing where no calendar is known.
    pub appointment: Option<Moment>,
}

impl Intake {
    /// Looks what handing in would come to now.
    ///
    /// # Errors
    /// What handing in would be refused with, by what and where.
    pub async fn preview(&self, db: &Db, asked: &Asked, at: Moment) -> Result<Preview, Error> {
        let procedure = (PROCEDURE, asked.procedure_code.clone());
        let mut names = BTreeSet::from([copies::calendar_name(), procedure]);
        let units = asked.competent_unit.iter().chain([&asked.receiving_unit]);
        names.extend(units.map(|uid| (UNIT, uid.clone())));
        let mut world = World::default();
        self.load_reference(db.read(), &mut world, names).await?;
        let on = clock::local(at).date();
        let preview = preview(&world, asked, (at, on))?;
        Ok(preview)
    }
}

fn preview(world: &World, asked: &Asked, (at, on): (Moment, NaiveDate)) -> Result<Preview, Error> {
    let procedure = world.procedure_on(&asked.procedure_code, on)?;
    let case = procedure.case(&asked.case_key)?;
    filing::must_be_handled_here(procedure, case)?;
    let receiving = filing::resolve(&world.units, &asked.receiving_unit, on)?;
    let desk = filing::Desk {
        receiving,
        competent: asked.competent_unit.as_deref(),
        returning: None,
        units: &world.units,
        on,
    };
    let units = filing::units(procedure, case, &desk)?;
    let occasion = Occasion {
        receiving: receiving.uid,
        units: &world.units,
        on,
        channel: asked.channel,
    };
    let terms = case.terms(case.extra(&occasion), asked.channel);
    let receipt = timing::receipt(world, terms, &units, at).ok();
    Ok(Preview {
        version: procedure.version,
        case_key: case.key.clone(),
        files_online: filing::must_be_online(procedure, receiving, on).is_ok(),
        components: case.components.clone(),
        form_schema: case.form_schema.clone(),
        fees: case.fees_due(&occasion),
        appointment: receipt.map(|receipt| receipt.appointment),
        units,
    })
}
