//! SIGINT and SIGTERM: the first asks the work to end after the current block, the second ends the program at once.

use homodyne::api::StopFlag;
use signal_hook::consts::{SIGINT, SIGTERM, SIGXFSZ};
use signal_hook::flag::{register, register_conditional_shutdown};

/// A file that grows beyond `ulimit -f` is an error of the write, not the end of the program.
pub fn survive_file_limits() {
    let _ = register(SIGXFSZ, StopFlag::default().shared());
}

/// A flag that is set when the user or the system asks to stop. Where signals cannot be watched, it stays unset.
pub fn stop_flag() -> StopFlag {
    let flag = StopFlag::default();
    for signal in [SIGINT, SIGTERM] {
        // In this order: the first signal finds the flag unset and sets it, the second finds it set.
        let _ = register_conditional_shutdown(signal, 130, flag.shared());
        let _ = register(signal, flag.shared());
    }
    flag
}
