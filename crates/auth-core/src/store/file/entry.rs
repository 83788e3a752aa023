//! Opens and creates the regular files of a store, and nothing that only looks like one.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io;
use std::path::Path;

use super::failure::Failure;

/// Opens what stands at `path`; `None` where nothing does.
pub(super) fn open(path: &Path, to_write: bool) -> Result<Option<File>, Failure> {
    match options().read(true).write(to_write).open(path) {
        Ok(file) => {
            let metadata = file.metadata().map_err(Failure::io(path, "examined"))?;
            check_kind(path, &metadata)?;
            Ok(Some(file))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => {
            if let Ok(metadata) = fs::symlink_metadata(path) {
                check_kind(path, &metadata)?;
            }
            Err(Failure::io(path, "opened")(error))
        }
    }
}

/// Makes a file that only its owner can read; never touches one that is there already.
pub(super) fn create(path: &Path) -> io::Result<File> {
    let mut options = options();
    options.read(true).write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(path)?;
    // The umask may have taken rights from the owner as well.
    #[cfg(unix)]
    file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    Ok(file)
}

/// Options that follow no symbolic link and do not wait for the other end of a FIFO.
fn options() -> OpenOptions {
    #[cfg_attr(not(unix), expect(unused_mut, reason = "there is no flag to set"))]
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(
        &mut options,
        libc::O_NOFOLLOW | libc::O_NONBLOCK,
    );
    options
}

fn check_kind(path: &Path, metadata: &Metadata) -> Result<(), Failure> {
    if metadata.is_file() {
        return Ok(());
    }
    let kind = if metadata.is_symlink() {
        "a symbolic link"
    } else if metadata.is_dir() {
        "a directory"
    } else {
        "a FIFO, socket or device"
    };
    let problem = format!("is {kind} and no regular file; it was not touched: move it away");
    Err(Failure::refused(path, problem))
}
