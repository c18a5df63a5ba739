//! Compiles the contract with a protobuf compiler written in Rust, so that a build needs no `protoc`.

use std::path::PathBuf;
use std::{env, error::Error, fs};

use prost::Message as _;

const FILES: [&str; 17] = [
    "motcua/event/v1/event.proto",
    "motcua/identity/v1/client_service.proto",
    "motcua/identity/v1/event_service.proto",
    "motcua/identity/v1/officer_service.proto",
    "motcua/identity/v1/party_service.proto",
    "motcua/identity/v1/token_service.proto",
    "motcua/identity/v1/unit_service.proto",
    "motcua/catalogue/v1/calendar_service.proto",
    "motcua/catalogue/v1/event_service.proto",
    "motcua/catalogue/v1/procedure_service.proto",
    "motcua/intake/v1/dossier_service.proto",
    "motcua/intake/v1/event_service.proto",
    "motcua/intake/v1/national.proto",
    "motcua/intake/v1/payment_service.proto",
    "motcua/routing/v1/event_service.proto",
    "motcua/routing/v1/queue_service.proto",
    "motcua/routing/v1/transfer_service.proto",
];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=motcua");
    let descriptors = protox::compile(FILES, ["."])?;
    let out = PathBuf::from(env::var("OUT_DIR")?);
    fs::write(out.join("descriptors.bin"), descriptors.encode_to_vec())?;
    let mut config = tonic_prost_build::Config::new();
    config.btree_map(["."]).enable_type_names();
    tonic_prost_build::configure()
        .build_transport(false)
        .compile_fds_with_config(descriptors, config)?;
    Ok(())
}
