//! An rpc that no rule speaks of.

use std::sync::atomic::Ordering;

use kit::failure::reason_of;
use kit::serve::Error;
use tonic::Code;

use crate::probe::{ECHO, PATIENCE, Probe, RULELESS, Setting, call};

#[tokio::test]
async fn an_rpc_that_is_mounted_without_a_rule_is_not_served() {
    let probe = Probe::serve().await;
    let peer = probe.peer();
    assert_eq!(call(&peer, ECHO, "here").await.unwrap(), "here");
    let calls = || probe.seen.calls.load(Ordering::SeqCst);
    let before = calls();
    let refused = call(&peer, RULELESS, "there").await.unwrap_err();
    assert_eq!(refused.code(), Code::Unimplemented);
    assert_eq!(reason_of(&refused), "RPC_UNKNOWN");
    assert_eq!(calls(), before, "the service was not asked");
}

#[tokio::test]
async fn a_service_of_the_contract_that_lacks_a_rule_does_not_start() {
    let probe = Probe::serve_with(Setting {
        name: "intake",
        ..Setting::default()
    })
    .await;
    let ended = tokio::time::timeout(PATIENCE, probe.serving).await;
    match ended.expect("it ends by itself").unwrap() {
        Err(Error::NoRule(rpc)) => assert!(rpc.starts_with("motcua.intake.v1."), "{rpc}"),
        ended => panic!("it is served: {ended:?}"),
    }
}
