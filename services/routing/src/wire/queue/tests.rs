//! How much a subscriber may ask for, and by which field it is refused more.

use proto::routing::v1::modify_leases_request::Change as Modified;
use tonic::Code;

use super::*;

const UNIT: &str = "unit";
const MIB: i32 = 1024 * 1024;
/// That of the subscription.
const OWN_LEASE: Duration = Duration::from_secs(7);
/// In seconds and nanoseconds, none of which is 1 s to 10 min.
const NO_LEASES: [(i64, i32); 4] = [(0, 0), (0, 999_999_999), (600, 1), (-1, 0)];

fn span((seconds, nanos): (i64, i32)) -> prost_types::Duration {
    prost_types::Duration { seconds, nanos }
}

fn flow((max_outstanding, max_outstanding_bytes): (i32, i32)) -> pb::FlowLimits {
    pb::FlowLimits {
        max_outstanding,
        max_outstanding_bytes,
    }
}

fn keys(count: usize) -> Vec<pb::DeliveryKey> {
    let key = pb::DeliveryKey {
        transfer_uid: "transfer".to_owned(),
        offer_epoch: 1,
        attempt: 1,
    };
    vec![key; count]
}

fn message(act: Asked) -> pb::StreamTransfersRequest {
    pb::StreamTransfersRequest {
        number: 1,
        act: Some(act),
    }
}

fn later(act: Asked) -> Result<StreamAct, Failure> {
    stream_act(message(act), OWN_LEASE)
}

fn subscribe(limits: (i32, i32), lease: Option<(i64, i32)>) -> Result<Subscription, Failure> {
    let asked = pb::Subscription {
        unit_uid: UNIT.to_owned(),
        limits: Some(flow(limits)),
        lease: lease.map(span),
    };
    subscription(message(Asked::Subscribe(asked)))
}

fn acknowledged(deliveries: Vec<pb::DeliveryKey>) -> Result<StreamAct, Failure> {
    later(Asked::Acknowledge(pb::Acknowledgement { deliveries }))
}

fn extended(count: usize, lease: Option<(i64, i32)>) -> Result<StreamAct, Failure> {
    later(Asked::Extend(pb::LeaseExtension {
        deliveries: keys(count),
        lease: lease.map(span),
    }))
}

fn given_back(count: usize, delay: Option<(i64, i32)>) -> Result<StreamAct, Failure> {
    later(Asked::GiveBack(pb::GivingBack {
        deliveries: keys(count),
        delay: delay.map(span),
    }))
}

/// What becomes of leases by `ModifyLeases`.
fn modified(change: Modified) -> Result<Change, Failure> {
    let (_, _, change) = modify_leases(pb::ModifyLeasesRequest {
        unit_uid: UNIT.to_owned(),
        deliveries: keys(1),
        change: Some(change),
    })?;
    Ok(change)
}

/// What becomes of them by an act on a stream.
fn change(act: &StreamAct) -> Change {
    let StreamAct::Change(_, change) = act else {
        panic!("{act:?}");
    };
    *change
}

fn must_be_refused<T: std::fmt::Debug>(asked: Result<T, Failure>, told: &str) {
    let refused = asked.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
    assert_eq!(refused.to_string(), format!("INVALID_FIELDS: {told}"));
}

#[test]
fn flow_limits_may_reach_their_bounds_and_have_usual_values() {
    for (asked, deliveries, bytes) in [
        ((0, 0), 100, 1024 * 1024),
        ((1, 1_024), 1, 1_024),
        ((1_000, 16 * MIB), 1_000, 16 * 1024 * 1024),
    ] {
        let limits = Limits { deliveries, bytes };
        assert_eq!(subscribe(asked, None).unwrap().limits, limits);
        let changed = later(Asked::Limits(flow(asked)));
        assert_eq!(changed.unwrap(), StreamAct::Limits(limits));
    }
}

