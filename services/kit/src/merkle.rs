//! Merkle trees as RFC 6962 (2.1) has them: leaves and nodes are told apart by a prefix.

use sha2::{Digest as _, Sha256};

const LEAF: &[u8] = &[0];
const NODE: &[u8] = &[1];

pub(crate) type Hash = [u8; 32];

/// A tree that grows to the right. It keeps the roots of its full subtrees only, at most one of each height.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tree {
    /// With the height of each, the highest first.
    full: Vec<(u32, Hash)>,
}

impl Tree {
    /// Adds what comes next.
    pub fn push(&mut self, content: &[u8]) {
        let (mut height, mut hash) = (0, digest(&[LEAF, content]));
        while let Some((_, left)) = self.full.pop_if(|(other, _)| *other == height) {
            hash = digest(&[NODE, &left, &hash]);
            height += 1;
        }
        self.full.push((height, hash));
    }

    /// The root over everything so far.
    pub fn root(&self) -> Hash {
        let subtrees = self.full.iter().map(|(_, hash)| *hash).rev();
        let root = subtrees.reduce(|right, left| digest(&[NODE, &left, &right]));
        root.unwrap_or_else(|| digest(&[]))
    }
}

pub(crate) fn digest(parts: &[&[u8]]) -> Hash {
    let mut digest = Sha256::new();
    for part in parts {
        digest.update(part);
    }
    digest.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The inputs and roots that implementations of Certificate Transparency are tested with.
    const INPUTS: [&[u8]; 8] = [
        b"",
        b"\x00",
        b"\x10",
        b"\x20\x21",
        b"\x30\x31",
        b"\x40\x41\x42\x43",
        b"\x50\x51\x52\x53\x54\x55\x56\x57",
        b"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f",
    ];
    const ROOTS: [&str; 9] = [
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];

    #[test]
    fn roots_are_those_of_certificate_transparency() {
        let mut tree = Tree::default();
        for (input, root) in [None].into_iter().chain(INPUTS.map(Some)).zip(ROOTS) {
            if let Some(input) = input {
                tree.push(input);
            }
            let found: String = tree.root().map(|byte| format!("{byte:02x}")).concat();
            assert_eq!(found, root, "{input:?}");
        }
    }
}
