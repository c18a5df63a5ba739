//! The rpcs: who is calling, parse, one call, reply.

mod client;
mod party;
mod token;
mod unit;

pub(crate) use client::Clients;
pub(crate) use party::Parties;
pub(crate) use token::Tokens;
pub(crate) use unit::Units;

kit::event_service!(proto::identity::v1, crate::NAME);
