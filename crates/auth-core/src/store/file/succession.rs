//! Lets one file follow another in a single step, so that nobody who is stopped or killed can be in the way of others.
//!
//! The files of a kind are numbered, and the one with the highest number counts; those below are superseded. To follow
//! the file `n`:
//!
//! | step | what it is for |
//! |---|---|
//! | 1. make a temporary that has `n + 1` in its name | it is written and on the disk before anybody sees it |
//! | 2. list: if there is a file above `n`, give up | see below |
//! | 3. give the temporary the second name `n + 1`, by a hard link | that fails where the name is taken, or where the temporary is gone: of many who try, one gets the number |
//! | 4. list; remove the temporaries for `n + 1` and less, and then the files below `n + 1` | nothing piles up; what the killed have left goes as well |
//!
//! # Why the highest number never falls, and never goes to a late one
//! Only files below a higher one are removed. So a number is free again only after somebody with a higher one has done
//! step 4, removing temporaries first. Whoever is in step 3 had a temporary before it saw in step 2 that nobody was
//! above `n`. Every file above `n` came after that; so whoever placed one finds the temporary in its listing, and removes
//! it before `n + 1`. Hence the link of a late one, however long it was stopped, finds its number taken or its temporary
//! gone. (The system does not link a file whose last name is gone, also if it was found a moment before.)
//!
//! No step waits for anybody, and nothing is held between two of them.
//!
//! A listing shows all files that are there during the whole of it. One that goes while another comes could be missed
//! together with it, but a directory of some dozen names is read in one call, which the system keeps changes out of.

use std::fs;
use std::io;
use std::path::PathBuf;

use super::failure::Failure;
use super::names::{Kind, Named, Names, read};
use super::temporary::Temporary;

/// The number of the file that counts; zero where there is none.
pub(super) fn newest(names: &Names, kind: Kind) -> Result<u64, Failure> {
    let listed = match list(names, kind) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
        listed => listed.map_err(Failure::io(names.directory(), "listed"))?,
    };
    let numbers = listed.iter().filter_map(|(named, _)| match named {
        Named::Numbered(number) => Some(*number),
        Named::Temporary(_) => None,
    });
    Ok(numbers.max().unwrap_or(0))
}

/// The number that follows.
pub(super) fn after(names: &Names, kind: Kind, number: u64) -> Result<u64, Failure> {
    let too_high = || {
        let problem = "has the highest number that there is; move its directory away to begin anew";
        Failure::refused(&names.numbered(kind, number), problem)
    };
    number.checked_add(1).ok_or_else(too_high)
}

/// Gives `new` its number, unless somebody else has got it.
pub(super) fn place(names: &Names, kind: Kind, new: &Temporary) -> Result<bool, Failure> {
    Ok(newest(names, kind)? < new.number() && link(names, kind, new)?)
}

/// The one step: gives `new` its number, unless that is taken, or somebody with a higher one has removed `new`.
fn link(names: &Names, kind: Kind, new: &Temporary) -> Result<bool, Failure> {
    let path = names.numbered(kind, new.number());
    match fs::hard_link(new.path(), &path) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            if newest(names, kind)? >= new.number() {
                return Ok(false);
            }
            if !names.directory().exists() {
                return Err(Failure::io(&path, "made")(error));
            }
            let problem = "vanished before it was used; leave the store's directory to the store";
            Err(Failure::refused(new.path(), problem))
        }
        Err(error) => Err(Failure::link(&path)(error)),
    }
}

/// Removes what the file `newest` has superseded. What can't be removed does no harm, and the next one tries again.
pub(super) fn sweep(names: &Names, kind: Kind, newest: u64) {
    // A listing that broke off may lack a temporary.
    let Ok(listed) = list(names, kind) else {
        return;
    };
    let mut superseded = Vec::new();
    for (named, path) in listed {
        match named {
            Named::Temporary(number) if number <= newest => match fs::remove_file(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return,
                _ => {}
            },
            Named::Numbered(number) if number < newest => superseded.push(path),
            _ => {}
        }
    }
    for path in superseded {
        let _ = fs::remove_file(path);
    }
}

