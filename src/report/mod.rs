//! Results as files and text. It computes nothing: it takes plain data and writes them.

pub mod curves;
pub mod decay;
pub mod figures;
pub mod judgement;
pub mod page;
pub mod pairs;
pub mod posterior_curves;
pub mod posterior_cuts;
pub mod posterior_section;
pub mod shell;
pub mod table_page;
pub mod tables;
