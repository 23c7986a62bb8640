//! A symbolic link that leads to the newest of its siblings, and moves on by one rename. It knows nothing of what they are.

use crate::error::{Result, io_at};
use crate::machine::claim::Claim;
use crate::machine::folder::parent_of;
use std::ffi::OsString;
use std::path::Path;

/// Makes `link` lead to the entry `name` of its own folder. Something else than a link to such an entry stays, and the answer is `false`.
///
/// # Errors
/// Io if the file system has no links or the folder cannot be written.
pub fn lead_to(link: &Path, name: &Path) -> Result<bool> {
    if link.symlink_metadata().is_ok() && leads_to_sibling(link).is_none() {
        return Ok(false);
    }
    let claim = Claim::beside(link)?;
    let staged = claim.path("");
    std::os::unix::fs::symlink(name, &staged).map_err(io_at(link))?;
    std::fs::rename(&staged, link).inspect_err(|_| drop(std::fs::remove_file(&staged))).map_err(io_at(link))?;
    crate::machine::publish::sync_directory(&parent_of(link));
    Ok(true)
}

/// The entry of its own folder that a link leads to, whether that is there or not; `None` if it leads elsewhere or is no link.
#[must_use]
pub fn leads_to_sibling(link: &Path) -> Option<OsString> {
    let target = std::fs::read_link(link).ok()?;
    let name = target.file_name()?.to_owned();
    if target.components().count() == 1 {
        return Some(name);
    }
    let own = parent_of(link).canonicalize().ok()?;
    (own.join(target.parent()?).canonicalize().ok()? == own).then_some(name)
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
        std::fs::remove_file(&link).expect("removed");
        for (target, is_own) in [("/nowhere/two", false), ("..", false), ("../two", false), ("./two", true)] {
            std::os::unix::fs::symlink(target, &link).expect("linked");
            assert_eq!(lead_to(&link, Path::new("one")).expect("asked"), is_own, "{target}");
            let leads = std::fs::read_link(&link).expect("a link");
            assert_eq!(leads, Path::new(if is_own { "one" } else { target }));
            std::fs::remove_file(&link).expect("removed");
        }
        std::os::unix::fs::symlink(folder.path().join("two"), &link).expect("linked");
        assert!(lead_to(&link, Path::new("one")).expect("led"), "in full, to its own folder");
        assert_eq!(std::fs::read_dir(folder.path()).expect("folder").count(), 1, "nothing else is left");
    }
}
