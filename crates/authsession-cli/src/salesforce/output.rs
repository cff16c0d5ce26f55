//! Where rows go: standard output or a file.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write as _};
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::errors::Error;
use crate::salesforce::draft::Draft;

pub(crate) struct Output {
    to: Target,
    path: Option<PathBuf>,
}

enum Target {
    /// What cannot be taken back: standard output, or a device such as `/dev/stdout`.
    Stream(BufWriter<Box<dyn io::Write + Send>>),
    File(BufWriter<Draft>),
}

impl Output {
    pub(crate) fn open(path: Option<&Path>) -> Result<Self, Error> {
        let to = match path {
            None => Ok(Target::Stream(BufWriter::new(Box::new(io::stdout())))),
            Some(path) => Target::at(path),
        };
        let to = to.map_err(|cause| broken(path, cause))?;
        Ok(Self { to, path: path.map(Path::to_owned) })
    }

    pub(crate) fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let written = self.to.writer().write_all(bytes);
        written.map_err(|cause| self.broken(cause))
    }

    pub(crate) fn json(&mut self, value: &impl Serialize) -> Result<(), Error> {
        let written = serde_json::to_writer(self.to.writer(), value);
        written.map_err(|error| self.broken(error.into()))
    }

    /// All of it is there by now: a file is in its place.
    pub(crate) fn end(self) -> Result<(), Error> {
        let Self { to, path } = self;
        let ended = match to {
            Target::Stream(mut to) => to.flush(),
            Target::File(to) => to.into_inner().map_err(Into::into).and_then(Draft::place),
        };
        ended.map_err(|cause| broken(path.as_deref(), cause))
    }

    fn broken(&self, cause: io::Error) -> Error {
        broken(self.path.as_deref(), cause)
    }
}

impl Target {
    fn at(path: &Path) -> io::Result<Self> {
        let is_device = fs::metadata(path).is_ok_and(|there| !there.is_file() && !there.is_dir());
        Ok(if is_device {
            Self::Stream(BufWriter::new(Box::new(File::create(path)?)))
        } else {
            Self::File(BufWriter::new(Draft::open(path)?))
        })
    }

    fn writer(&mut self) -> &mut dyn io::Write {
        match self {
            Self::Stream(to) => to,
            Self::File(to) => to,
        }
    }
}

fn broken(path: Option<&Path>, cause: io::Error) -> Error {
    match path {
        None => Error::Output(cause),
        Some(path) => Error::Unwritable { path: path.to_owned(), cause },
    }
}