/// All files of a kind and their temporaries.
fn list(names: &Names, kind: Kind) -> io::Result<Vec<(Named, PathBuf)>> {
    let mut listed = Vec::new();
    for entry in fs::read_dir(names.directory())? {
        let entry = entry?;
        let name = entry.file_name();
        if let Some(named) = name.to_str().and_then(|name| read(kind, name)) {
            listed.push((named, entry.path()));
        }
    }
    Ok(listed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::StoreKey;

    const KIND: Kind = Kind::Record;

    /// Names in a directory that goes with the test.
    fn names() -> (tempfile::TempDir, Names) {
        let home = tempfile::tempdir().expect("a temporary directory");
        let names = Names::new(home.path(), &StoreKey::new("p", "a", "t", "s"));
        fs::create_dir(names.directory()).expect("a directory");
        (home, names)
    }

    fn temporary(names: &Names, number: u64) -> Temporary {
        Temporary::create(names, KIND, number, b"text").expect("made")
    }

    /// Lets a file follow, as somebody does who is not stopped.
    fn follow(names: &Names) -> u64 {
        let number = newest(names, KIND).expect("listed") + 1;
        assert!(place(names, KIND, &temporary(names, number)).expect("placed"));
        sweep(names, KIND, number);
        number
    }

    fn listed(names: &Names) -> usize {
        let entries = fs::read_dir(names.directory());
        entries.expect("a directory").count()
    }

    #[test]
    fn each_file_follows_the_one_before() {
        let (_home, names) = names();
        for number in 1..=12 {
            assert_eq!(follow(&names), number);
            assert_eq!(newest(&names, KIND).expect("listed"), number);
            assert_eq!(listed(&names), 1);
        }
        assert_eq!(newest(&names, Kind::Lock).expect("listed"), 0);
    }

    #[test]
    fn of_two_who_follow_the_same_one_is_first() {
        let (_home, names) = names();
        follow(&names);
        let (one, other) = (temporary(&names, 2), temporary(&names, 2));
        assert!(link(&names, KIND, &other).expect("linked"));
        assert!(!link(&names, KIND, &one).expect("refused"));
    }

    #[test]
    fn one_who_was_stopped_before_the_link_does_not_bring_its_number_back() {
        for others in 1..=4 {
            let (_home, names) = names();
            follow(&names);
            let late = temporary(&names, 2);
            for _ in 0..others {
                follow(&names);
            }
            assert!(!link(&names, KIND, &late).expect("refused"));
            assert_eq!(newest(&names, KIND).expect("listed"), 1 + others);
            assert_eq!(listed(&names), 1);
        }
    }

    #[test]
    fn one_who_was_stopped_before_it_had_a_temporary_file_sees_that_it_is_late() {
        for others in 1..=4 {
            let (_home, names) = names();
            follow(&names);
            for _ in 0..others {
                follow(&names);
            }
            assert!(!place(&names, KIND, &temporary(&names, 2)).expect("refused"));
            assert_eq!(newest(&names, KIND).expect("listed"), 1 + others);
        }
    }

    #[test]
    fn a_late_sweep_spares_who_is_about_to_follow() {
        let (_home, names) = names();
        for _ in 0..4 {
            follow(&names);
        }
        let next = temporary(&names, 5);
        sweep(&names, KIND, 2);
        sweep(&names, KIND, 4);
        assert!(place(&names, KIND, &next).expect("placed"));
        assert_eq!(newest(&names, KIND).expect("listed"), 5);
    }

    #[test]
    fn a_temporary_file_that_somebody_removed_is_told() {
        let (_home, names) = names();
        let new = temporary(&names, 1);
        fs::remove_file(new.path()).expect("removed");
        let failure = place(&names, KIND, &new).expect_err("nothing to link");
        assert!(failure.to_string().contains("vanished"), "{failure}");
        fs::remove_dir(names.directory()).expect("removed");
        let failure = place(&names, KIND, &new).expect_err("nowhere to link");
        assert!(failure.to_string().contains("anew"), "{failure}");
    }
}
