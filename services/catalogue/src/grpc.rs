//! The rpcs: parse, one call, reply.

mod calendar;
mod procedure;

pub(crate) use calendar::Calendars;
pub(crate) use procedure::Procedures;

kit::event_service!(proto::catalogue::v1, crate::NAME);
