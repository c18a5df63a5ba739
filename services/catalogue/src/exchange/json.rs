//! JSON lines.

use super::{AtLine, Told};
use crate::fault::{Fault, Problem};

pub(super) fn read(file: &[u8]) -> (Vec<AtLine<Told>>, Vec<AtLine<Fault>>) {
    let (mut told, mut faults) = (Vec::new(), Vec::new());
    for (line, text) in (1..).zip(file.split(|byte| *byte == b'\n')) {
        if text.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        match parse(text) {
            Ok(what) => told.push(AtLine { line, what }),
            Err(why) => {
                let fault = Fault::new("", Problem::Malformed(why));
                faults.push(AtLine::fault(line, fault));
            }
        }
    }
    (told, faults)
}

fn parse(text: &[u8]) -> Result<Told, String> {
    let told: Told = serde_json::from_slice(text).map_err(|error| error.to_string())?;
    of_one_procedure(told)
}

/// All versions are of one procedure, and there is one.
pub(super) fn of_one_procedure(told: Told) -> Result<Told, String> {
    let mut codes = told.versions.iter().map(|version| &version.procedure.code);
    let first = codes.next().ok_or("there is no version")?;
    if codes.any(|code| code != first) {
        return Err("the versions are of several procedures".to_owned());
    }
    Ok(told)
}

pub(super) fn write(told: &Told) -> Result<Vec<u8>, serde_json::Error> {
    let mut line = serde_json::to_vec(told)?;
    line.push(b'\n');
    Ok(line)
}
