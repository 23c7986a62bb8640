//! The codes of errors and warnings: `homodyne explain E17`. It does not know where a code is raised.

use crate::error::explanation::{Explanation, bins, configuration, files, matrices, selection, stores};
use std::fmt;

/// Makes the type from one line per code: a code without an explanation does not compile.
macro_rules! codes {
    ($($code:ident $group:ident $title:literal;)+) => {
        /// The code of an error or warning, `[E17]` in its line.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Code {
            $(#[doc = $title] $code,)+
        }

        impl Code {
            /// Every code, in ascending order.
            pub const ALL: &[Code] = &[$(Code::$code),+];

            /// What is wrong, in a few words.
            #[must_use]
            pub fn title(self) -> &'static str {
                match self { $(Code::$code => $title),+ }
            }

            /// What it means, why it happens and what to do.
            #[must_use]
            pub fn explanation(self) -> &'static Explanation {
                match self { $(Code::$code => &$group::$code),+ }
            }
        }
    };
}

// E01 to E59 are for data files, E60 to E69 for configurations and the command line, from E70 on for what the program has
// written itself.
codes! {
    E01 files "there is no such file, or it is something else than a file";
    E02 files "the file is empty";
    E03 files "the file is of another kind";
    E04 files "the file is incomplete or damaged";
    E05 files "reading the file is not permitted";
    E06 files "no two-time data in a layout that is read";
    E07 files "the file holds g2 only, no two-time data";
    E08 bins "the group of matrices is empty";
    E09 bins "matrices and processed bins do not match";
    E10 bins "a bin label lies outside the map of bins";
    E11 bins "the mapping from labels to bins is missing";
    E12 bins "the mapping from labels to bins is corrupt";
    E13 bins "the lists of bin centres have other lengths than declared";
    E14 bins "the axes of the map are not q and phi";
    E15 matrices "a matrix is not square";
    E16 matrices "the matrices have different numbers of frames";
    E17 matrices "both triangles of a matrix are filled and differ";
    E18 matrices "a matrix holds no data";
    E19 matrices "values of an unusual type";
    E20 matrices "values that are not finite";
    E21 matrices "empty frames";
    E22 matrices "values that no correlation can have";
    E23 matrices "the baseline is not 1";
    E25 selection "the frame interval is missing or impossible";
    E26 selection "the frame interval of the configuration is not that of the file";
    E27 selection "stride or average is missing";
    E29 selection "the range of frames does not fit the file";
    E30 selection "no bin at the wanted q";
    E31 selection "q looks like a slip of units";
    E32 selection "no angle in the wanted ranges";
    E33 bins "q or phi of a used bin is not a number";
    E34 bins "two matrices for one q and phi";
    E36 files "the data are compressed with an unknown filter";
    E37 files "a dataset cannot be opened";
    E38 files "reading needs more memory than is available";
    E39 files "a size that cannot be true";
    E40 files "the file changed while it was read";
    E47 files "two layouts in one file";
    E51 bins "a list or number that the layout needs is missing or has another shape";
    E60 configuration "the configuration is not readable YAML";
    E61 configuration "an unknown key";
    E62 configuration "a value is missing or cannot be used";
    E63 configuration "impossible bounds, fixed value or start of a parameter";
    E64 configuration "the model overflows at the start";
    E65 configuration "the scaling does not fit the number of angles";
    E66 configuration "the strategy needs more memory than there is";
    E70 stores "the place of the store is taken";
    E71 stores "the manifest of a store cannot be used";
    E72 stores "a partition of a store is damaged";
    E73 stores "the operating system refused to read or write";
    E74 stores "the checkpoint cannot be read";
    E75 stores "the checkpoint belongs to another fit";
    E76 stores "the store holds other data than the configuration asks for";
    E77 stores "the place of the results is taken";
    E78 stores "the place of a file is taken";
    E79 stores "a table that is to be adopted has not the columns of pairs";
    E80 stores "tables that are to be adopted contradict themselves, or leave out what is needed";
}

impl Code {
    /// The code that people write as "E17", "e17" or "17".
    ///
    /// # Errors
    /// Without such a code, the ones before and after it.
    pub fn find(text: &str) -> Result<Code, Vec<Code>> {
        let name = format!("E{:0>2}", text.trim_start_matches(['E', 'e']));
        let found = Self::ALL.binary_search_by_key(&name, Code::to_string);
        found.map(|at| Self::ALL[at]).map_err(|at| {
            let neighbours = at.saturating_sub(1)..(at + 1).min(Self::ALL.len());
            Self::ALL[neighbours].to_vec()
        })
    }
}

impl fmt::Display for Code {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, out)
    }
}
