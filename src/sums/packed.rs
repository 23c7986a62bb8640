//! Places in a packed triangle.

/// Number of entries of a packed triangle.
#[must_use]
pub fn packed_len(width: usize) -> usize {
    width * (width + 1) / 2
}

/// Position of entry (row, col), row <= col, in a packed triangle.
#[must_use]
pub fn packed_index(width: usize, row: usize, col: usize) -> usize {
    row * width - row * (row + 1) / 2 + col
}
