//! Names in an HDF5 file as text, whatever bytes they are. The reader refuses a whole group for one name that is not UTF-8, though
//! nobody may have asked for it. Here every byte that is none of a text becomes one sign, [`ILLEGIBLE`], before the reader sees it:
//! such a name is told and never taken for another. It knows three places of names, the heap of an old group, the header of a new one and
//! the blocks of a new one with many names, the last two with checksums; whatever is not exactly one of them is passed on as it is.

use hdf5_reader::checksum::jenkins_lookup3;
use hdf5_reader::error::Result;
use hdf5_reader::storage::{FileStorage, Storage, StorageBuffer};
use std::ops::Range;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

/// In place of a byte that is no part of a text: no writer uses the sign.
pub(super) const ILLEGIBLE: char = '\u{1a}';

/// A file whose names are text.
pub(super) struct LegibleFile {
    file: FileStorage,
    /// Where addresses count from: behind what stands before the HDF5 part.
    base: u64,
    /// Places of names of old groups, as their heaps tell them.
    names: Mutex<Vec<Range<u64>>>,
}

impl LegibleFile {
    /// Opens a file whose HDF5 part begins at `base`.
    pub fn open(path: &Path, base: u64) -> Result<Self> {
        Ok(LegibleFile { file: FileStorage::open(path)?, base, names: Mutex::default() })
    }

    /// Notes where the names of an old group are.
    fn note_heap(&self, head: &[u8]) {
        let Some((size, start)) = heap(head) else { return };
        let start = start.saturating_add(self.base);
        let place = start..start.saturating_add(size);
        let mut names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        if !names.contains(&place) {
            names.push(place);
        }
    }

    fn are_names(&self, offset: u64, len: usize) -> bool {
        let end = offset.saturating_add(len as u64);
        let names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        names.iter().any(|place| place.start <= offset && place.end == end)
    }
}

impl Storage for LegibleFile {
    fn len(&self) -> u64 {
        self.file.len()
    }

    fn read_range(&self, offset: u64, len: usize) -> Result<StorageBuffer> {
        let read = self.file.read_range(offset, len)?;
        let legible = match &read[..] {
            head if head.starts_with(b"HEAP") => {
                self.note_heap(head);
                None
            }
            header if header.starts_with(b"OHDR") || header.starts_with(b"OCHK") => legible_header(header),
            block if block.starts_with(b"FHDB") => legible_block(block),
            names if self.are_names(offset, len) => legible(names),
            _ => None,
        };
        Ok(legible.map_or(read, StorageBuffer::from_vec))
    }
}

/// Size and address of the names of an old group, from the head of its heap.
fn heap(head: &[u8]) -> Option<(u64, u64)> {
    let number = |at: usize| Some(u64::from_le_bytes(head.get(at..at + 8)?.try_into().ok()?));
    let is_heap = head.len() == 32 && head[4] == 0;
    is_heap.then_some((number(8)?, number(24)?))
}

/// Bytes with signs in place of those that are no text; `None` if all are.
fn legible(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut mended = Vec::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        mended.extend_from_slice(chunk.valid().as_bytes());
        mended.extend(chunk.invalid().iter().map(|_| ILLEGIBLE as u8));
    }
    (mended != bytes).then_some(mended)
}

/// A piece of the header of a new group with names that are text, and the checksum of that. `None` if nothing is to be changed, or if the
/// piece is damaged.
fn legible_header(piece: &[u8]) -> Option<Vec<u8>> {
    let (content, told) = piece.split_last_chunk()?;
    if jenkins_lookup3(content) != u32::from_le_bytes(*told) {
        return None;
    }
    let begin = if piece.starts_with(b"OHDR") { first_message(content)? } else { 4 };
    // Whether messages are numbered is told by the first piece alone: a walk that ends where the piece ends was right.
    let names = [false, true].into_iter().find_map(|numbered| link_names(content, begin, numbered))?;
    let mut mended = content.to_vec();
    for name in names {
        if let Some(text) = legible(&content[name.clone()]) {
            mended[name].copy_from_slice(&text);
        }
    }
    let checksum = jenkins_lookup3(&mended);
    mended.extend_from_slice(&checksum.to_le_bytes());
    (mended != piece).then_some(mended)
}

/// Where the messages of a header begin.
fn first_message(header: &[u8]) -> Option<usize> {
    let flags = *header.get(5).filter(|_| header[4] == 2)?;
    let times = if flags & 0x20 == 0 { 0 } else { 16 };
    let phases = if flags & 0x10 == 0 { 0 } else { 4 };
    Some(6 + times + phases + (1 << (flags & 3)))
}

/// Message of a link.
const LINK: u8 = 6;

/// Where names of links stand in a piece of a header; `None` if its messages do not fill it.
fn link_names(content: &[u8], begin: usize, numbered: bool) -> Option<Vec<Range<usize>>> {
    let head = if numbered { 6 } else { 4 };
    let (mut at, mut names) = (begin, Vec::new());
    // A gap at the end is shorter than a message.
    while at + head <= content.len() {
        let size = usize::from(u16::from_le_bytes([content[at + 1], content[at + 2]]));
        let message = content.get(at + head..at + head + size)?;
        if content[at] == LINK {
            let name = link_name(message)?;
            names.push(at + head + name.start..at + head + name.end);
        }
        at += head + size;
    }
    Some(names)
}

