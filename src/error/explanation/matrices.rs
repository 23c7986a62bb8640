//! Explanations of what is wrong with the values of a matrix. They do not speak of where it belongs.

use crate::error::explanation::Explanation;

pub(in crate::error) const E15: Explanation = Explanation {
    meaning: "c2(t1, t2) of N frames is a matrix of N rows and N columns. This dataset has another shape.",
    cause: "It is something else under the name of a matrix: a stack of matrices, detector frames, or a map of age and \
            lag.",
    remedies: &[
        "Look at the shape with `h5ls -r FILE`.",
        "A stack must be split: one square dataset for each bin. A map of age and lag must be exported as (t1, t2).",
    ],
};

pub(in crate::error) const E16: Explanation = Explanation {
    meaning: "All angles of a fit share one time axis, so the selected matrices must have the same number of frames.",
    cause: "Results of different runs were put into one file.",
    remedies: &[
        "Select angles that belong together with `phi_filtering.target_ranges`.",
        "Correlate all bins over the same frames.",
        "Tables that are adopted may leave pairs out: give the number of frames with --frames.",
    ],
};

pub(in crate::error) const E17: Explanation = Explanation {
    meaning: "c2(t1, t2) and c2(t2, t1) are the same quantity. A file may hold one triangle of the matrix or both, but \
              two must be equal. These differ by more than one part in a million, and nothing tells which one is right. \
              The message names the place of the largest difference.",
    cause: "The matrix was smoothed, cut, or changed in one triangle, or a reader has added a matrix to its transpose.",
    remedies: &[
        "Find out how the file was made: the original result is symmetric, or fills one triangle.",
        "If you know what to trust, say so: `experimental_data.symmetrise` takes upper, lower or mean. Averaging does \
         not mend a triangle that is wrong.",
    ],
};

pub(in crate::error) const E18: Explanation = Explanation {
    meaning: "All values are zero or missing, or fewer than three frames are left without those that are empty, have no \
              intensity or are left out on request. With \
              `experimental_data.skip_bad_bins: true` the bin is left out with a warning, as long as others remain.",
    cause: "No photons have reached this bin (beamstop, gap, mask), or the correlation was broken off before it.",
    remedies: &[
        "Go on without it: `experimental_data.skip_bad_bins: true`.",
        "Leave its angle out with `phi_filtering.target_ranges`.",
        "Look at `experimental_data.masked_frames`: frames are counted from 1, and not all of them can be left out.",
    ],
};

pub(in crate::error) const E19: Explanation = Explanation {
    meaning: "Matrices are expected as real numbers of 32 or 64 bit. Whole numbers and 16-bit floats are converted with \
              a warning; complex numbers, records and text are refused.",
    cause: "A script has saved the matrix with another type. Whole numbers may mean that the values were scaled or \
            rounded: c2 lies between 1 and about 1.5.",
    remedies: &[
        "After the warning, check the values: 16-bit floats keep three digits, which is seldom enough.",
        "Save complex values as their real part, if that is what they mean.",
    ],
};

pub(in crate::error) const E20: Explanation = Explanation {
    meaning: "Some values outside empty frames are NaN or infinite. Up to a share of them they are left out of the fit \
              with a warning; beyond it the bin is refused. The share is `experimental_data.max_non_finite_fraction`, \
              0.01 unless set.",
    cause: "Division by an intensity of zero in frames with hardly any photons, or a mask that was written as NaN.",
    remedies: &[
        "Look for frames with little intensity, and leave them out with `experimental_data.masked_frames`.",
        "If the missing values are a mask of yours, raise `experimental_data.max_non_finite_fraction`.",
    ],
};

pub(in crate::error) const E21: Explanation = Explanation {
    meaning: "All values of some frames are zero, missing or exactly one, which is how correlation programs mark frames \
              without photons, or the intensity that the file records of them is no positive number. These frames are \
              left out; the rest of the matrix is used. This is a warning. Zeros that are scattered through other frames are \
              pairs without a coincidence at very weak counts, and are used; so is a frame of zeros whose raw diagonal shows that it has photons.",
    cause: "The beam was lost, a shutter was late, or the detector has dropped frames.",
    remedies: &[
        "A few frames do no harm. Compare the list with the log of the beamline if there are many.",
        "If the frames before or after are affected too, leave those out with `experimental_data.masked_frames`.",
    ],
};

pub(in crate::error) const E22: Explanation = Explanation {
    meaning: "A normalised c2 lies near 1, and never at or below 0 or at 10 and above. Up to one percent of such values \
              is a warning, and they take part in the fit; more is an error. At very weak counts many pairs have no \
              coincidence and are exactly zero, others are far above 10: that is data as long as zeros are scattered \
              through frames with photons, values are not negative, and their mean is below 10.",
    cause: "The matrix is not normalised, or is something else than c2, or a part of it was never filled (whole lags, \
            blocks or stripes are zero).",
    remedies: &[
        "Check the normalisation in the correlation: c2 = <I(t1) I(t2)> / (<I(t1)> <I(t2)>).",
        "Leave frames that are outliers out with `experimental_data.masked_frames`, or limit what outliers can do with \
         `optimization.nlsq.loss`.",
    ],
};

pub(in crate::error) const E23: Explanation = Explanation {
    meaning: "At the longest lags c2 should have fallen to its baseline, 1. A mean near 0 tells that the file holds c2 - \
              1: then 1 is added. Any other mean is left as it is. Both are warnings.",
    cause: "Another convention of the program that wrote the file; a sample that is still correlated at the longest lag; \
            or a slow drift of the intensity.",
    remedies: &[
        "If 1 was added and the file does hold c2 - 1, all is well.",
        "A mean far from 1 spoils the offset: look at the fitted offset of that angle, and at the normalisation.",
    ],
};
