//! The judgement (`judge`), the test of fit behind it (`lack_of_fit`, in `words`; single frames: `frame_scatter`), the bounds that
//! are met (`bounds`), and a solution as plain data (`describe`).

pub mod bounds;
pub mod describe;
mod frame_scatter;
pub mod judge;
pub mod lack_of_fit;
mod words;
