//! The contract: every message and service of the suite, generated from `motcua/<service>/v1/*.proto`.
//!
//! Services meet only here. [`DESCRIPTORS`] is the same contract as data, for reflection and for tests over it.
#![allow(
    missing_docs,
    clippy::all,
    clippy::pedantic,
    reason = "generated; the protobuf comments are the documentation"
)]

/// What every owner's event log has in common.
pub mod event {
    /// Version 1.
    pub mod v1 {
        tonic::include_proto!("motcua.event.v1");
    }
}

/// Units, parties and tokens.
pub mod identity {
    /// Version 1.
    pub mod v1 {
        tonic::include_proto!("motcua.identity.v1");
    }
}

/// Procedures and calendars.
pub mod catalogue {
    /// Version 1.
    pub mod v1 {
        tonic::include_proto!("motcua.catalogue.v1");
    }
}

/// Dossiers.
pub mod intake {
    /// Version 1.
    pub mod v1 {
        tonic::include_proto!("motcua.intake.v1");
    }
}

/// Transfers between units.
pub mod routing {
    /// Version 1.
    pub mod v1 {
        tonic::include_proto!("motcua.routing.v1");
    }
}

/// The contract as a serialised `google.protobuf.FileDescriptorSet`.
pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"));
