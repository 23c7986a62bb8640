//! The judgement (`judge`), the bounds that are met (`bounds`), and a solution as plain data (`describe`).

pub mod bounds;
pub mod describe;
pub mod judge;
