//! A function moves to another department while dossiers are under way: what was not offered yet is offered to that one, and all
//! else of a dossier stays as the version has it under which it was handed in.

use proto::catalogue::v1::{Component, Procedure, UnitRule};
use proto::intake::v1::{Dossier, DossierState};
use proto::routing::v1::Transfer;
use tests::cast::{AN, DEPARTMENT, ENVIRONMENT};
use tests::filing::FOREST_PRODUCTS;
use tests::{Held, Suite, desk};

use crate::deadlines::local;

/// Another department examines and signs, by other names and in half of ten days each, and asks for one component more.
fn moved(mut draft: Procedure) -> Procedure {
    let case = &mut draft.version.as_mut().unwrap().cases[0];
    case.limit.as_mut().unwrap().count = 10;
    case.components.push(Component {
        key: "survey".to_owned(),
        name: "Bản đồ hiện trạng".to_owned(),
        originals: 1,
        ..Component::default()
    });
    for step in &mut case.route.as_mut().unwrap().steps {
        step.unit_rule = UnitRule::Fixed.into();
        ENVIRONMENT.clone_into(&mut step.unit_uid);
        step.name.push_str(" (mới)");
        step.share_percent = 50;
    }
    draft
}

/// What the department has when the function moves.
struct UnderWay {
    /// Waits to be signed.
    to_sign: Transfer,
    /// Is examined.
    examined: (Dossier, Held),
    /// Was handed in online, and nobody has received it yet.
    submitted: Dossier,
}

async fn under_way(suite: &Suite) -> UnderWay {
    suite.register(FOREST_PRODUCTS, DEPARTMENT).await;
    suite.work_off(DEPARTMENT, "2017-08-28T08:30").await;
    let to_sign = suite.offer_to(DEPARTMENT).await;
    let dossier = suite.register(FOREST_PRODUCTS, DEPARTMENT).await;
    let held = suite.take_over(DEPARTMENT, "2017-08-28T09:00").await;
    assert_eq!(held.transfer.dossier_uid, dossier.uid);
    let online = suite.actor(AN).ok(FOREST_PRODUCTS.online(DEPARTMENT)).await;
    UnderWay {
        to_sign,
        examined: (dossier, held),
        submitted: online.message.dossier.unwrap(),
    }
}

fn place(offer: &Transfer) -> [&str; 4] {
    let (from, to) = (&offer.from_unit_uid, &offer.to_unit_uid);
    [&offer.dossier_uid, &offer.step_key, from, to]
}

#[tokio::test]
async fn what_was_not_offered_yet_goes_to_the_department_that_has_the_function_now() {
    let suite = Suite::start().await;
    let before = under_way(&suite).await;
    suite.must_add_up().await;
    let published = suite.publish(FOREST_PRODUCTS.code, moved).await;

    // What is offered stays where it is.
    let signing = suite.accept(&before.to_sign, "2017-08-28T09:30").await;
    assert_eq!(signing.transfer.to_unit_uid, DEPARTMENT);

    // What is held is finished there, and goes on to the other, with the name and the time that it had.
    let (dossier, examined) = before.examined;
    // Once routing has heard of the new version.
    let held = Held {
        position: Some(published),
        ..examined
    };
    suite.complete(&held, "2017-08-28T10:00").await;
    let sign = suite.offer_to(ENVIRONMENT).await;
    let expected = [dossier.uid.as_str(), "sign", DEPARTMENT, ENVIRONMENT];
    assert_eq!(place(&sign), expected);
    assert_eq!(sign.step_name, before.to_sign.step_name);
    // Within a fifth of two days.
    let due = local(sign.due);
    assert!(due.starts_with("2017-08-28"), "{due}");
    let signed = suite.accept(&sign, "2017-08-28T10:30").await;

    // What is received after that begins there, under the version under which it was handed in.
    let receptionist = suite.receptionist(DEPARTMENT).at("2017-08-28T11:00");
    let received = receptionist.ok(desk::receive(&before.submitted)).await;
    let received = received.message.dossier.unwrap();
    assert_eq!(received.procedure_version, 1);
    let first = suite.offer_to(ENVIRONMENT).await;
    let expected = [received.uid.as_str(), "examine", DEPARTMENT, ENVIRONMENT];
    assert_eq!(place(&first), expected);
    assert_eq!(first.step_name, held.transfer.step_name);

    let decided = suite.decide(&signed, "2017-08-28T14:00").await;
    assert_eq!(decided.state(), DossierState::ResultReady);
    let result = suite.take_over(DEPARTMENT, "2017-08-28T15:00").await;
    let returned = suite.give_back(&result, "2017-08-28T16:00").await;
    assert_eq!(
        (&returned.uid, returned.state(), returned.procedure_version),
        (&dossier.uid, DossierState::Returned, 1)
    );
    suite.must_add_up().await;
}
