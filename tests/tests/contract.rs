//! The contract as data: everything in it is documented, and every mutation can be repeated.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use prost::Message as _;
use prost_types::{
    DescriptorProto, EnumDescriptorProto, FileDescriptorProto, FileDescriptorSet, MessageOptions,
    ServiceDescriptorProto,
};

/// What an rpc that changes nothing is called, or that is no act to repeat: each attempt to sign in counts for itself.
const READS: [&str; 16] = [
    "Acknowledge",
    "Explain",
    "Export",
    "Find",
    "Get",
    "Issue",
    "List",
    "ModifyLeases",
    "Preview",
    "Pull",
    "Read",
    "Search",
    "SignIn",
    "Stream",
    "Track",
    "Watch",
];

fn files() -> Vec<FileDescriptorProto> {
    let contract = FileDescriptorSet::decode(proto::DESCRIPTORS).unwrap();
    let ours = |file: &FileDescriptorProto| file.package().starts_with("motcua.");
    contract.file.into_iter().filter(ours).collect()
}

/// The comments of one file, by path of the descriptor (`google.protobuf.SourceCodeInfo`).
struct Documented<'a> {
    file: &'a FileDescriptorProto,
    missing: Vec<String>,
}

impl Documented<'_> {
    fn must(&mut self, path: &[i32], name: &str) {
        let locations = self
            .file
            .source_code_info
            .iter()
            .flat_map(|info| &info.location);
        let mut found = locations.filter(|location| location.path == path);
        if !found.any(|location| !location.leading_comments().trim().is_empty()) {
            self.missing.push(format!("{}: {name}", self.file.name()));
        }
    }

    fn message(&mut self, path: &[i32], message: &DescriptorProto) {
        self.must(path, message.name());
        for (index, field) in (0..).zip(&message.field) {
            self.must(&[path, &[2, index]].concat(), field.name());
        }
        for (index, nested) in (0..).zip(&message.nested_type) {
            // The compiler makes these of maps.
            if nested
                .options
                .as_ref()
                .is_some_and(MessageOptions::map_entry)
            {
                continue;
            }
            self.message(&[path, &[3, index]].concat(), nested);
        }
        for (index, nested) in (0..).zip(&message.enum_type) {
            self.enumeration(&[path, &[4, index]].concat(), nested);
        }
    }

    fn enumeration(&mut self, path: &[i32], enumeration: &EnumDescriptorProto) {
        self.must(path, enumeration.name());
        for (index, value) in (0..).zip(&enumeration.value) {
            self.must(&[path, &[2, index]].concat(), value.name());
        }
    }

    fn service(&mut self, path: &[i32], service: &ServiceDescriptorProto) {
        self.must(path, service.name());
        for (index, method) in (0..).zip(&service.method) {
            self.must(&[path, &[2, index]].concat(), method.name());
        }
    }
}

#[test]
fn every_service_rpc_message_field_enum_and_value_is_documented() {
    for file in &files() {
        let mut documented = Documented {
            file,
            missing: Vec::new(),
        };
        for (index, message) in (0..).zip(&file.message_type) {
            documented.message(&[4, index], message);
        }
        for (index, enumeration) in (0..).zip(&file.enum_type) {
            documented.enumeration(&[5, index], enumeration);
        }
        for (index, service) in (0..).zip(&file.service) {
            documented.service(&[6, index], service);
        }
        assert!(documented.missing.is_empty(), "{:#?}", documented.missing);
    }
}

#[test]
fn every_mutation_has_a_request_id_and_no_read_has_one() {
    for file in &files() {
        for method in file.service.iter().flat_map(|service| &service.method) {
            let request = method.input_type().rsplit('.').next().unwrap();
            let message = file
                .message_type
                .iter()
                .find(|message| message.name() == request);
            let message = message.unwrap_or_else(|| panic!("{request} is in another file"));
            let has_id = message
                .field
                .iter()
                .any(|field| field.name() == "request_id");
            let reads = READS.iter().any(|verb| method.name().starts_with(verb));
            assert_eq!(has_id, !reads, "{}", method.name());
        }
    }
}

#[test]
fn every_rpc_has_a_request_and_a_reply_of_its_own() {
    for file in &files() {
        for method in file.service.iter().flat_map(|service| &service.method) {
            let own = |suffix| format!(".{}.{}{suffix}", file.package(), method.name());
            assert_eq!(method.input_type(), own("Request"));
            assert_eq!(method.output_type(), own("Response"));
        }
    }
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// The words in backticks that look like reasons.
fn reasons(comments: &str) -> BTreeSet<String> {
    let quoted = comments.split('`').skip(1).step_by(2);
    let is_reason = |word: &&str| {
        word.starts_with(|c: char| c.is_ascii_uppercase())
            && word.contains('_')
            && word.chars().all(|c| c.is_ascii_uppercase() || c == '_')
    };
    quoted.filter(is_reason).map(str::to_owned).collect()
}

#[test]
fn every_reason_in_the_contract_is_one_that_the_suite_gives() {
    let mut paths = Vec::new();
    let services = Path::new(env!("CARGO_MANIFEST_DIR")).join("../services");
    sources(&services, &mut paths);
    let code: String = paths
        .iter()
        .map(|path| fs::read_to_string(path).unwrap())
        .collect();
    let contract = files();
    let names: BTreeSet<&str> = contract
        .iter()
        .flat_map(|file| &file.enum_type)
        .flat_map(|enumeration| {
            enumeration
                .value
                .iter()
                .map(prost_types::EnumValueDescriptorProto::name)
        })
        .collect();
    let mut documented = BTreeSet::new();
    for location in contract
        .iter()
        .flat_map(|file| &file.source_code_info)
        .flat_map(|info| &info.location)
    {
        documented.extend(reasons(location.leading_comments()));
    }
    assert!(
        documented.contains("STATE_FORBIDS"),
        "comments are in the descriptors"
    );
    for reason in documented
        .iter()
        .filter(|reason| !names.contains(reason.as_str()))
    {
        assert!(
            code.contains(&format!("\"{reason}\"")),
            "nothing gives {reason}"
        );
    }
}
