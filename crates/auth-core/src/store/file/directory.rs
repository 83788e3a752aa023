//! Makes and checks the directories of a store: nobody but their owner gets in.

use std::fs::{self, DirBuilder};
use std::io;
use std::path::{Path, PathBuf};

use super::failure::Failure;

/// Makes the store's directory where it is missing and gives its absolute path, so that a later change of the working directory
/// does no harm.
pub(super) fn prepare(directory: &Path) -> Result<PathBuf, Failure> {
    let path = std::path::absolute(directory).map_err(Failure::io(directory, "located"))?;
    // Without the slash at the end, which would make the system follow a symbolic link.
    let path: PathBuf = path.components().collect();
    make(&path).map_err(Failure::io(&path, "made"))?;
    let metadata = fs::symlink_metadata(&path).map_err(Failure::io(&path, "examined"))?;
    check(&path, &metadata)?;
    Ok(path)
}

/// Makes the directory of a key where it is missing, but not its parent: without that, the store is gone.
pub(super) fn ensure(path: &Path) -> Result<(), Failure> {
    if !is_there(path)? {
        make_one(path).map_err(Failure::io(path, "made"))?;
        is_there(path)?;
    }
    Ok(())
}

/// Says whether the directory of a key is there; another thing in its place is refused.
pub(super) fn is_there(path: &Path) -> Result<bool, Failure> {
    match fs::symlink_metadata(path) {
        Ok(metadata) => check(path, &metadata).map(|()| true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(Failure::io(path, "examined")(error)),
    }
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

fn check(path: &Path, metadata: &fs::Metadata) -> Result<(), Failure> {
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
