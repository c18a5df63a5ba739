//! What the store calls states, channels and the like.

use sea_orm::DbErr;

use super::bad_row;
use crate::dossier::{Channel, FiledBy, Method, State};

/// The national portal's number of a state.
pub fn of_state(state: &State) -> i32 {
    match state {
        State::Submitted => 1,
        State::Received(_) => 2,
        State::Refused(_) => 3,
        State::Processing(_) => 4,
        State::SupplementRequested(_) => 5,
        State::PaymentRequested(_) => 6,
        State::Withdrawn(..) => 7,
        State::Stopped(..) => 8,
        State::ResultReady(..) => 9,
        State::Returned(..) => 10,
    }
}

pub fn of_channel(channel: Channel) -> i32 {
    match channel {
        Channel::Online => 1,
        Channel::Counter => 2,
        Channel::Post => 3,
    }
}

pub fn channel(number: i32) -> Result<Channel, DbErr> {
    match number {
        1 => Ok(Channel::Online),
        2 => Ok(Channel::Counter),
        3 => Ok(Channel::Post),
        _ => Err(bad_row("channel")),
    }
}

pub fn of_filed_by(filed_by: FiledBy) -> i32 {
    match filed_by {
        FiledBy::Itself => 1,
        FiledBy::Proxy => 2,
        FiledBy::Officer => 3,
        FiledBy::System => 4,
    }
}

pub fn filed_by(number: i32) -> Result<FiledBy, DbErr> {
    match number {
        1 => Ok(FiledBy::Itself),
        2 => Ok(FiledBy::Proxy),
        3 => Ok(FiledBy::Officer),
        4 => Ok(FiledBy::System),
        _ => Err(bad_row("filed_by")),
    }
}

pub fn of_method(method: Method) -> i32 {
    match method {
        Method::Desk => 1,
        Method::Online => 2,
        Method::Post => 3,
    }
}

pub fn method(number: Option<i32>) -> Result<Method, DbErr> {
    match number {
        Some(1) => Ok(Method::Desk),
        Some(2) => Ok(Method::Online),
        Some(3) => Ok(Method::Post),
        _ => Err(bad_row("return_method")),
    }
}
