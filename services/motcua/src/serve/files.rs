//! The files that settings name.

use std::fs;
use std::path::Path;

use super::Error;

/// The `OpenID` providers in a file; none without one.
pub(super) fn providers(path: Option<&Path>) -> Result<Vec<identity::provider::Settings>, Error> {
    let Some(path) = path else {
        return Ok(Vec::new());
    };
    let unusable = |reason: String| Error::Providers {
        path: path.display().to_string(),
        reason,
    };
    let text = fs::read(path).map_err(|error| unusable(error.to_string()))?;
    serde_json::from_slice(&text).map_err(|error| unusable(error.to_string()))
}

/// The limits of links in a file; those of the law without one.
pub(super) fn link_limits(path: Option<&Path>) -> Result<routing::LinkLimits, Error> {
    let unusable = |reason: String| Error::LinkLimits {
        path: path.map_or("of the law".to_owned(), |path| path.display().to_string()),
        reason,
    };
    let limits = match path {
        None => routing::LinkLimits::by_law(),
        Some(path) => {
            let text = fs::read_to_string(path).map_err(|error| unusable(error.to_string()))?;
            routing::LinkLimits::parse(&text)
        }
    };
    limits.map_err(|error| unusable(error.to_string()))
}
