//! Explanations of what is wrong with files that this program writes: stores, checkpoints, results.

use crate::error::explanation::Explanation;

pub(in crate::error) const E70: Explanation = Explanation {
    meaning: "A store takes the place of nothing, of an empty folder, or of an earlier store that holds nothing else and may be lost: \
              one of the same data, of an earlier state of the same source, or one that can be made again. What is there is something \
              else: a folder or file of yours, a store with other files in it, one whose source is gone, or one that does not tell any \
              more what it was made from. `homodyne stores remove` keeps stores with other files for the same reason.",
    cause: "--store, `store.directory` or --out names a folder of yours, often the one with the data, or a folder inside a store; files \
            were put into a store; or _manifest.json of a store was damaged.",
    remedies: &[
        "Name a folder that does not exist yet, for instance one below a folder of yours (but not below a store).",
        "Move files that are not the store's out of it.",
        "If it is a store that is not needed any more, remove the folder and run the same command again.",
    ],
};

pub(in crate::error) const E71: Explanation = Explanation {
    meaning: "The file _manifest.json of a store says what its partitions hold. It is damaged or incomplete, or another \
              version of the program wrote it in another form.",
    cause: "An update of the program, a copy that was broken off, or a manifest that was edited.",
    remedies: &["Make the store anew from the data file with `homodyne ingest`; `homodyne run` does so by itself."],
};

pub(in crate::error) const E72: Explanation = Explanation {
    meaning: "A file of the store is not the one that was written, or is not there: its length, its checksum or its inner structure is \
              another. What it holds cannot be trusted.",
    cause: "A copy that was broken off, a failing disk, or another program that has changed the file, maybe while it was fitted.",
    remedies: &[
        "Make the store anew from what it was made from with `homodyne ingest --force` (or `homodyne adopt --force`): nothing else \
         replaces it.",
        "If you have edited it on purpose with another tool, copy it away and seal the copy with `homodyne adopt`: edits in place \
         are lost when the store is made anew.",
        "If it happens again, check the disk: `homodyne inspect STORE --verify` compares every checksum.",
    ],
};

pub(in crate::error) const E73: Explanation = Explanation {
    meaning: "Reading or writing a file or folder has failed. The reason of the operating system stands at the end of \
              the message.",
    cause: "A full disk or quota, a folder that you may not write to, a disk that was taken away, or a file where a \
            folder is needed.",
    remedies: &[
        "Check the free space with `df -h` and your quota.",
        "Write elsewhere: `output.directory` for results, `store.directory` for stores.",
        "What was being written has left nothing half-done; run the same command again.",
    ],
};

pub(in crate::error) const E74: Explanation = Explanation {
    meaning: "The checkpoint that --resume should go on from is there and cannot be read.",
    cause: "The file was edited or copied in part, or another version of the program wrote it.",
    remedies: &["Start again: run the same command without --resume."],
};

pub(in crate::error) const E75: Explanation = Explanation {
    meaning: "The checkpoint that --resume should go on from was made with another configuration, store or version of \
              the program, or does not follow from them. The result would be neither of the two fits, so it is refused; \
              the checkpoint is kept.",
    cause: "A key was changed between the interruption and --resume, the store was made anew with another selection, or \
            the program was updated.",
    remedies: &[
        "To go on, use the configuration, the store and the program that the checkpoint was made with.",
        "To start again with what is in force now, run without --resume.",
    ],
};

pub(in crate::error) const E76: Explanation = Explanation {
    meaning: "The store is whole, but it was made from another file or another selection than the configuration's. A fit of it \
              would be the answer to another question, so it is refused; the message names every difference. Selections are \
              compared by what they take of the source, not by how they are written; where neither the store nor a source \
              that is there tells whether that is the same, the message says what is not known.",
    cause: "--store names the store of another configuration, a key about the data was changed since the store was made, or the \
            data file was replaced. A data file that is gone is told by its name alone. `homodyne run` and `homodyne ingest` give a named place to the same data in another form and to a \
            later state of the same file, and to nothing else. So does `homodyne adopt`, to tables with the same q, frame interval, \
            number of frames and gap.",
    remedies: &[
        "Keep both: give the configuration a store of its own in `store.directory` or with --store, or leave that out: then every \
         selection has its own.",
        "If the store is not needed any more, remove it (`homodyne stores remove`) and run the same command again.",
        "To fit the store as it is, set the keys of the message to the store's values.",
        "A store that was adopted from tables is no store of a beamline file: leave `experimental_data.file_path` out (--set \
         experimental_data.file_path=null), or name the tables that it was adopted from.",
    ],
};

pub(in crate::error) const E77: Explanation = Explanation {
    meaning: "The folder that is to hold the results exists and holds something that is no result of this program. Results take the \
              place of earlier results, and of nothing else.",
    cause: "Figures or notes were put into the folder of a run, or `output.directory` holds a folder of yours with that name.",
    remedies: &["Move your files out of the folder of the run.", "Choose another `output.directory`."],
};

pub(in crate::error) const E78: Explanation = Explanation {
    meaning: "The file that is to be written exists. Files take the place of earlier ones only on request, and never that of a link, a \
              folder or a device.",
    cause: "The same command was run before with the same name, or the name is that of something else.",
    remedies: &["Choose another name.", "Replace the earlier file with --force."],
};

pub(in crate::error) const E79: Explanation = Explanation {
    meaning: "`homodyne adopt` makes a store of Parquet and Arrow IPC tables of other tools. A table has c2 and says which pair of frames a \
              row is: by i and j (whole numbers from 0), by t1 and t2 (seconds from the first frame), or by its order alone, if c2 \
              stands by itself and every pair is there. This folder has no table, or a table has other columns or other types.",
    cause: "The columns have names of their own, an average has renamed c2, one of a pair of columns was dropped, or numbers became text.",
    remedies: &[
        "Rename the columns to i, j, t1, t2, c2, phi (degrees), sigma; others are not looked at.",
        "Cast c2 to f32 or f64.",
        "Name the folder with the tables; names that begin with a dot or an underscore are passed by.",
    ],
};

pub(in crate::error) const E80: Explanation = Explanation {
    meaning: "Every row must be a pair of frames that there are, once for each angle (i > j is the same pair as j < i; a frame with itself \
              is left out), times must be multiples of the frame interval from the first frame, sigma must be one per angle. q, frame \
              interval, frames and angles must be told, by columns, folders, schema or options, and whoever tells them must tell the \
              same. Nothing is guessed.",
    cause: "Repeats were put together without averaging them, both triangles of a matrix were written, frames count from 1, a tool has \
            dropped the metadata of the schema (Polars and DuckDB do) or has copied those of another table, or tables of two \
            measurements lie in one folder.",
    remedies: &[
        "Average repeats (group by phi, i, j) before the tables are adopted, and keep one of two triangles.",
        "Say what the tables do not: --q (1/angstrom), --dt (s), --frames, --gap (angstrom).",
        "Where the metadata of the schema are those of another table, write the tables without them.",
        "Adopt the tables of one q at a time.",
    ],
};
