//! Removing what is not needed any more. What cannot be removed is remembered until somebody tells the user; nothing else depends on it.

use std::io::{ErrorKind, Result};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

static LEFT: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Removes a file, if it is there.
pub fn remove_file(path: &Path) {
    note(path, std::fs::remove_file(path));
}

/// Removes a directory with all that is in it, if it is there. Returns whether it is gone.
pub fn remove_directory(path: &Path) -> bool {
    note(path, std::fs::remove_dir_all(path));
    path.symlink_metadata().is_err()
}

fn note(path: &Path, removed: Result<()>) {
    if let Err(error) = removed
        && error.kind() != ErrorKind::NotFound
    {
        let told = format!(
            "{} could not be removed and is left behind ({error}): it is not needed, remove it",
            path.display()
        );
        LEFT.lock().unwrap_or_else(PoisonError::into_inner).push(told);
    }
}

/// A warning for everything that could not be removed since this was asked last.
#[must_use]
pub fn left_behind() -> Vec<String> {
    std::mem::take(&mut *LEFT.lock().unwrap_or_else(PoisonError::into_inner))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_removed_is_told_once_and_what_is_not_there_is_not() {
        let folder = tempfile::tempdir().expect("folder");
        let kept = folder.path().join("kept");
        std::fs::create_dir(&kept).expect("made");
        remove_file(&folder.path().join("nothing"));
        assert!(remove_directory(&folder.path().join("nothing")));
        // A directory is no file.
        remove_file(&kept);
        let told: Vec<String> =
            left_behind().into_iter().filter(|line| line.contains(&*kept.to_string_lossy())).collect();
        assert!(told.len() == 1 && told[0].contains("could not be removed and is left behind"), "{told:?}");
        assert!(!left_behind().iter().any(|line| line.contains(&*kept.to_string_lossy())));
        assert!(remove_directory(&kept) && !kept.exists());
    }
}
