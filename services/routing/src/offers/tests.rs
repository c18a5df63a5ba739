//! What a lane is told of an offer, so that it overtakes none of its dossier.

use kit::clock::Moment;

use super::*;
use crate::store::tests::{moment, opened, route};
use crate::transfer::DeadLetter;

#[test]
fn an_offer_names_those_of_its_dossier_to_the_same_unit_that_were_made_before_it() {
    let journey = opened(route());
    let offered = |uid: &str, at: Moment| Transfer {
        uid: uid.to_owned(),
        offered_at: at,
        ..journey.transfers()[0].clone()
    };
    let given_up = DeadLetter {
        since: moment(1),
        deliveries: 10,
    };
    let transfers = vec![
        offered("later", moment(3)),
        offered("offer", moment(2)),
        offered("at once", moment(2)),
        offered("earlier", moment(1)),
        Transfer {
            offer_epoch: 2,
            ..offered("first", moment(0))
        },
        Transfer {
            to: "another".to_owned(),
            ..offered("elsewhere", moment(0))
        },
        Transfer {
            dead_letter: Some(given_up),
            ..offered("dead letter", moment(0))
        },
        Transfer {
            on_hold: true,
            ..offered("on hold", moment(0))
        },
    ];
    let journey = Journey::stored(route(), transfers, Vec::new());
    let offer = journey.transfer("offer").unwrap();
    let told = for_lane(&journey, offer);
    assert_eq!(told.earlier, ["earlier:1", "first:2"]);
    assert_eq!(told.key, "offer:1");
    assert_eq!(told.dossier, offer.dossier);
    assert_eq!(told.due, clock::micros(offer.due.hand_over));
}
