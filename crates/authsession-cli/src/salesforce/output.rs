//! Where rows go: standard output or a file.

use std::fs::{self, File};
use std::io::{self, BufWriter, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::errors::Error;
use crate::salesforce::draft::Draft;
use crate::salesforce::harmless;

pub(crate) struct Output {
    to: Target,
    path: Option<PathBuf>,
    is_terminal: bool,
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
        let is_terminal = path.is_none() && io::stdout().is_terminal();
        Ok(Self { to, path: path.map(Path::to_owned), is_terminal })
    }

    /// Whole rows of CSV, or what stands around JSON.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let written = if self.is_terminal {
            self.to.writer().write_all(harmless::csv(bytes).as_bytes())
        } else {
            self.to.writer().write_all(bytes)
        };
        written.map_err(|cause| self.broken(cause))
    }

    pub(crate) fn json(&mut self, value: &impl Serialize) -> Result<(), Error> {
        let written = if self.is_terminal {
            let json = serde_json::to_string(value).map_err(|error| self.broken(error.into()))?;
            self.to.writer().write_all(harmless::json(&json).as_bytes())
        } else {
            serde_json::to_writer(self.to.writer(), value).map_err(Into::into)
        };
        written.map_err(|cause| self.broken(cause))
    }

    /// All of it is there by now: a file is in its place.
    pub(crate) fn end(self) -> Result<(), Error> {
        let Self { to, path, .. } = self;
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
