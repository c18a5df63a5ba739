//! What was read of copies of procedures.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use kit::copies::Copy;

use crate::reference::Procedure;
use crate::wire;

/// Procedures as their copies were read: once each, not by every batch that needs them.
#[derive(Default)]
pub struct ProcedureCache(Mutex<HashMap<String, Read>>);

struct Read {
    body: Vec<u8>,
    procedures: Arc<[Procedure]>,
}

impl ProcedureCache {
    /// A version as it was read before, under its key. Its terms never change; how far it is online, and until when it holds, may have.
    pub fn version(&self, key: &str) -> Option<Arc<[Procedure]>> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let read = known.get(key)?;
        (!read.procedures.is_empty()).then(|| Arc::clone(&read.procedures))
    }

    /// The versions of a procedure in its copy.
    pub fn read(&self, copy: &Copy) -> Arc<[Procedure]> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(read) = known.get(&copy.key)
            && read.body == copy.body
        {
            return Arc::clone(&read.procedures);
        }
        let procedures: Arc<[Procedure]> = wire::reference::procedures(copy).into();
        let read = Read {
            body: copy.body.clone(),
            procedures: Arc::clone(&procedures),
        };
        known.insert(copy.key.clone(), read);
        procedures
    }
}
