//! A symbolic link that leads to the newest of its siblings, and moves on by one rename. It knows nothing of what they are.

use crate::error::{Result, io_at};
use crate::machine::claim::{Claim, parent_of};
use std::path::Path;

/// Makes `link` lead to the entry `name` of its own folder. Something else than a link stays, and the answer is `false`.
///
/// # Errors
/// Io if the file system has no links or the folder cannot be written.
pub fn lead_to(link: &Path, name: &Path) -> Result<bool> {
    if link.symlink_metadata().is_ok_and(|there| !there.is_symlink()) {
        return Ok(false);
    }
    let claim = Claim::beside(link)?;
    let staged = claim.path("");
    std::os::unix::fs::symlink(name, &staged).map_err(io_at(link))?;
    std::fs::rename(&staged, link).inspect_err(|_| drop(std::fs::remove_file(&staged))).map_err(io_at(link))?;
    crate::machine::publish::sync_directory(&parent_of(link));
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_moves_on_and_nothing_else_is_replaced() {
        let folder = tempfile::tempdir().expect("folder");
        let link = folder.path().join("latest");
        for name in ["one", "two"] {
            assert!(lead_to(&link, Path::new(name)).expect("led"));
            assert_eq!(std::fs::read_link(&link).expect("a link"), Path::new(name));
        }
        std::fs::remove_file(&link).expect("removed");
        std::fs::write(&link, b"a thesis").expect("written");
        assert!(!lead_to(&link, Path::new("one")).expect("kept"));
        assert_eq!(std::fs::read(&link).expect("kept"), b"a thesis");
        assert_eq!(std::fs::read_dir(folder.path()).expect("folder").count(), 1, "nothing else is left");
    }
}
