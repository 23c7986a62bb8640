//! Links of a group that lead to no object of this file. The reader passes them by as if nothing were there; whoever takes absence for an
//! answer has to ask here first. It follows none.

use hdf5_reader::Hdf5File;
use hdf5_reader::btree_v1::collect_btree_v1_leaves_storage;
use hdf5_reader::btree_v2::{BTreeV2Header, BTreeV2Record, collect_btree_v2_records_storage};
use hdf5_reader::error::Result;
use hdf5_reader::fractal_heap::FractalHeap;
use hdf5_reader::group::Group;
use hdf5_reader::io::Cursor;
use hdf5_reader::local_heap::LocalHeap;
use hdf5_reader::messages::HdfMessage;
use hdf5_reader::messages::link::{LinkMessage, LinkTarget, parse};
use hdf5_reader::messages::link_info::LinkInfoMessage;
use hdf5_reader::messages::symbol_table_msg::SymbolTableMessage;
use hdf5_reader::symbol_table::SymbolTableNode;

/// A link by name, not by address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NamedLink {
    /// Its name in the group.
    pub name: String,
    /// Where it leads, in words.
    pub leads: String,
}

/// Entries of an old group whose place in the heap is the value of a soft link.
const SOFT: u32 = 2;

/// The soft and external links of a group, whether they can be followed or not.
///
/// # Errors
/// What the structure of the group reports.
pub(super) fn named_links(file: &Hdf5File, group: &Group) -> Result<Vec<NamedLink>> {
    let header = file.get_or_parse_header(group.address())?;
    let mut found = Vec::new();
    for message in &header.messages {
        match message {
            HdfMessage::Link(link) => found.extend(named(link)),
            HdfMessage::LinkInfo(info) => found.extend(of_heap(group, info)?),
            HdfMessage::SymbolTable(table) => found.extend(of_symbols(group, table)?),
            _ => {}
        }
    }
    Ok(found)
}

fn named(link: &LinkMessage) -> Option<NamedLink> {
    let leads = match &link.target {
        LinkTarget::Hard { .. } => return None,
        LinkTarget::Soft { path } => to_path(path),
        LinkTarget::External { filename, path } => format!("is a link to {path} of another file, {filename}"),
    };
    Some(NamedLink { name: link.name.clone(), leads })
}

fn to_path(path: &str) -> String {
    format!("is a link to {path}, where nothing of this file is")
}

/// Links of a large group lie in a heap of their own.
fn of_heap(group: &Group, info: &LinkInfoMessage) -> Result<Vec<NamedLink>> {
    let (storage, offset_size, length_size) = (group.storage(), group.offset_size(), group.length_size());
    if Cursor::is_undefined_offset(info.fractal_heap_address, offset_size) {
        return Ok(Vec::new());
    }
    let heap = FractalHeap::parse_at_storage(storage, info.fractal_heap_address, offset_size, length_size)?;
    let tree = BTreeV2Header::parse_at_storage(storage, info.btree_name_index_address, offset_size, length_size)?;
    let records = collect_btree_v2_records_storage(storage, &tree, offset_size, length_size, None, &[], None)?;
    let mut found = Vec::new();
    for record in &records {
        let (BTreeV2Record::LinkNameHash { heap_id, .. } | BTreeV2Record::CreationOrder { heap_id, .. }) = record
        else {
            continue;
        };
        let bytes = heap.get_object_storage(heap_id, storage, offset_size, length_size)?;
        found.extend(named(&parse(&mut Cursor::new(&bytes), offset_size, length_size, bytes.len())?));
    }
    Ok(found)
}

/// Groups of the oldest form know soft links only.
fn of_symbols(group: &Group, table: &SymbolTableMessage) -> Result<Vec<NamedLink>> {
    let (storage, offset_size, length_size) = (group.storage(), group.offset_size(), group.length_size());
    let heap = LocalHeap::parse_at_storage(storage, table.heap_address, offset_size, length_size)?;
    let leaves =
        collect_btree_v1_leaves_storage(storage, table.btree_address, offset_size, length_size, None, &[], None)?;
    let of_entry = 2 * usize::from(offset_size) + 4 + 4 + 16;
    let mut found = Vec::new();
    for (_, address) in leaves {
        let head = storage.read_range(address, HEAD)?;
        let symbols = usize::from(u16::from_le_bytes([head.as_ref()[6], head.as_ref()[7]]));
        let bytes = storage.read_range(address, HEAD + symbols * of_entry)?;
        let node = SymbolTableNode::parse(&mut Cursor::new(bytes.as_ref()), offset_size, length_size)?;
        for entry in node.entries.iter().filter(|entry| entry.cache_type == SOFT) {
            let [a, b, c, d, ..] = entry.scratch;
            let target = heap.get_string_storage(u64::from(u32::from_le_bytes([a, b, c, d])), storage)?;
            let name = heap.get_string_storage(entry.link_name_offset, storage)?;
            found.push(NamedLink { name, leads: to_path(&target) });
        }
    }
    Ok(found)
}

/// Signature, version and number of entries of a node.
const HEAD: usize = 8;
