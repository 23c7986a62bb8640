//! Names beside a target that one process owns as long as it lives, whatever machine or container it runs on: the system gives a lock
//! back when its owner ends, however it ends. It knows nothing of what is written under the names.

use crate::error::catalogue::Code;
use crate::error::{Error, Fault, Result};
use crate::machine::file_identity::leads_to;
use crate::machine::folder::{not_writable, parent_of};
use rustix::io::Errno;
use std::ffi::OsString;
use std::fs::{File, TryLockError};
use std::hash::{BuildHasher, Hasher, RandomState};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Draws until a name is free.
const DRAWS: usize = 20;
/// How often an abandoned lock is asked for, and the time that passes before the second.
const TIMES_ASKED: u32 = 3;
const BETWEEN: Duration = Duration::from_millis(5);
/// Digits of the random part of a name.
const DIGITS: usize = 16;
/// Bytes of a name on any usual file system.
const LONGEST_NAME: usize = 255;
/// Bytes behind a claimed name: ".replaced" and ".lock".
const LONGEST_ENDING: usize = 9;

/// A random name beside a target, `.<target>.staging-<16 hexadecimal digits>`, and the lock file of that name.
#[derive(Debug)]
pub struct Claim {
    /// What is to appear.
    target: PathBuf,
    base: PathBuf,
    /// Whether the lock file stays.
    is_left: bool,
    /// Holds the lock.
    _lock: File,
}

impl Claim {
    /// A name that nobody has.
    ///
    /// # Errors
    /// Io if the folder cannot be written, naming it.
    pub fn beside(target: &Path) -> Result<Self> {
        check_name(target)?;
        let folder = parent_of(target);
        let mut last = None;
        for _ in 0..DRAWS {
            let base = folder.join(format!("{}{:016x}", prefix(target), random()));
            let path = lock_path(&base);
            let target = target.to_path_buf();
            match File::create_new(&path).and_then(|file| file.lock().map(|()| file)) {
                // Whoever tidies up may have taken the file for an abandoned one between its creation and its lock.
                Ok(file) if leads_to(&path, &file) => return Ok(Claim { target, base, is_left: false, _lock: file }),
                Ok(_) => {}
                Err(error) if Errno::from_io_error(&error) == Some(Errno::NAMETOOLONG) => {
                    return Err(too_long(&target));
                }
                Err(error) => last = Some(not_writable(&folder, error)),
            }
        }
        Err(last.unwrap_or_else(|| lost(target)))
    }

    /// Names beside a target whose owners are gone. A lock that cannot be asked for belongs to somebody.
    #[must_use]
    pub fn abandoned(target: &Path) -> Vec<Self> {
        Claim::abandoned_of(&parent_of(target), &|other| prefix(other) == prefix(target))
    }

    /// The same beside any target in a folder.
    #[must_use]
    pub fn abandoned_in(folder: &Path) -> Vec<Self> {
        // Of a name that is no text the letters are not known any more.
        Claim::abandoned_of(folder, &|target| !target.to_string_lossy().contains(char::REPLACEMENT_CHARACTER))
    }

    fn abandoned_of(folder: &Path, is_wanted: &dyn Fn(&Path) -> bool) -> Vec<Self> {
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        entries.filter_map(|entry| Claim::take_over(&entry.path(), is_wanted)).collect()
    }

    fn take_over(path: &Path, is_wanted: &dyn Fn(&Path) -> bool) -> Option<Self> {
        let name = path.file_name()?.to_str()?.strip_prefix('.')?.strip_suffix(".lock")?;
        let (name, digits) = name.rsplit_once(STAGING)?;
        let target = path.with_file_name(name);
        let is_claim = digits.len() == DIGITS && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        if !is_claim || !is_wanted(&target) {
            return None;
        }
        // What somebody has written to is no lock of ours.
        if !path.symlink_metadata().is_ok_and(|there| there.is_file() && there.len() == 0) {
            return None;
        }
        let file = File::options().read(true).write(true).open(path).ok()?;
        match file.try_lock() {
            Ok(()) if leads_to(path, &file) => {
                Some(Claim { target, base: path.with_extension(""), is_left: false, _lock: file })
            }
            Ok(()) | Err(TryLockError::WouldBlock | TryLockError::Error(_)) => None,
        }
    }

    /// Gives the name back with all that stands under it, the lock file included.
    pub fn leave(&mut self) {
        self.is_left = true;
    }

    /// What was to appear.
    #[must_use]
    pub fn target(&self) -> &Path {
        &self.target
    }

