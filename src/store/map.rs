//! Maps a partition into memory, and notices when another program cuts the file short meanwhile. The one file with `unsafe`.
//!
//! Reading a mapped page behind the end of its file raises SIGBUS, which would end the process. The handler here puts empty pages where
//! the file no longer is and notes it, if the page is one of ours; whoever has read asks [`MappedFile::is_whole`] before believing
//! what was read. Every other fault goes to the handler that was there before.
#![allow(unsafe_code)]

use crate::error::{Result, io_at};
use crate::machine::file_identity::FileIdentity;
use bytes::Bytes;
use libc::{c_int, c_void, siginfo_t};
use std::fs::File;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

/// A file, mapped read-only.
#[derive(Debug)]
pub struct MappedFile {
    map: memmap2::Mmap,
    file: File,
    watched: &'static Watched,
}

impl MappedFile {
    /// Maps a file that was opened at `path`.
    ///
    /// # Errors
    /// Io if it cannot be mapped.
    pub fn of(file: File, path: &Path) -> Result<Arc<Self>> {
        // SAFETY: the mapping is read-only and private to this process's view; a published store is never written again (it is
        // replaced as a whole directory by rename), so the bytes do not change while they are mapped. If another program cuts the
        // file short all the same, pages behind its end become empty ones: no read goes astray, and `is_whole` tells.
        let map = unsafe { memmap2::Mmap::map(&file) }.map_err(io_at(path))?;
        PREVIOUS.get_or_init(install);
        let watched = Watched::begin(map.as_ptr() as usize, map.len());
        Ok(Arc::new(MappedFile { map, file, watched }))
    }

    /// The bytes, shared by reference count.
    #[must_use]
    pub fn bytes(self: &Arc<Self>) -> Bytes {
        Bytes::from_owner(Shared(Arc::clone(self)))
    }

    /// What the file system says of the file now, and whether its name is gone.
    ///
    /// # Errors
    /// Of the system.
    pub fn identity(&self) -> std::io::Result<(FileIdentity, bool)> {
        FileIdentity::of_open(&self.file)
    }

    /// Whether all that was read so far was the file's: it has never been shorter than its map. Costs one system call.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        let is_as_long = self.file.metadata().is_ok_and(|metadata| metadata.len() >= self.map.len() as u64);
        is_as_long && !self.watched.is_short.load(Ordering::Acquire)
    }
}

impl Drop for MappedFile {
    /// Before the map goes: its addresses may be another's at once.
    fn drop(&mut self) {
        self.watched.end();
    }
}

/// A map as an owner of bytes.
struct Shared(Arc<MappedFile>);

impl AsRef<[u8]> for Shared {
    fn as_ref(&self) -> &[u8] {
        &self.0.map
    }
}

/// Addresses of one map, in a list that a signal handler can read: entries are used again but never removed.
#[derive(Debug)]
struct Watched {
    taken: AtomicBool,
    /// First address; 0 while nothing is watched.
    start: AtomicUsize,
    len: AtomicUsize,
    is_short: AtomicBool,
    next: Option<&'static Watched>,
}

/// The list, the newest entry first.
static NEWEST: AtomicPtr<Watched> = AtomicPtr::new(std::ptr::null_mut());

impl Watched {
    fn all() -> impl Iterator<Item = &'static Watched> {
        // SAFETY: entries are leaked boxes, never changed but through their atomics: a pointer that was stored stays valid.
        let newest = unsafe { NEWEST.load(Ordering::Acquire).as_ref() };
        std::iter::successors(newest, |watched| watched.next)
    }

    fn begin(start: usize, len: usize) -> &'static Watched {
        let is_free = |watched: &&Watched| !watched.taken.swap(true, Ordering::AcqRel);
        let watched = Watched::all().find(is_free).unwrap_or_else(Watched::another);
        watched.is_short.store(false, Ordering::Release);
        watched.len.store(len, Ordering::Release);
        watched.start.store(start, Ordering::Release);
        watched
    }

    fn end(&self) {
        self.start.store(0, Ordering::Release);
        self.taken.store(false, Ordering::Release);
    }

    /// One entry more, taken.
    fn another() -> &'static Watched {
        let mut entry = Box::new(Watched {
            taken: AtomicBool::new(true),
            start: AtomicUsize::new(0),
            len: AtomicUsize::new(0),
            is_short: AtomicBool::new(false),
            next: None,
        });
        loop {
            let newest = NEWEST.load(Ordering::Acquire);
            // SAFETY: as in `all`.
            entry.next = unsafe { newest.as_ref() };
            let entry_ptr = Box::into_raw(entry);
            if NEWEST.compare_exchange(newest, entry_ptr, Ordering::AcqRel, Ordering::Acquire).is_ok() {
                // SAFETY: it was leaked just now and is never freed.
                return unsafe { &*entry_ptr };
            }
            // SAFETY: nobody else has seen it.
            entry = unsafe { Box::from_raw(entry_ptr) };
        }
    }

    /// Puts empty pages from the one with `address` to the end, if it lies inside. Only what a signal handler may do.
    fn blank_from(&self, address: usize) -> bool {
        let (start, len) = (self.start.load(Ordering::Acquire), self.len.load(Ordering::Acquire));
        if start == 0 || !(start..start + len).contains(&address) {
            return false;
        }
        let page = address - address % PAGE_BYTES.load(Ordering::Relaxed).max(1);
        let flags = libc::MAP_FIXED | libc::MAP_PRIVATE | libc::MAP_ANON;
        // SAFETY: the pages lie inside a map that its owner keeps while it reads, and that nobody writes to; the system call is one
        // that signal handlers may make.
        let blank = unsafe { libc::mmap(page as *mut c_void, start + len - page, libc::PROT_READ, flags, -1, 0) };
        self.is_short.store(true, Ordering::Release);
        blank != libc::MAP_FAILED
    }
}

