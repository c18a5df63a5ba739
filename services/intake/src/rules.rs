//! Who may call which rpc of intake; the decisions check the units.

use kit::caller::Role::{Citizen, Client, Examiner, Leader, Receptionist, Service};
use kit::caller::{Role, Rule, Who};

const READERS: &[Role] = &[Citizen, Client, Receptionist, Examiner, Leader];

/// One rule for every rpc.
pub const RULES: &[Rule] = &[
    rule(
        "motcua.intake.v1.DossierService/SubmitDossier",
        &[Citizen, Client],
    ),
    rule(
        "motcua.intake.v1.DossierService/RegisterDossier",
        &[Receptionist],
    ),
    rule(
        "motcua.intake.v1.DossierService/ReceiveDossier",
        &[Receptionist],
    ),
    rule(
        "motcua.intake.v1.DossierService/RefuseDossier",
        &[Receptionist],
    ),
    rule(
        "motcua.intake.v1.DossierService/WithdrawDossier",
        &[Citizen, Receptionist],
    ),
    rule("motcua.intake.v1.DossierService/RecordDecision", &[Leader]),
    rule(
        "motcua.intake.v1.DossierService/ReturnResult",
        &[Receptionist],
    ),
    rule("motcua.intake.v1.DossierService/GetDossier", READERS),
    rule("motcua.intake.v1.DossierService/ListDossiers", READERS),
    rule("motcua.intake.v1.DossierService/ExplainDeadline", READERS),
    Rule {
        rpc: "motcua.intake.v1.DossierService/TrackDossier",
        who: Who::Anyone,
    },
    rule("motcua.intake.v1.EventService/ReadEvents", &[Service]),
];

const fn rule(rpc: &'static str, roles: &'static [Role]) -> Rule {
    Rule {
        rpc,
        who: Who::Roles(roles),
    }
}
