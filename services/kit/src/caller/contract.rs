//! Roles as the contract names them.

use proto::identity::v1 as pb;

use super::Role;

impl From<Role> for pb::Role {
    fn from(role: Role) -> Self {
        match role {
            Role::Receptionist => Self::Receptionist,
            Role::Examiner => Self::Examiner,
            Role::HeadOfOffice => Self::HeadOfOffice,
            Role::Leader => Self::Leader,
            Role::Clerk => Self::Clerk,
            Role::Cashier => Self::Cashier,
            Role::UnitAdministrator => Self::UnitAdministrator,
            Role::ProvinceAdministrator => Self::ProvinceAdministrator,
            Role::Auditor => Self::Auditor,
            Role::Applicant => Self::Applicant,
            Role::Proxy => Self::Proxy,
            Role::Client => Self::Client,
            Role::LinkedSystem => Self::LinkedSystem,
            Role::PaymentProvider => Self::PaymentProvider,
            Role::Service => Self::Service,
        }
    }
}

impl TryFrom<pb::Role> for Role {
    /// None is named.
    type Error = ();

    fn try_from(role: pb::Role) -> Result<Self, ()> {
        let named = Self::ALL
            .into_iter()
            .find(|own| pb::Role::from(*own) == role);
        named.ok_or(())
    }
}
