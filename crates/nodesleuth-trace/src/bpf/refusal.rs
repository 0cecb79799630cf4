//! Why the kernel would not have a program: one line that says what to do where that is known.

use std::error::Error;
use std::io;

/// What was being done, and the reason at the bottom of the errors.
pub(crate) fn reason(doing: &str, error: &(dyn Error + 'static)) -> String {
    let mut deepest = error;
    while let Some(cause) = deepest.source() {
        deepest = cause;
    }
    let told = match deepest.downcast_ref::<io::Error>() {
        Some(error) => system_error(error),
        // A verifier's log can follow: the first line is enough for a report.
        None => deepest
            .to_string()
            .lines()
            .next()
            .unwrap_or_default()
            .to_owned(),
    };
    format!("{doing}: {told}")
}

fn system_error(error: &io::Error) -> String {
    let hint = match error.raw_os_error() {
        Some(libc::EPERM | libc::EACCES) => {
            "; this needs root, or CAP_BPF and CAP_PERFMON (before Linux 5.8 CAP_SYS_ADMIN)"
        }
        Some(libc::ENOSYS) => "; this kernel has no BPF",
        Some(libc::ENOMEM) => "; the memory limit may be too small (ulimit -l)",
        _ => "",
    };
    format!("{error}{hint}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("outer\nlog")]
    struct Outer(#[source] io::Error);

    #[test]
    fn the_system_s_own_words_are_shown_with_what_to_do() {
        let error = Outer(io::Error::from_raw_os_error(libc::EPERM));
        let told = reason("creating a map", &error);
        assert!(
            told.starts_with(
                "creating a map: Operation not permitted (os error 1); this needs root"
            ),
            "{told}"
        );
    }

    #[test]
    fn of_an_error_of_many_lines_the_first_is_shown() {
        #[derive(Debug, thiserror::Error)]
        #[error("first\nsecond")]
        struct Long;
        assert_eq!(reason("loading", &Long), "loading: first");
    }
}
