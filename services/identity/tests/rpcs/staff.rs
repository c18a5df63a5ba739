//! Who calls `OfficerService`, and what is asked there most.

use kit::caller::Role;
use kit::client::Peer;
use proto::identity::v1 as pb;
use proto::identity::v1::officer_service_client::OfficerServiceClient;
use tonic::{Response, Status};

use crate::support::Suite;

/// Somebody with a token.
pub struct Caller<'a> {
    suite: &'a Suite,
    subject: &'static str,
    role: Role,
    at: &'static [&'static str],
}

macro_rules! calls {
    ($($name:ident: $request:ident => $reply:ident;)*) => {
        impl Caller<'_> {
            $(pub async fn $name(&self, message: pb::$request) -> Result<Response<pb::$reply>, Status> {
                let request = self.suite.as_role(self.subject, self.role, self.at, message);
                self.client().$name(request).await
            })*
        }
    };
}

calls! {
    register_officer: RegisterOfficerRequest => RegisterOfficerResponse;
    get_officer: GetOfficerRequest => GetOfficerResponse;
    list_officers: ListOfficersRequest => ListOfficersResponse;
    assign_position: AssignPositionRequest => AssignPositionResponse;
    end_position: EndPositionRequest => EndPositionResponse;
    delegate_position: DelegatePositionRequest => DelegatePositionResponse;
    end_delegation: EndDelegationRequest => EndDelegationResponse;
    disable_officer: DisableOfficerRequest => DisableOfficerResponse;
    enable_officer: EnableOfficerRequest => EnableOfficerResponse;
    import_positions: ImportPositionsRequest => ImportPositionsResponse;
    get_readiness: GetReadinessRequest => GetReadinessResponse;
    set_password: SetPasswordRequest => SetPasswordResponse;
    unlock_officer: UnlockOfficerRequest => UnlockOfficerResponse;
}

impl Caller<'_> {
    fn client(&self) -> OfficerServiceClient<Peer> {
        OfficerServiceClient::new(self.suite.channel.clone())
    }

    /// Registers an officer that this unit looks after.
    pub async fn register(&self, subject: &str, unit: &str) {
        let registered = self.register_officer(registration(subject, unit)).await;
        assert_eq!(registered.unwrap().into_inner().revision, 1);
    }

    /// Gives a position that begins on this day.
    pub async fn assign(&self, subject: &str, role: pb::Role, unit: &str) -> pb::Position {
        let assigned = self.assign_position(assignment(subject, role, unit)).await;
        assigned.unwrap().into_inner().position.unwrap()
    }

    /// Who it is that this caller may know.
    pub async fn officer(&self, subject: &str) -> pb::Officer {
        let read = self.get_officer(named(subject)).await.unwrap();
        read.into_inner().officer.unwrap()
    }
}

impl Suite {
    /// Somebody in a role at these units.
    pub fn caller(
        &self,
        subject: &'static str,
        role: Role,
        at: &'static [&'static str],
    ) -> Caller<'_> {
        Caller {
            suite: self,
            subject,
            role,
            at,
        }
    }

    /// The administrator of the province.
    pub fn administrator(&self) -> Caller<'_> {
        self.caller("admin", Role::ProvinceAdministrator, &["p"])
    }
}

pub fn registration(subject: &str, unit: &str) -> pb::RegisterOfficerRequest {
    pb::RegisterOfficerRequest {
        request_id: format!("register-{subject}-{unit}"),
        subject: subject.to_owned(),
        name: "Nguyễn Thị Lan".to_owned(),
        unit_uid: unit.to_owned(),
    }
}

pub fn assignment(subject: &str, role: pb::Role, unit: &str) -> pb::AssignPositionRequest {
    pb::AssignPositionRequest {
        request_id: kit::clock::new_uid(),
        subject: subject.to_owned(),
        role: role.into(),
        unit_uid: unit.to_owned(),
        first_day: "2017-08-01".to_owned(),
        last_day: String::new(),
        expected_revision: 0,
    }
}

pub fn named(subject: &str) -> pb::GetOfficerRequest {
    pb::GetOfficerRequest {
        subject: subject.to_owned(),
    }
}
