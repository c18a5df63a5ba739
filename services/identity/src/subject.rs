//! The names of those who may have tokens.

use std::fmt;
use std::str::FromStr;

const LONGEST_SUBJECT: usize = 64;
/// The length of a party's uid.
const UID: usize = 32;
/// Names that the log and the gate use for somebody else.
const RESERVED: [&str; 6] = [
    "anonymous",
    "catalogue",
    "identity",
    "intake",
    "reporting",
    "routing",
];

/// The opaque name of an officer or a client system: 1 to 64 printable ASCII characters without spaces; no name of the suite
/// itself, and not 32 hexadecimal digits, as the uids are by which parties are named in tokens.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Subject(String);

impl Subject {
    /// As it stands in tokens.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Subject {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let well_formed = (1..=LONGEST_SUBJECT).contains(&text.len())
            && text.chars().all(|c| c.is_ascii_graphic());
        let like_a_uid = text.len() == UID && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        if !well_formed || like_a_uid || RESERVED.contains(&text) {
            return Err(());
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_takes_the_name_of_a_service_or_of_a_party() {
        assert!(kit::clock::new_uid().parse::<Subject>().is_err());
        assert!("intake".parse::<Subject>().is_err());
        assert!("officer-1".parse::<Subject>().is_ok());
        assert!("".parse::<Subject>().is_err());
        assert!("two words".parse::<Subject>().is_err());
    }
}