#[test]
fn flow_limits_beyond_their_bounds_are_refused_by_their_fields() {
    let outstanding = "max_outstanding: must be 0 to 1000";
    let bytes = "max_outstanding_bytes: must be 1024 to 16777216";
    for (asked, told) in [
        ((-1, 0), outstanding),
        ((1_001, 0), outstanding),
        ((0, -1), bytes),
        ((0, 1_023), bytes),
        ((0, 16 * MIB + 1), bytes),
    ] {
        let first = subscribe(asked, None);
        must_be_refused(first, &format!("subscribe.limits.{told}"));
        let changed = later(Asked::Limits(flow(asked)));
        must_be_refused(changed, &format!("limits.{told}"));
    }
}

#[test]
fn a_lease_lasts_a_second_to_ten_minutes_and_a_minute_unless_it_is_said() {
    for (asked, lasts) in [(None, 60), (Some((1, 0)), 1), (Some((600, 0)), 600)] {
        let subscribed = subscribe((0, 0), asked).unwrap();
        assert_eq!(subscribed.lease, Duration::from_secs(lasts));
    }
    for asked in NO_LEASES {
        let told = "subscribe.lease: must be 1 s to 600 s";
        must_be_refused(subscribe((0, 0), Some(asked)), told);
    }
}

#[test]
fn an_extension_lasts_as_long_as_a_lease_may_and_that_of_the_subscription_unless_it_is_said() {
    for (asked, lasts) in [(None, 7), (Some((1, 0)), 1), (Some((600, 0)), 600)] {
        let lasts = Change::Extend(Duration::from_secs(lasts));
        assert_eq!(change(&extended(1, asked).unwrap()), lasts);
        if let Some(asked) = asked {
            let modified = modified(Modified::Extend(span(asked)));
            assert_eq!(modified.unwrap(), lasts);
        }
    }
    for asked in NO_LEASES {
        let told = "extend.lease: must be 1 s to 600 s";
        must_be_refused(extended(1, Some(asked)), told);
        let modified = modified(Modified::Extend(span(asked)));
        must_be_refused(modified, "extend: must be 1 s to 600 s");
    }
}

#[test]
fn what_is_given_back_waits_ten_minutes_at_most_and_not_at_all_unless_it_is_said() {
    for (asked, waits) in [(None, 0), (Some((0, 0)), 0), (Some((600, 0)), 600)] {
        let waits = Change::GiveBack(Duration::from_secs(waits));
        assert_eq!(change(&given_back(1, asked).unwrap()), waits);
        if let Some(asked) = asked {
            let modified = modified(Modified::GiveBack(span(asked)));
            assert_eq!(modified.unwrap(), waits);
        }
    }
    for asked in [(-1, 0), (600, 1)] {
        let told = "give_back.delay: must be 0 s to 600 s";
        must_be_refused(given_back(1, Some(asked)), told);
        let modified = modified(Modified::GiveBack(span(asked)));
        must_be_refused(modified, "give_back: must be 0 s to 600 s");
    }
}

#[test]
fn an_act_names_one_to_a_thousand_deliveries_each_with_its_offer() {
    for count in [1, 1_000] {
        let act = acknowledged(keys(count)).unwrap();
        let StreamAct::Change(named, Change::Acknowledge) = act else {
            panic!("{act:?}");
        };
        assert_eq!(named.len(), count);
    }
    for count in [0, 1_001] {
        for (asked, field) in [
            (acknowledged(keys(count)), "acknowledge"),
            (extended(count, None), "extend"),
            (given_back(count, None), "give_back"),
        ] {
            must_be_refused(asked, &format!("{field}.deliveries: must be 1 to 1000"));
        }
    }
    let nameless = pb::DeliveryKey {
        offer_epoch: 0,
        ..keys(1).remove(0)
    };
    let told = "acknowledge.deliveries[0].offer_epoch: must not be empty";
    must_be_refused(acknowledged(vec![nameless]), told);
}
