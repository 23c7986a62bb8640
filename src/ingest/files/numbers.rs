//! Values of HDF5 datasets, whatever their width and byte order. It names no place.

use hdf5_reader::error::Error as ReaderError;
use hdf5_reader::{Dataset, Datatype};

/// Labels of a map beyond this are not believed.
const MOST_LABELS: usize = 1 << 24;

/// How often each whole number from 0 occurs, in the dataset's own width: a map of a detector is long.
pub(super) fn count_labels(dataset: &Dataset) -> std::result::Result<Vec<u64>, ReaderError> {
    macro_rules! count {
        ($($type:ty),+; $dtype:expr) => {
            match $dtype {
                $(kind if *kind == matching::<$type>(kind) => {
                    let mut counts = Vec::new();
                    for &label in &dataset.read_array::<$type>()? {
                        let Some(label) = usize::try_from(label).ok().filter(|&label| label < MOST_LABELS) else { continue };
                        if label >= counts.len() {
                            counts.resize(label + 1, 0);
                        }
                        counts[label] += 1;
                    }
                    counts
                })+
                other => return Err(ReaderError::Other(format!("{}, not whole numbers", kind_in_words(other)))),
            }
        };
    }
    Ok(count!(u8, u16, u32, u64, i8, i16, i32, i64; dataset.dtype()))
}

/// All values of a real dataset, widened.
pub(super) fn read_numbers(dataset: &Dataset) -> std::result::Result<Vec<f64>, ReaderError> {
    macro_rules! widen {
        ($($type:ty),+; $dtype:expr) => {
            match $dtype {
                $(kind if *kind == matching::<$type>(kind) => {
                    dataset.read_array::<$type>()?.iter().map(|&value| value as f64).collect()
                })+
                other => return Err(ReaderError::Other(format!("{}, not real numbers", kind_in_words(other)))),
            }
        };
    }
    Ok(widen!(f32, f64, u8, u16, u32, u64, i8, i16, i32, i64; dataset.dtype()))
}

/// What values of a type are, if they are no numbers that are read.
pub(in crate::ingest) fn kind_in_words(kind: &Datatype) -> &'static str {
    match kind {
        Datatype::Compound { .. } => "compound or complex values",
        Datatype::String { .. } | Datatype::VarLen { .. } => "text",
        Datatype::FixedPoint { .. } | Datatype::FloatingPoint { .. } => "numbers of another width",
        _ => "values that are not numbers",
    }
}

/// Whether values of a type are real numbers.
pub(super) fn are_numbers(kind: &Datatype) -> bool {
    matches!(kind, Datatype::FixedPoint { .. } | Datatype::FloatingPoint { .. })
}

/// The HDF5 type of `T` in the byte order of `kind`.
fn matching<T: hdf5_reader::H5Type>(kind: &Datatype) -> Datatype {
    let order = match kind {
        Datatype::FixedPoint { byte_order, .. } | Datatype::FloatingPoint { byte_order, .. } => Some(*byte_order),
        _ => None,
    };
    match (T::hdf5_type(), order) {
        (Datatype::FixedPoint { size, signed, .. }, Some(byte_order)) => {
            Datatype::FixedPoint { size, signed, byte_order }
        }
        (Datatype::FloatingPoint { size, .. }, Some(byte_order)) => Datatype::FloatingPoint { size, byte_order },
        (other, _) => other,
    }
}
