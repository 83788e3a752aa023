//! Makes and checks the directory of a store: nobody but its owner gets in.

use std::fs::{self, DirBuilder};
use std::io;
use std::path::{Path, PathBuf};

use super::failure::Failure;

/// Makes the directory where it is missing and gives its absolute path, so that a later change of the working directory
/// does no harm.
pub(super) fn prepare(directory: &Path) -> Result<PathBuf, Failure> {
    let path = std::path::absolute(directory).map_err(Failure::io(directory, "located"))?;
    // Without the slash at the end, which would make the system follow a symbolic link.
    let path: PathBuf = path.components().collect();
    make(&path).map_err(Failure::io(&path, "made"))?;
    check(&path)?;
    Ok(path)
}

/// Makes `path` and the parents that are missing. What stands there already stays as it is.
fn make(path: &Path) -> io::Result<()> {
    match make_one(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => match path.parent() {
            Some(parent) => {
                make(parent)?;
                make_one(path)
            }
            None => Err(error),
        },
        made => made,
    }
}

fn make_one(path: &Path) -> io::Result<()> {
    #[cfg_attr(not(unix), expect(unused_mut, reason = "there is no mode to set"))]
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    match builder.create(path) {
        Ok(()) => own(path),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
    }
}

/// Gives the owner back what the umask took. Nobody else had any rights from the start.
#[cfg(unix)]
fn own(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;

    fs::set_permissions(path, fs::Permissions::from_mode(0o700))
}

#[cfg(not(unix))]
fn own(_: &Path) -> io::Result<()> {
    Ok(())
}

fn check(path: &Path) -> Result<(), Failure> {
    let metadata = fs::symlink_metadata(path).map_err(Failure::io(path, "examined"))?;
    if metadata.is_symlink() {
        let problem = "is a symbolic link; name the directory that it leads to";
        return Err(Failure::refused(path, problem));
    }
    if !metadata.is_dir() {
        let problem = "is no directory; move it away or name another place";
        return Err(Failure::refused(path, problem));
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;

        let mode = metadata.permissions().mode() & 0o7777;
        if mode & 0o077 != 0 {
            let problem = format!(
                "has mode {mode:04o}, which lets others in; `chmod 700 {}` cures that",
                path.display()
            );
            return Err(Failure::refused(path, problem));
        }
    }
    Ok(())
}

/// Makes the names in the directory outlast a power failure.
pub(super) fn sync(path: &Path) -> io::Result<()> {
    if cfg!(unix) {
        fs::File::open(path)?.sync_all()
    } else {
        // Elsewhere a directory can't be opened, and names need no such step.
        Ok(())
    }
}
