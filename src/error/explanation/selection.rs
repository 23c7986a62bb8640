//! Explanations of what is wrong between a file and what is wanted of it: time, frames, q, angles.

use crate::error::explanation::Explanation;

pub(in crate::error) const E25: Explanation = Explanation {
    meaning: "All times follow from the time between two frames, dt, which is read from the file as frame time x stride \
              x average. One of the three is zero, negative or not a number, or the file has no frame time. A guess \
              would scale every result, so there is none.",
    cause: "The metadata of the detector were not written, or were lost when the file was converted.",
    remedies: &[
        "Give `analyzer_parameters.dt`, in seconds between the frames of the correlation (after stride and average).",
        "If the file holds an impossible value, set `experimental_data.dt_override: true` as well.",
    ],
};

pub(in crate::error) const E26: Explanation = Explanation {
    meaning: "The configuration gives a dt, the file another one, and they differ by more than one part in a million. \
              The message shows how the file's is made up.",
    cause: "The configuration was written for another measurement, or gives the frame time of the detector although the \
            correlation has used every n-th frame (stride) or averaged frames.",
    remedies: &[
        "Leave `analyzer_parameters.dt` out, or set it to null: then the file's value is used.",
        "If you know that the file is wrong, set `experimental_data.dt_override: true`.",
    ],
};

pub(in crate::error) const E27: Explanation = Explanation {
    meaning: "The file does not say whether frames were skipped (stride) or averaged. 1 is assumed for what is missing. \
              This is a warning.",
    cause: "The correlation has not written its settings, as older versions do not.",
    remedies: &[
        "If every frame was used as it is, all is well.",
        "Otherwise give the true `analyzer_parameters.dt` with `experimental_data.dt_override: true`: every rate and \
         diffusion coefficient scales with it.",
    ],
};

pub(in crate::error) const E29: Explanation = Explanation {
    meaning: "The range of frames begins before the first frame, ends after the last one or leaves fewer than three. \
              Ranges are never cut to fit.",
    cause: "The configuration was written for a longer measurement, or counts from 0. Frames count from 1, and the last \
            one is included.",
    remedies: &[
        "Set `analyzer_parameters.start_frame` and `analyzer_parameters.end_frame` within the range that the message \
         names; an end of -1 means the last frame.",
    ],
};

pub(in crate::error) const E30: Explanation = Explanation {
    meaning: "No bin of the file lies near the wanted q. Near is: within 5 percent \
              (`experimental_data.q_tolerance`), and nearer to this bin than half the way to the next one. The nearest \
              is never taken silently, because every result scales with q squared.",
    cause: "A slip in the value or its unit (q is in 1/angstrom; 1/nm is ten times as large), or another partition than \
            thought.",
    remedies: &[
        "Take one of the values that the message names for `analyzer_parameters.scattering.wavevector_q`.",
        "`homodyne inspect FILE` lists every q; `homodyne run CONFIG --q all` fits them all.",
    ],
};

pub(in crate::error) const E31: Explanation = Explanation {
    meaning: "A q of the map lies outside 1e-5 to 10 1/angstrom, which photon correlation does not reach: it is used as \
              it is, with this warning. Or the units that the file declares are not known, contradict each other, or are empty \
              texts: then the file is refused.",
    cause: "The q values are in 1/nm or 1/m, and the file does not say so (where it says 1/nm they are converted), or the text of \
            the units is damaged: one changed bit makes it empty, or puts a sign into it that no unit has.",
    remedies: &[
        "Check q against the geometry: q = 4 pi / wavelength x sin(scattering angle / 2).",
        "Mend the unit in the partition: diffusion coefficients scale with 1 / q squared.",
    ],
};

pub(in crate::error) const E32: Explanation = Explanation {
    meaning: "None of the file's angles at this q lies in a range of `phi_filtering.target_ranges`. All angles would be \
              another fit than the one you asked for, so there is none.",
    cause: "The ranges are meant for another partition or another zero of phi. Angles run from -180 to 180 degrees, and \
            a range may go across that point (170 to -170).",
    remedies: &[
        "Choose ranges that hold some of the angles that the message lists.",
        "Use all angles with `phi_filtering.enabled: false`.",
    ],
};
