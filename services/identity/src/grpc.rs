//! The rpcs: who is calling, parse, one call, reply.

mod client;
mod officer;
mod party;
mod sign_in;
mod token;
mod unit;

pub(crate) use client::Clients;
pub(crate) use officer::Officers;
pub(crate) use party::Parties;
pub(crate) use sign_in::SignIns;
pub(crate) use token::Tokens;
pub(crate) use unit::Units;

kit::event_service!(proto::identity::v1, crate::NAME);