/// Where the checksum of a block of names stands, as every writer of groups lays it out: behind signature, version, the address of the heap
/// and four bytes of its place there.
const BLOCK_CHECKSUM: Range<usize> = 17..21;

/// A block of the names of a large new group with names that are text, and its checksum. `None` if nothing is to be changed, or if the block is
/// damaged or of another kind.
fn legible_block(block: &[u8]) -> Option<Vec<u8>> {
    let checksum = |block: &[u8]| {
        let mut blank = block.to_vec();
        blank[BLOCK_CHECKSUM].fill(0);
        jenkins_lookup3(&blank).to_le_bytes()
    };
    if *block.get(BLOCK_CHECKSUM)? != checksum(block) {
        return None;
    }
    let (mut mended, mut at) = (block.to_vec(), BLOCK_CHECKSUM.end);
    // Behind the last link is nothing that reads as one.
    while let Some((name, end)) = block.get(at..).and_then(link) {
        if let Some(text) = legible(&block[at..][name.clone()]) {
            mended[at..][name].copy_from_slice(&text);
        }
        at += end;
    }
    if mended == block {
        return None;
    }
    let told = checksum(&mended);
    mended[BLOCK_CHECKSUM].copy_from_slice(&told);
    Some(mended)
}

/// Where the name stands in the link that some bytes begin with, and where that ends.
fn link(bytes: &[u8]) -> Option<(Range<usize>, usize)> {
    let name = link_name(bytes)?;
    let kind = if bytes[1] & 8 == 0 { 0 } else { bytes[2] };
    let target = match kind {
        0 => 8,
        _ => 2 + usize::from(u16::from_le_bytes(bytes.get(name.end..name.end + 2)?.try_into().ok()?)),
    };
    let end = name.end + target;
    (!name.is_empty() && end <= bytes.len()).then_some((name, end))
}

/// Where the name stands in the message of a link.
fn link_name(message: &[u8]) -> Option<Range<usize>> {
    let flags = *message.get(1).filter(|_| message.first() == Some(&1))?;
    let of = |bit: u8, bytes: usize| if flags & bit == 0 { 0 } else { bytes };
    let (at, width) = (2 + of(8, 1) + of(4, 8) + of(16, 1), 1 << (flags & 3));
    let mut length = [0; 8];
    length[..width].copy_from_slice(message.get(at..at + width)?);
    let start = at + width;
    let end = start.checked_add(usize::try_from(u64::from_le_bytes(length)).ok()?)?;
    (end <= message.len()).then_some(start..end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_of_many_names_is_mended_with_its_checksum_and_a_damaged_one_is_not() {
        let sealed = |name: &[u8]| {
            let mut block = [&b"FHDB"[..], &[0; 17]].concat();
            for (k, name) in [&b"plain"[..], name, b"last"].into_iter().enumerate() {
                // With an order of creation; the second one leads to a path.
                let soft = k == 1;
                block.extend_from_slice(&[1, if soft { 12 } else { 4 }]);
                block.extend_from_slice(if soft { &[1] } else { &[] });
                block.extend_from_slice(&[0; 8]);
                block.push(name.len() as u8);
                block.extend_from_slice(name);
                block.extend_from_slice(if soft { &[2, 0, b'/', b'a'] } else { &[7; 8] });
            }
            block.extend_from_slice(&[0; 40]);
            let told = jenkins_lookup3(&block).to_le_bytes();
            block[BLOCK_CHECKSUM].copy_from_slice(&told);
            block
        };
        assert_eq!(legible_block(&sealed(b"text")), None);
        assert_eq!(legible_block(&sealed(b"caf\xe9")), Some(sealed(b"caf\x1a")));
        let whole = sealed(b"caf\xe9");
        assert!((0..whole.len()).all(|len| legible_block(&whole[..len]).is_none()));
        let mut damaged = whole;
        damaged[30] ^= 1;
        assert_eq!(legible_block(&damaged), None);
    }

    #[test]
    fn bytes_that_are_no_text_become_signs_and_the_others_stay() {
        assert_eq!(legible("c2_\u{e9}".as_bytes()), None);
        assert_eq!(legible(b"caf\xe9\0c2").as_deref(), Some(&b"caf\x1a\0c2"[..]));
        assert_eq!(legible(b"\xff\xfe\xc3").as_deref(), Some(&b"\x1a\x1a\x1a"[..]));
    }

    #[test]
    fn a_header_is_mended_with_its_checksum_and_a_damaged_one_is_not() {
        let sealed = |name: &[u8]| {
            let mut header = b"OHDR\x02\x00\x00".to_vec();
            for name in [&b"plain"[..], name] {
                let link = [&[1, 0, name.len() as u8][..], name, &[0; 8]].concat();
                header.extend_from_slice(&[LINK, link.len() as u8, 0, 0]);
                header.extend_from_slice(&link);
            }
            let checksum = jenkins_lookup3(&header);
            [header, checksum.to_le_bytes().to_vec()].concat()
        };
        assert_eq!(legible_header(&sealed(b"text")), None);
        assert_eq!(legible_header(&sealed(b"caf\xe9")), Some(sealed(b"caf\x1a")));
        let mut damaged = sealed(b"caf\xe9");
        damaged[20] ^= 1;
        assert_eq!(legible_header(&damaged), None);
        let whole = sealed(b"caf\xe9");
        assert!((0..whole.len()).all(|len| legible_header(&whole[..len]).is_none()));
    }
}
