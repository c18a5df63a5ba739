//! All units in memory, as the store has them: a province has some hundreds, and they change some times in a decade.

use std::sync::{Arc, Mutex, PoisonError};

use kit::db::Db;
use sea_orm::DbErr;

use super::unit;
use crate::register::Register;

/// The units as they were last read.
#[derive(Clone)]
pub(crate) struct Units {
    db: Db,
    last: Arc<Mutex<Option<Read>>>,
}

/// What was read, and of which version.
type Read = (Version, Arc<Register>);
type Version = (i64, i64);

impl Units {
    pub fn new(db: Db) -> Self {
        Self {
            db,
            last: Arc::default(),
        }
    }

    /// The units of now. They are read anew when any has changed, whichever process changed it.
    pub async fn now(&self) -> Result<Arc<Register>, DbErr> {
        let version = unit::version(self.db.read()).await?;
        if let Some(register) = self.kept(version) {
            return Ok(register);
        }
        let register = Arc::new(unit::all(self.db.read()).await?);
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        *last = Some((version, Arc::clone(&register)));
        Ok(register)
    }

    fn kept(&self, version: Version) -> Option<Arc<Register>> {
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = last.as_ref().filter(|(of, _)| *of == version);
        kept.map(|(_, register)| Arc::clone(register))
    }
}