/// Size of a page, known before the handler is installed.
static PAGE_BYTES: AtomicUsize = AtomicUsize::new(0);
/// What handled SIGBUS before.
static PREVIOUS: OnceLock<libc::sigaction> = OnceLock::new();

fn install() -> libc::sigaction {
    // SAFETY: plain queries and a handler that only does what handlers may do; both structures are valid for the call.
    unsafe {
        PAGE_BYTES.store(usize::try_from(libc::sysconf(libc::_SC_PAGESIZE)).unwrap_or(1), Ordering::Relaxed);
        let mut action: libc::sigaction = std::mem::zeroed();
        let mut previous: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = on_fault as *const () as usize;
        action.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK;
        libc::sigaction(libc::SIGBUS, &action, &mut previous);
        previous
    }
}

extern "C" fn on_fault(signal: c_int, info: *mut siginfo_t, context: *mut c_void) {
    // SAFETY: the system hands a valid structure to handlers that ask for it.
    let address = unsafe { (*info).si_addr() } as usize;
    if !Watched::all().any(|watched| watched.blank_from(address)) {
        pass_on(signal, info, context);
    }
}

/// A fault that is not ours.
fn pass_on(signal: c_int, info: *mut siginfo_t, context: *mut c_void) {
    // SAFETY: the previous handler is called as it asked to be; without one the default action follows when the read is repeated.
    unsafe {
        match PREVIOUS.get().filter(|previous| ![libc::SIG_DFL, libc::SIG_IGN].contains(&previous.sa_sigaction)) {
            None => drop(libc::signal(signal, libc::SIG_DFL)),
            Some(previous) if previous.sa_flags & libc::SA_SIGINFO != 0 => {
                let call: extern "C" fn(c_int, *mut siginfo_t, *mut c_void) =
                    std::mem::transmute(previous.sa_sigaction);
                call(signal, info, context);
            }
            Some(previous) => {
                let call: extern "C" fn(c_int) = std::mem::transmute(previous.sa_sigaction);
                call(signal);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_cut_short_reads_as_zeros_and_says_so_any_number_of_times() {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("file");
        let content = vec![7_u8; 1 << 20];
        for kept in [0, 10_000, 1 << 19, (1 << 20) - 1] {
            std::fs::write(&path, &content).expect("written");
            let mapped = MappedFile::of(File::open(&path).expect("there"), &path).expect("mapped");
            let untouched = MappedFile::of(File::open(&path).expect("there"), &path).expect("mapped");
            let bytes = mapped.bytes();
            assert!(mapped.is_whole() && bytes[..kept].iter().all(|&byte| byte == 7));
            File::options().write(true).open(&path).and_then(|file| file.set_len(kept as u64)).expect("cut");
            assert_eq!(bytes.iter().filter(|&&byte| byte == 7).count(), kept);
            assert!(!mapped.is_whole() && !untouched.is_whole());
            std::fs::write(&path, &content).expect("long again");
            let is_noticed = kept.div_ceil(4096) < (1 << 20) / 4096;
            assert_eq!(mapped.is_whole(), !is_noticed, "what was read were not the file's bytes");
            assert!(untouched.is_whole(), "of this nothing was read");
            drop((bytes, mapped));
        }
    }
}
