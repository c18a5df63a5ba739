//! Who may call which rpc.

use kit::caller::{Role, Rule, Who};

/// A rule for every rpc of the package.
pub(crate) const RULES: &[Rule] = &[
    Rule {
        rpc: "motcua.identity.v1.UnitService/GetUnit",
        who: Who::Anyone,
    },
    Rule {
        rpc: "motcua.identity.v1.UnitService/ListUnits",
        who: Who::Anyone,
    },
    Rule {
        rpc: "motcua.identity.v1.PartyService/RegisterParty",
        who: Who::Roles(&[Role::Receptionist, Role::Client]),
    },
    Rule {
        rpc: "motcua.identity.v1.PartyService/GetParty",
        who: Who::Roles(&[Role::Receptionist, Role::Client, Role::Citizen]),
    },
    Rule {
        rpc: "motcua.identity.v1.TokenService/IssueToken",
        who: Who::Anyone,
    },
    Rule {
        rpc: "motcua.identity.v1.TokenService/GetKeySet",
        who: Who::Anyone,
    },
    Rule {
        rpc: "motcua.identity.v1.TokenService/GetCaller",
        who: Who::SignedIn,
    },
    Rule {
        rpc: "motcua.identity.v1.EventService/ReadEvents",
        who: Who::Roles(&[Role::Service]),
    },
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use prost::Message as _;
    use prost_types::FileDescriptorSet;

    use super::*;

    #[test]
    fn every_rpc_has_one_rule_and_every_rule_an_rpc() {
        let files = FileDescriptorSet::decode(proto::DESCRIPTORS).unwrap().file;
        let mut rpcs = BTreeSet::new();
        for file in files
            .iter()
            .filter(|file| file.package() == "motcua.identity.v1")
        {
            for service in &file.service {
                let rpc = |method: &str| format!("{}.{}/{method}", file.package(), service.name());
                rpcs.extend(service.method.iter().map(|method| rpc(method.name())));
            }
        }
        let ruled: BTreeSet<String> = RULES.iter().map(|rule| rule.rpc.to_owned()).collect();
        assert_eq!(ruled, rpcs);
        assert_eq!(ruled.len(), RULES.len());
    }
}
