//! From a beamline file to a store: which data it holds, which of it is wanted, whether it can be trusted.
//!
//! | file | job |
//! | --- | --- |
//! | `signature` | what kind of file it is, by its first bytes |
//! | `hdf5` | reads HDF5 objects, with errors that name file and path |
//! | `layout` | which beamline layout it is, by content |
//! | `aps_u`, `aps_legacy` | the table of bins (matrix, q, phi) and the frame interval of a layout |
//! | `request` | what is asked for, what became of it |
//! | `selection` | which bins and frames are wanted |
//! | `matrix` | one correlation matrix to pairs: shape, type, triangle |
//! | `frames` | frames and values that are not data |
//! | `noise` | the standard deviation of one value |
//! | `survey` | what the metadata promise, without reading a matrix |
//! | `merge` | nearly identical angles as one |
//! | `convert` | all of it, one matrix per worker, into a store |
//! | `inspect` | what a file or store holds, for people |

pub mod aps_legacy;
pub mod aps_u;
pub mod bins;
pub mod convert;
pub mod frames;
pub mod hdf5;
pub mod inspect;
pub mod layout;
pub mod matrix;
pub mod merge;
pub mod noise;
pub mod request;
pub mod selection;
pub mod signature;
pub mod survey;
