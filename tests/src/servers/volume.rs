//! A small volume of its own, which can be filled.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

const FILLER: &str = "filler";
const CHUNK: usize = 1 << 20;

/// A file system in memory, mounted until this is dropped. Mounting takes root.
pub struct Volume(TempDir);

impl Volume {
    /// One of so many bytes; `None` where we may not mount.
    pub fn mount(bytes: u64) -> Option<Self> {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &format!("size={bytes}"), "tmpfs"]);
        let mounted = mount.arg(folder.path()).status();
        mounted
            .is_ok_and(|status| status.success())
            .then(|| Self(folder))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// Fills it to the last byte.
    pub fn fill(&self) {
        let mut filler = fs::File::create(self.path().join(FILLER)).expect("the volume is ours");
        let zeros = vec![0; CHUNK];
        while filler.write_all(&zeros).is_ok() {}
    }

    /// Makes room again.
    pub fn clear(&self) {
        fs::remove_file(self.path().join(FILLER)).expect("it was filled");
    }
}

impl Drop for Volume {
    fn drop(&mut self) {
        // Lazily: what still ends may have a file open there.
        let unmounted = Command::new("umount")
            .arg("--lazy")
            .arg(self.path())
            .status();
        if !unmounted.is_ok_and(|status| status.success()) {
            eprintln!("{} stays mounted", self.path().display());
        }
    }
}
