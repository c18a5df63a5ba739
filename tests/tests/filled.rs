//! `motcua load fill`: a store full of dossiers, finished and open.
#![allow(clippy::expect_used, clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeSet;
use std::ffi::OsString;

use proto::intake::v1::{DossierState, ListDossiersRequest};
use tests::Suite;
use tests::cast::COMMUNE;
use tests::filing::BIRTH;
use tests::program::{self, Ran};

const FINISHED: usize = 400;
const OPEN: usize = 100;

async fn fill(suite: &Suite) -> Ran {
    let mut arguments: Vec<OsString> = ["load", "fill"].map(Into::into).into();
    arguments.push(FINISHED.to_string().into());
    arguments.extend(["--open".into(), OPEN.to_string().into()]);
    arguments.extend(suite.pair().store_arguments());
    program::run(arguments).await
}

#[tokio::test]
async fn a_filled_store_adds_up_and_is_worked_on_but_not_filled_again() {
    let mut suite = Suite::load().await;
    let filled = fill(&suite).await;
    if suite.pair().queue().is_none() {
        assert_eq!(filled.code, Some(1), "{}", filled.output);
        assert!(
            filled.complaint.contains("PostgreSQL"),
            "{}",
            filled.complaint
        );
        return;
    }
    assert_eq!(filled.code, Some(0), "{}", filled.complaint);
    suite.must_add_up().await;
    let told = suite.events().await.into_iter();
    let dossiers: BTreeSet<String> = told
        .filter(|event| event.owner == "intake")
        .map(|event| event.subject)
        .collect();
    assert_eq!(dossiers.len(), FINISHED + OPEN);
    suite.restart().await;
    let desk = suite.receptionist(COMMUNE);
    let listed = desk.ok(ListDossiersRequest::default()).await;
    let listed = listed.message.dossiers;
    let count = |state| {
        listed
            .iter()
            .filter(|dossier| dossier.state() == state)
            .count()
    };
    let (returned, received) = (count(DossierState::Returned), count(DossierState::Received));
    assert!(
        returned > 0 && returned + received == listed.len(),
        "{listed:?}"
    );
    suite.register(BIRTH, COMMUNE).await;
    suite.take_over(COMMUNE, "2017-08-28T09:00").await;
    suite.must_add_up().await;
    assert_eq!(suite.terminate().await.code(), Some(0));
    let again = fill(&suite).await;
    assert_eq!(again.code, Some(1), "{}", again.output);
    assert!(
        again.complaint.contains("log of its own"),
        "{}",
        again.complaint
    );
}
