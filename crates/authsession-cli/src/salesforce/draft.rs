//! A file on its way: it is written beside its place, and put there once all of it is on the disk.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use authsession_core::random;

/// Dropped before it is [placed](Self::place), it leaves everything as it was.
pub(crate) struct Draft {
    file: File,
    at: PathBuf,
    place: PathBuf,
}

impl Draft {
    /// Nothing is written yet, and could be. A file that is there already lends it its permissions.
    pub(crate) fn open(place: &Path) -> io::Result<Self> {
        // A link goes on leading where it leads.
        let place = match fs::canonicalize(place) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => place.to_owned(),
            found => found?,
        };
        let before = match OpenOptions::new().write(true).open(&place) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            found => Some(found?.metadata()?.permissions()),
        };
        let tag = random::text::<6>().map_err(io::Error::other)?;
        let mut at = place.clone().into_os_string();
        at.push(format!(".{tag}.part"));
        let at = PathBuf::from(at);
        let file = OpenOptions::new().write(true).create_new(true).open(&at)?;
        let draft = Self { file, at, place };
        if let Some(permissions) = before {
            draft.file.set_permissions(permissions)?;
        }
        Ok(draft)
    }

    /// Puts it in its place.
    pub(crate) fn place(self) -> io::Result<()> {
        self.file.sync_all()?;
        fs::rename(&self.at, &self.place)
    }
}

impl io::Write for Draft {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        // Once it is in its place, it is not there any more.
        let _ = fs::remove_file(&self.at);
    }
}
