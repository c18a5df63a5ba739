//! No field of an event is personal. A field or message is personal when its documentation says `Personal.`, and the messages
//! that hold a person's particulars are named here besides, so that nobody can forget the word.

use std::collections::BTreeSet;

use prost_reflect::{DescriptorPool, FieldDescriptor, FileDescriptor, Kind, MessageDescriptor};

/// Whatever holds a person's particulars.
const FORBIDDEN: [&str; 3] = ["Applicant", "Party", "IdentityNumber"];

#[test]
fn no_event_tells_anything_personal() {
    let pool = pool();
    let events: Vec<MessageDescriptor> = pool.all_messages().filter(is_event).collect();
    let names: BTreeSet<&str> = events.iter().map(MessageDescriptor::name).collect();
    let expected = [
        "CatalogueChange",
        "CodeChange",
        "DossierChange",
        "IdentityChange",
        "TransferChange",
    ];
    assert_eq!(
        names,
        expected.into(),
        "a new kind of event is to be looked at here"
    );
    let found: Vec<String> = events.iter().flat_map(personal_parts).collect();
    assert!(found.is_empty(), "events would tell: {found:#?}");
}

#[test]
fn the_envelope_of_events_has_nothing_personal() {
    let event = pool().get_message_by_name("motcua.event.v1.Event").unwrap();
    assert_eq!(personal_parts(&event), Vec::<String>::new());
}

#[test]
fn the_rule_finds_what_is_personal_in_a_dossier_and_in_a_party() {
    let pool = pool();
    let dossier = pool
        .get_message_by_name("motcua.intake.v1.Dossier")
        .unwrap();
    let found = personal_parts(&dossier);
    assert!(
        found.iter().any(|part| part.ends_with(".applicant")),
        "{found:?}"
    );
    let party = pool
        .get_message_by_name("motcua.identity.v1.Party")
        .unwrap();
    let found = personal_parts(&party);
    assert!(
        found.iter().any(|part| part.ends_with("Party.name")),
        "{found:?}"
    );
    assert!(
        found
            .iter()
            .any(|part| part.ends_with("Party.identity_number")),
        "{found:?}"
    );
}

fn pool() -> DescriptorPool {
    DescriptorPool::decode(proto::DESCRIPTORS).unwrap()
}

/// The messages that stand in `Event.change`: `motcua.<owner>.v1.<Noun>Change`.
fn is_event(message: &MessageDescriptor) -> bool {
    let file = message.parent_file().name().to_owned();
    file.ends_with("/event_service.proto") && message.name().ends_with("Change")
}

/// The fields below a message that are personal.
fn personal_parts(root: &MessageDescriptor) -> Vec<String> {
    let (mut seen, mut found) = (BTreeSet::new(), Vec::new());
    let mut todo = vec![root.clone()];
    while let Some(message) = todo.pop() {
        if !seen.insert(message.full_name().to_owned()) {
            continue;
        }
        let personal = message.fields().filter(is_personal);
        found.extend(personal.map(|field| field.full_name().to_owned()));
        todo.extend(message.fields().filter_map(|field| message_of(&field)));
    }
    found
}

fn is_personal(field: &FieldDescriptor) -> bool {
    let says_so = |comment: String| comment.contains("Personal.");
    let of_type = message_of(field).is_some_and(|message| {
        FORBIDDEN.contains(&message.name())
            || says_so(comment(&message.parent_file(), message.path()))
    });
    of_type || says_so(comment(&field.parent_message().parent_file(), field.path()))
}

fn message_of(field: &FieldDescriptor) -> Option<MessageDescriptor> {
    match field.kind() {
        Kind::Message(message) => Some(message),
        _ => None,
    }
}

/// The comment before what stands at `path` of a file.
fn comment(file: &FileDescriptor, path: &[i32]) -> String {
    let proto = file.file_descriptor_proto();
    let locations = proto
        .source_code_info
        .iter()
        .flat_map(|info| &info.location);
    let here = locations.into_iter().find(|location| location.path == path);
    here.and_then(|location| location.leading_comments.clone())
        .unwrap_or_default()
}