    /// The claimed name, with something behind it.
    #[must_use]
    pub fn path(&self, ending: &str) -> PathBuf {
        let mut path = OsString::from(&self.base);
        path.push(ending);
        path.into()
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        if !self.is_left {
            let _ = std::fs::remove_file(lock_path(&self.base));
        }
    }
}

/// Whether a name in a folder is one that a process owns just now, or the lock of one.
#[must_use]
pub fn is_held(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let Some((target, digits)) = name.rsplit_once(STAGING).filter(|(target, _)| target.starts_with('.')) else {
        return false;
    };
    let lock = path.with_file_name(format!("{target}{STAGING}{}.lock", digits.get(..DIGITS).unwrap_or_default()));
    // Between its creation and its lock a file looks abandoned: it is asked again.
    (0..TIMES_ASKED).any(|times| {
        std::thread::sleep(times * BETWEEN);
        File::open(&lock).is_ok_and(|file| matches!(file.try_lock(), Err(TryLockError::WouldBlock)))
    })
}

/// A name beside a path that nothing has: `<name>-<what>-1`, or with the first number that is free.
#[must_use]
pub fn free_name(path: &Path, what: &str) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let numbered = |k: usize| path.with_file_name(format!("{name}-{what}-{k}"));
    first_free(numbered)
}

/// The first of numbered names, from 1 on, that nothing has.
#[must_use]
pub fn first_free(numbered: impl Fn(usize) -> PathBuf) -> PathBuf {
    (1..).map(&numbered).find(|path| path.symlink_metadata().is_err()).unwrap_or_else(|| numbered(0))
}

/// Whether there is room for the names that are claimed beside a target, which is asked before the work is done.
///
/// # Errors
/// E73 if its name is too long.
pub fn check_name(target: &Path) -> Result<()> {
    match prefix(target).len() + DIGITS + LONGEST_ENDING <= LONGEST_NAME {
        true => Ok(()),
        false => Err(too_long(target)),
    }
}

fn too_long(target: &Path) -> Error {
    let most = LONGEST_NAME - (prefix(Path::new("x")).len() - 1) - DIGITS - LONGEST_ENDING;
    let name = target.file_name().map_or(0, |name| name.to_string_lossy().len());
    Fault::at(target.display(), format!("the name is too long ({name} bytes), or the path is"))
        .expected(format!("a name of at most {most} bytes: it is written under a longer one first"))
        .advice("choose a shorter name")
        .code(Code::E73)
        .config()
}

/// Hidden, so that no reader takes it for the real thing.
pub(crate) fn prefix(target: &Path) -> String {
    let name = target.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    format!(".{name}{STAGING}")
}

/// Between the name of a target and the digits.
const STAGING: &str = ".staging-";

fn lock_path(base: &Path) -> PathBuf {
    let mut path = OsString::from(base);
    path.push(".lock");
    path.into()
}

/// Other than every earlier one, in any process: the system seeds every hasher anew.
fn random() -> u64 {
    let mut hasher = RandomState::new().build_hasher();
    hasher.write_u32(std::process::id());
    hasher.finish()
}

fn lost(target: &Path) -> Error {
    Fault::at(target.display(), "every name beside it that was tried is taken").internal()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_abandoned_when_its_owner_is_gone_and_only_then() {
        let folder = tempfile::tempdir().expect("folder");
        let target = folder.path().join("store");
        let held = Claim::beside(&target).expect("place");
        assert!(Claim::abandoned(&target).is_empty(), "its owner lives");
        assert!(is_held(&held.path("")) && is_held(&held.path(".lock")) && !is_held(&target));
        // What a killed process leaves: the file, without the lock.
        let left = folder.path().join(".store.staging-0123456789abcdef.lock");
        std::fs::write(&left, b"").expect("written");
        assert!(!is_held(&left));
        for other in [".store.staging-1.lock", ".other.staging-0123456789abcdef.lock", ".store.staging-elsewhere-7"] {
            std::fs::write(folder.path().join(other), b"").expect("written");
        }
        let found = Claim::abandoned(&target);
        assert!(found.len() == 1 && is_held(&left));
        assert_eq!(found[0].path(".replaced"), folder.path().join(".store.staging-0123456789abcdef.replaced"));
        assert!(Claim::abandoned(&target).is_empty(), "it has an owner again");
        drop(found);
        assert!(!left.exists());
        drop(held);
        assert_eq!(std::fs::read_dir(folder.path()).expect("folder").count(), 3, "the others are kept");
    }
}
