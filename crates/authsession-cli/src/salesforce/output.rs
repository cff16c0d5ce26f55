//! Where rows go: standard output or a file.

use std::fs::File;
use std::io::{self, BufWriter, Write as _};
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::errors::Error;

pub(crate) struct Output {
    to: BufWriter<Box<dyn io::Write + Send>>,
    path: Option<PathBuf>,
}

impl Output {
    pub(crate) fn open(path: Option<&Path>) -> Result<Self, Error> {
        let to: Box<dyn io::Write + Send> = match path {
            None => Box::new(io::stdout()),
            Some(path) => Box::new(
                File::create(path).map_err(|cause| Error::Unwritable { path: path.to_owned(), cause })?,
            ),
        };
        Ok(Self { to: BufWriter::new(to), path: path.map(Path::to_owned) })
    }

    pub(crate) fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.to.write_all(bytes).map_err(|cause| self.broken(cause))
    }

    pub(crate) fn json(&mut self, value: &impl Serialize) -> Result<(), Error> {
        serde_json::to_writer(&mut self.to, value).map_err(|error| self.broken(error.into()))
    }

    /// All of it is there by now.
    pub(crate) fn end(mut self) -> Result<(), Error> {
        self.to.flush().map_err(|cause| self.broken(cause))
    }

    fn broken(&self, cause: io::Error) -> Error {
        match &self.path {
            None => Error::Output(cause),
            Some(path) => Error::Unwritable { path: path.clone(), cause },
        }
    }
}
