//! What is asked about people: parties, officers and their positions.

use kit::caller::Role;
use prost::Message as _;
use proto::identity::v1 as identity;
use tests::new_request_id;

use super::{Outcome, Probe, Question, known_if, plain, read};
use crate::scene::World;

/// The officers of the unit that the probes are about.
pub struct Officers {
    pub subject: String,
    pub position: String,
    pub delegation: String,
    /// A power that An gave to Bình.
    pub proxy: String,
}

impl Probe<'_> {
    pub(super) fn of_parties(&self, verb: &str) -> Question {
        let [an, binh] = self.world.parties.clone();
        let request_id = new_request_id();
        match verb {
            "GetParty" => plain(&identity::GetPartyRequest { uid: an }),
            "ListProxies" => plain(&identity::ListProxiesRequest { party_uid: an }),
            "GrantProxy" => plain(&identity::GrantProxyRequest {
                request_id,
                grantor_uid: an,
                proxy_uid: binh,
                first_day: "2017-08-28".to_owned(),
                last_day: "2017-09-28".to_owned(),
                ..Default::default()
            }),
            "RevokeProxy" => plain(&identity::RevokeProxyRequest {
                request_id,
                uid: self.officers.proxy.clone(),
            }),
            _ => panic!("the matrix does not know {verb}: say how it is asked"),
        }
    }

    pub(super) fn of_officers(&self, verb: &str) -> Question {
        let request_id = new_request_id();
        let subject = self.officers.subject.clone();
        let unit_uid = self.scene.unit.to_owned();
        let expected_revision = 1_000_000;
        match verb {
            "RegisterOfficer" => plain(&identity::RegisterOfficerRequest {
                request_id,
                subject,
                name: "Cán bộ".to_owned(),
                unit_uid,
            }),
            "GetOfficer" => plain(&identity::GetOfficerRequest { subject }),
            "ListOfficers" => read(
                &identity::ListOfficersRequest {
                    page_size: 500,
                    ..Default::default()
                },
                lists_the_officer,
            ),
            "GetReadiness" => {
                // Before the officers of the cast have their positions, so that every unit is named.
                let as_of = "2016-12-31".to_owned();
                read(&identity::GetReadinessRequest { as_of }, tells_of_the_unit)
            }
            "DisableOfficer" => plain(&identity::DisableOfficerRequest {
                request_id,
                subject,
                expected_revision,
            }),
            "EnableOfficer" => plain(&identity::EnableOfficerRequest {
                request_id,
                subject,
                expected_revision,
            }),
            "SetPassword" => plain(&identity::SetPasswordRequest {
                request_id,
                subject,
                password: "một mật khẩu đủ dài".to_owned(),
            }),
            "UnlockOfficer" => plain(&identity::UnlockOfficerRequest {
                request_id,
                subject,
            }),
            _ => self.of_positions(verb),
        }
    }

    fn of_positions(&self, verb: &str) -> Question {
        let request_id = new_request_id();
        let subject = self.officers.subject.clone();
        let unit_uid = self.scene.unit.to_owned();
        let expected_revision = 1_000_000;
        let role = identity::Role::Clerk.into();
        let first_day = "2017-08-28".to_owned();
        match verb {
            "AssignPosition" => plain(&identity::AssignPositionRequest {
                request_id,
                subject,
                role,
                unit_uid,
                first_day,
                last_day: String::new(),
                expected_revision,
            }),
            "DelegatePosition" => plain(&identity::DelegatePositionRequest {
                request_id,
                position_uid: self.officers.position.clone(),
                subject,
                first_day,
                last_day: "2017-08-29".to_owned(),
                expected_revision,
            }),
            "EndPosition" => plain(&identity::EndPositionRequest {
                request_id,
                position_uid: self.officers.position.clone(),
                last_day: first_day,
                expected_revision,
            }),
            "EndDelegation" => plain(&identity::EndDelegationRequest {
                request_id,
                position_uid: self.officers.delegation.clone(),
                last_day: first_day,
                expected_revision,
            }),
            "ImportPositions" => read(
                &identity::ImportPositionsRequest {
                    request_id,
                    dry_run: true,
                    rows: vec![identity::PositionRow {
                        subject,
                        role,
                        unit_uid,
                        first_day,
                        ..Default::default()
                    }],
                },
                takes_the_row,
            ),
            _ => panic!("the matrix does not know {verb}: say how it is asked"),
        }
    }
}

fn lists_the_officer(reply: &[u8], probe: &Probe<'_>) -> Outcome {
    let listed = identity::ListOfficersResponse::decode(reply).unwrap();
    let mut officers = listed.officers.iter();
    known_if(officers.any(|officer| officer.subject == probe.officers.subject))
}

fn tells_of_the_unit(reply: &[u8], probe: &Probe<'_>) -> Outcome {
    let told = identity::GetReadinessResponse::decode(reply).unwrap();
    let mut units = told.kinds.iter().flat_map(|kind| &kind.units);
    known_if(units.any(|unit| unit.unit_uid == probe.scene.unit))
}

fn takes_the_row(reply: &[u8], _: &Probe<'_>) -> Outcome {
    let told = identity::ImportPositionsResponse::decode(reply).unwrap();
    let mut faults = told.outcomes.iter().flat_map(|outcome| &outcome.faults);
    if faults.any(|fault| fault.reason == "UNIT_NOT_YOURS") {
        return Outcome::No;
    }
    Outcome::Yes
}

/// Registers two officers of a unit, one with a position that the other acts in, and has An give Bình a power.
pub async fn officers(world: &World, unit: &str) -> Officers {
    let administrator = Some(Role::ProvinceAdministrator);
    let administrator = world.mint.actor(&world.suite, administrator, unit);
    let officer = |name: &str| format!("matrix-{name}");
    for name in ["holder", "deputy"] {
        administrator
            .ok(identity::RegisterOfficerRequest {
                request_id: new_request_id(),
                subject: officer(name),
                name: "Cán bộ".to_owned(),
                unit_uid: unit.to_owned(),
            })
            .await;
    }
    let assigned = administrator.ok(identity::AssignPositionRequest {
        request_id: new_request_id(),
        subject: officer("holder"),
        role: identity::Role::Examiner.into(),
        unit_uid: unit.to_owned(),
        first_day: "2017-08-01".to_owned(),
        ..Default::default()
    });
    let position = assigned.await.message.position.unwrap().uid;
    let delegated = administrator.ok(identity::DelegatePositionRequest {
        request_id: new_request_id(),
        position_uid: position.clone(),
        subject: officer("deputy"),
        first_day: "2017-08-28".to_owned(),
        last_day: "2017-08-31".to_owned(),
        ..Default::default()
    });
    let delegation = delegated.await.message.position.unwrap().uid;
    let [an, binh] = world.parties.clone();
    let granted = world.mint.actor(&world.suite, Some(Role::Applicant), &an);
    let granted = granted.ok(identity::GrantProxyRequest {
        request_id: new_request_id(),
        grantor_uid: an,
        proxy_uid: binh,
        first_day: "2017-08-28".to_owned(),
        last_day: "2017-09-28".to_owned(),
        ..Default::default()
    });
    let proxy = granted.await.message.proxy.unwrap().uid;
    Officers {
        subject: officer("holder"),
        position,
        delegation,
        proxy,
    }
}
