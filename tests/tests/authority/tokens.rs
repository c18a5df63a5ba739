//! Tokens of one role for one unit or party.

use std::collections::HashMap;
use std::sync::Mutex;

use kit::caller::{AUDIENCE, Claims, Granted, RateClass, Role, sign};
use kit::clock;
use kit::keys::PrivateKey;
use tests::rpc::Method;
use tests::{Actor, Suite};

const LIFE_SECONDS: i64 = 600;

/// The roles of the table; `None` is nobody.
pub fn roles() -> Vec<Option<Role>> {
    let people_and_systems = Role::ALL.into_iter().filter(|role| *role != Role::Service);
    people_and_systems.map(Some).chain([None]).collect()
}

/// The word for a role in the table.
pub fn word(role: Option<Role>) -> &'static str {
    role.map_or("anonymous", Role::as_str)
}

/// Signs tokens with the suite's own key.
pub struct Mint {
    key: PrivateKey,
    rpcs: Vec<String>,
    signed: Mutex<HashMap<(Role, String), String>>,
}

impl Mint {
    pub fn of(suite: &Suite) -> Self {
        let key = suite.pair().keys().join("token-signing.pem");
        let rpcs = Method::all();
        Self {
            key: PrivateKey::load(&key).unwrap(),
            rpcs: rpcs.iter().map(Method::short_name).collect(),
            signed: Mutex::default(),
        }
    }

    /// Somebody who has this role for this unit or party. A system is registered for all rpcs.
    pub fn actor(&self, suite: &Suite, role: Option<Role>, name: &str) -> Actor {
        let anybody = suite.anonymous();
        let Some(role) = role else { return anybody };
        let mut signed = self.signed.lock().unwrap();
        let token = signed.entry((role, name.to_owned()));
        anybody.with_token(token.or_insert_with(|| self.sign(role, name)))
    }

    fn sign(&self, role: Role, name: &str) -> String {
        let is_system = matches!(
            role,
            Role::Client | Role::LinkedSystem | Role::PaymentProvider
        );
        let now = clock::real().timestamp();
        let claims = Claims {
            iss: "motcua".to_owned(),
            sub: format!("{role}-of-{name}"),
            aud: AUDIENCE.to_owned(),
            iat: now,
            exp: now + LIFE_SECONDS,
            jti: clock::new_uid(),
            grants: vec![Granted {
                role,
                at: vec![name.to_owned()],
                everywhere: false,
            }],
            rpcs: is_system.then(|| self.rpcs.clone()),
            rate_class: is_system.then_some(RateClass::High),
            cnf: None,
        };
        sign(&claims, &self.key).unwrap()
    }
}
