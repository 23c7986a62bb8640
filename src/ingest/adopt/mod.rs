//! Tables that another Arrow tool has written or edited, to a store: which rows are pairs of which angle, and what is told of them.
//!
//! | file | job |
//! | --- | --- |
//! | `request` | what is asked for |
//! | `sources` | which files there are, and their content |
//! | `table` | one file: its schema, and its rows batch by batch |
//! | `numbers` | a column as numbers, whatever its type |
//! | `columns` | which columns say what |
//! | `facts` | q, frame interval, frames and gap, from all that tell them |
//! | `extent` | one pass over a table: its angles, its frames |
//! | `survey` | all tables: the angles and what they share |
//! | `rows` | rows of a batch as pairs |
//! | `triangle` | the pairs of one angle, in pair order |
//! | `job` | angle by angle into partitions |
//! | `convert` | a folder to a store, or the store that is there |

mod columns;
pub mod convert;
mod extent;
mod facts;
mod job;
mod numbers;
pub mod request;
mod rows;
pub mod sources;
mod survey;
mod table;
mod triangle;
