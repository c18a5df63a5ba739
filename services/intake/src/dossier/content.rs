//! What makes two submissions look alike.

use sha2::{Digest as _, Sha256};

use super::{Applicant, Dossier, Filing, HandedIn};

impl Dossier {
    /// What makes this submission look like another; nothing once that was erased.
    #[must_use]
    pub fn content_digest(&self) -> Option<Vec<u8>> {
        let Filing {
            procedure_code,
            applicant,
            components,
            form,
            ..
        } = &self.filing;
        let receiving = &self.units.receiving;
        let applicant = applicant.as_ref()?;
        Some(content_digest(
            procedure_code,
            applicant,
            (components, form),
            receiving,
        ))
    }
}

/// What makes two submissions look alike: the same applicant handing in the same for the same procedure at the same desk.
/// Personal, since applicants could be tried out: it is kept as a keyed hash.
#[must_use]
pub fn content_digest(
    procedure_code: &str,
    applicant: &Applicant,
    (components, form): (&[HandedIn], &str),
    receiving: &str,
) -> Vec<u8> {
    let mut digest = Sha256::new();
    for part in [
        procedure_code,
        receiving,
        applicant.number.value(),
        &applicant.name,
        form,
    ] {
        digest.update(part);
        digest.update([0]);
    }
    for component in components {
        digest.update(format!(
            "{}:{}:{};",
            component.key, component.originals, component.copies
        ));
    }
    digest.finalize().to_vec()
}
