//! One trace leads from the caller to the unit that accepts.

use kit::telemetry::{TRACEPARENT, trace_id};
use opentelemetry_proto::tonic::trace::v1::Span;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use proto::routing::v1::{Delivery, PullTransfersRequest};
use tests::cast::COMMUNE;
use tests::filing::BIRTH;
use tests::receiver::{attribute, hex};
use tests::{Receiver, Suite, desk};

use super::told;

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const CALLER: &str = "00f067aa0ba902b7";
const REGISTER: &str = "motcua.intake.v1.DossierService/RegisterDossier";
const ACCEPT: &str = "motcua.routing.v1.TransferService/AcceptTransfer";

async fn next_delivery(suite: &Suite) -> Delivery {
    let pull = PullTransfersRequest {
        unit_uid: COMMUNE.to_owned(),
        max_transfers: 1,
        wait: Some(prost_types::Duration {
            seconds: 10,
            nanos: 0,
        }),
        lease: None,
    };
    let pulled = suite.examiner(COMMUNE).ok(pull).await;
    let delivery = pulled.message.deliveries.into_iter().next();
    delivery.expect("the offer arrives")
}

/// Registers a dossier under the caller's trace, and accepts its first step under the trace that the delivery brings.
async fn play(suite: &Suite) -> Delivery {
    let caller = format!("00-{TRACE}-{CALLER}-01");
    let desk = suite.receptionist(COMMUNE).with(TRACEPARENT, &caller);
    let registered = desk.ok(BIRTH.at_counter(COMMUNE)).await;
    assert_eq!(registered.trace, TRACE, "the reply names the trace");
    let delivery = next_delivery(suite).await;
    let offer = delivery.transfer.clone().expect("what is offered");
    let officer = suite.officer_of(&offer);
    let accepting = officer.with(TRACEPARENT, &delivery.traceparent);
    accepting.ok(desk::accept(&offer)).await;
    delivery
}

/// Waits for a span of the trace with this name, parent and service.
async fn span_under(receiver: &Receiver, parent: &str, name: &str, service: &str) -> Span {
    let is_it = |span: &Span| {
        let place = (hex(&span.trace_id), hex(&span.parent_span_id));
        (place.0.as_str(), place.1.as_str()) == (TRACE, parent)
            && span.name == name
            && attribute(&span.attributes, "service") == service
    };
    let what = format!("span {name} {service} under {parent}");
    let found = |receiver: &Receiver| receiver.spans().into_iter().find(is_it);
    receiver.until(&what, found).await
}

#[tokio::test]
async fn one_trace_leads_from_the_caller_through_log_and_queue_to_acceptance() {
    let (suite, receiver) = told().await;
    let delivery = play(&suite).await;

    let registered = span_under(&receiver, CALLER, REGISTER, "").await;
    assert_eq!(registered.kind(), SpanKind::Server);
    let registered = hex(&registered.span_id);
    let committed = span_under(&receiver, &registered, "job", "intake").await;
    assert_eq!(attribute(&committed.attributes, "work"), "call");

    let taken_in = span_under(&receiver, &registered, "event", "routing").await;
    assert_eq!(taken_in.kind(), SpanKind::Consumer);
    assert_eq!(attribute(&taken_in.attributes, "owner"), "intake");
    let taken_in = hex(&taken_in.span_id);
    assert_eq!(delivery.traceparent, format!("00-{TRACE}-{taken_in}-01"));

    let accepted = span_under(&receiver, &taken_in, ACCEPT, "").await;
    let accepted = hex(&accepted.span_id);
    span_under(&receiver, &accepted, "job", "routing").await;
    // The acceptance is told in its turn: intake keeps a copy of custody.
    span_under(&receiver, &accepted, "event", "intake").await;
}

#[tokio::test]
async fn a_batch_links_the_calls_that_it_commits_and_is_the_child_of_none() {
    let (suite, receiver) = told().await;
    play(&suite).await;
    let registered = span_under(&receiver, CALLER, REGISTER, "").await;
    let registered = hex(&registered.span_id);
    let job = span_under(&receiver, &registered, "job", "intake").await;
    let links_it = |span: &Span| {
        let mut links = span.links.iter();
        span.name == "batch" && links.any(|link| link.span_id == job.span_id)
    };
    let found = |receiver: &Receiver| receiver.spans().into_iter().find(links_it);
    let batch = receiver.until("batch of the call", found).await;
    assert_eq!(attribute(&batch.attributes, "service"), "intake");
    assert!(batch.parent_span_id.is_empty(), "{batch:?}");
    assert_ne!(hex(&batch.trace_id), TRACE);
}

#[tokio::test]
async fn an_act_without_a_trace_begins_one_and_the_reply_names_it() {
    let (suite, receiver) = told().await;
    let desk = suite.receptionist(COMMUNE);
    let registered = desk.ok(BIRTH.at_counter(COMMUNE)).await;
    let named = |receiver: &Receiver| {
        let mut spans = receiver.spans().into_iter();
        spans.find(|span| span.name == REGISTER && hex(&span.trace_id) == registered.trace)
    };
    let root = receiver.until("span of the call", named).await;
    assert!(root.parent_span_id.is_empty(), "{root:?}");
    let delivery = next_delivery(&suite).await;
    assert_eq!(trace_id(&delivery.traceparent), registered.trace);
}

#[tokio::test]
async fn a_log_line_is_a_json_object_that_names_the_trace_and_span_it_was_written_under() {
    let receiver = Receiver::start().await;
    let mut suite = Suite::load().await;
    receiver.listen_to(&mut suite);
    suite.set("RUST_LOG", "info,kit=debug");
    suite.restart().await;
    play(&suite).await;
    let registered = span_under(&receiver, CALLER, REGISTER, "").await;
    let registered = hex(&registered.span_id);
    let log = suite.log();
    let lines: Vec<serde_json::Value> = log
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("no JSON: {line}")))
        .collect();
    assert!(lines.iter().all(|line| line["level"].is_string()), "{log}");
    let told = lines.iter().find(|line| line["span_id"] == registered);
    let told = told.unwrap_or_else(|| panic!("no line was written under the call: {log}"));
    assert_eq!(told["trace_id"], TRACE);
    assert_eq!(told["fields"]["message"], "answered");
}
