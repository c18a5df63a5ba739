//! Who may call which rpc of routing; the decisions check the units.

use kit::caller::Role::{Client, Examiner, Leader, Receptionist, Service};
use kit::caller::{Role, Rule, Who};

const UNITS: &[Role] = &[Receptionist, Examiner, Leader, Client];

/// One rule for every rpc.
pub const RULES: &[Rule] = &[
    rule("motcua.routing.v1.TransferService/PullTransfers", UNITS),
    rule("motcua.routing.v1.TransferService/AcceptTransfer", UNITS),
    rule("motcua.routing.v1.TransferService/DeclineTransfer", UNITS),
    rule("motcua.routing.v1.TransferService/ForwardTransfer", UNITS),
    rule("motcua.routing.v1.TransferService/CompleteTransfer", UNITS),
    rule("motcua.routing.v1.TransferService/GetTransfer", UNITS),
    rule("motcua.routing.v1.TransferService/ListTransfers", UNITS),
    rule("motcua.routing.v1.TransferService/GetRoute", UNITS),
    rule("motcua.routing.v1.EventService/ReadEvents", &[Service]),
];

const fn rule(rpc: &'static str, roles: &'static [Role]) -> Rule {
    Rule {
        rpc,
        who: Who::Roles(roles),
    }
}
