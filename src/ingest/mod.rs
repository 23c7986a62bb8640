//! From a beamline file to a store: which data it holds, which of it is wanted, whether it can be trusted.
//!
//! | file | job |
//! | --- | --- |
//! | `request` | what is asked for, what became of it |
//! | `files` | what kind of file it is, reading it |
//! | `layouts` | which beamline layout it is, its bins and frame interval |
//! | `survey` | what the metadata promise, without reading a matrix |
//! | `selection` | which bins and frames are wanted |
//! | `matrix` | one correlation matrix to pairs: shape, type, triangle |
//! | `usable` | one map, whatever it was read from: all that follows |
//! | `frames` | frames and values that are not data |
//! | `intensity` | frames without recorded intensity |
//! | `coincidences` | zeros that are data |
//! | `diagonal` | what stands on the diagonal, and whether it tells anything |
//! | `lines` | differences in which what changes slowly cancels |
//! | `rounding` | how finely values are written |
//! | `sigma` | the standard deviation of one value |
//! | `white` | whether neighbouring values share their noise |
//! | `told_once` | warnings that maps have in common |
//! | `merge` | nearly identical angles as one |
//! | `chosen` | what a selection takes of a file, however it is written |
//! | `job` | all of it, one matrix per worker |
//! | `reuse` | whether the store is there already |
//! | `convert` | a file to a store, or the store that is there |
//! | `adopt` | tables of other Arrow tools to a store |
//! | `inspect` | what a file or store holds, for people |

pub mod adopt;
pub mod chosen;
pub mod coincidences;
pub mod convert;
pub mod diagonal;
pub mod files;
pub mod frames;
pub mod inspect;
pub mod intensity;
pub mod job;
pub mod layouts;
pub mod lines;
pub mod matrix;
pub mod merge;
pub mod request;
pub mod reuse;
pub mod rounding;
pub mod selection;
pub mod sigma;
pub mod survey;
mod told_once;
mod usable;
pub mod white;
