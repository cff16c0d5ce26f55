//! Where the CSV of an upload comes from, and whether it can be read again.

use std::fmt;
use std::io;
use std::io::SeekFrom;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use bytes::{Bytes, BytesMut};
use futures_util::stream::{self, Stream, StreamExt};
use tokio::fs::File;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncSeekExt as _};

const PIECE: usize = 64 * 1024;

pub(crate) type Pieces = Pin<Box<dyn Stream<Item = io::Result<Bytes>> + Send>>;

/// CSV to upload: in memory, in a file, or as it comes.
///
/// An upload may have to be sent again: because the session ended, or because the connection broke and another job takes its place.
/// Bytes, files and [`repeatable`](Self::repeatable) streams are read again for that. What comes [`once`](Self::once) or from a
/// [`reader`](Self::reader) is not, and the upload then fails with
/// [`BulkFault::SourceSpent`](crate::error::bulk_fault::BulkFault::SourceSpent).
///
/// ```
/// use authsession_salesforce::BulkSource;
///
/// let in_memory = BulkSource::from("Name\nAcme\n");
/// let on_disk = BulkSource::file("accounts.csv");
/// ```
pub struct BulkSource(Kind);

enum Kind {
    Bytes(Bytes),
    File(Arc<FileSource>),
    Repeatable(Box<dyn Fn() -> Pieces + Send + Sync>),
    Once(Mutex<Option<Pieces>>),
}

impl BulkSource {
    /// A file, read piece by piece, more than once. One that is another file or has changed since it was first looked at is an error
    /// ([`BulkFault::SourceFailed`](crate::error::bulk_fault::BulkFault::SourceFailed)), wherever that shows.
    #[must_use]
    pub fn file(path: impl Into<PathBuf>) -> Self {
        Self(Kind::File(Arc::new(FileSource { path: path.into(), seen: Mutex::default() })))
    }

    /// A stream that can be made anew, and then has the same bytes.
    #[must_use]
    pub fn repeatable<S>(make: impl Fn() -> S + Send + Sync + 'static) -> Self
    where
        S: Stream<Item = io::Result<Bytes>> + Send + 'static,
    {
        Self(Kind::Repeatable(Box::new(move || Box::pin(make()))))
    }

    /// A stream that can be read once.
    #[must_use]
    pub fn once(stream: impl Stream<Item = io::Result<Bytes>> + Send + 'static) -> Self {
        Self(Kind::Once(Mutex::new(Some(Box::pin(stream)))))
    }

    /// A reader, which can be read once.
    #[must_use]
    pub fn reader(reader: impl AsyncRead + Send + Unpin + 'static) -> Self {
        Self::once(pieces_of(reader))
    }

    /// Whether all of it is at hand: to look through it first costs no more than reading it.
    pub(crate) const fn is_at_hand(&self) -> bool {
        matches!(self.0, Kind::Bytes(_) | Kind::File(_))
    }

    pub(crate) const fn is_repeatable(&self) -> bool {
        !matches!(self.0, Kind::Once(_))
    }

    /// What it has from there on; `None` when that cannot be read again.
    pub(crate) fn open_at(&self, offset: u64) -> Option<Pieces> {
        match &self.0 {
            Kind::Bytes(bytes) => {
                let start = usize::try_from(offset).map_or(bytes.len(), |offset| offset.min(bytes.len()));
                let bytes = bytes.slice(start..);
                let mut left = bytes;
                Some(Box::pin(stream::iter(std::iter::from_fn(move || {
                    let piece = left.split_to(PIECE.min(left.len()));
                    (!piece.is_empty()).then_some(Ok(piece))
                }))))
            }
            Kind::File(file) => Some(file.open_at(offset)),
            Kind::Repeatable(make) => Some(without_first(make(), offset)),
            Kind::Once(stream) if offset == 0 => stream.lock().unwrap_or_else(PoisonError::into_inner).take(),
            Kind::Once(_) => None,
        }
    }
}

impl From<Bytes> for BulkSource {
    fn from(csv: Bytes) -> Self {
        Self(Kind::Bytes(csv))
    }
}

impl From<Vec<u8>> for BulkSource {
    fn from(csv: Vec<u8>) -> Self {
        Self(Kind::Bytes(csv.into()))
    }
}

impl From<String> for BulkSource {
    fn from(csv: String) -> Self {
        Self(Kind::Bytes(csv.into()))
    }
}

impl From<&'static str> for BulkSource {
    fn from(csv: &'static str) -> Self {
        Self(Kind::Bytes(Bytes::from_static(csv.as_bytes())))
    }
}

impl fmt::Debug for BulkSource {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self.0 {
            Kind::Bytes(_) => "BulkSource(bytes)",
            Kind::File(_) => "BulkSource(file)",
            Kind::Repeatable(_) => "BulkSource(repeatable)",
            Kind::Once(_) => "BulkSource(once)",
        })
    }
}

/// A file, and what it was when it was first opened.
struct FileSource {
    path: PathBuf,
    seen: Mutex<Option<Seen>>,
}

/// What a file is told from another, or from a later one, by.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Seen {
    length: u64,
    modified: Option<SystemTime>,
}

impl FileSource {
    fn open_at(self: &Arc<Self>, offset: u64) -> Pieces {
        let file = Arc::clone(self);
        let opened = async move {
            let mut opened = File::open(&file.path).await?;
            let metadata = opened.metadata().await?;
            let now = Seen { length: metadata.len(), modified: metadata.modified().ok() };
            if *file.seen.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(now) != now {
                return Err(io::Error::other("the file has changed since it was first read"));
            }
            opened.seek(SeekFrom::Start(offset)).await?;
            // What is written behind its end meanwhile may be half a row.
            Ok::<_, io::Error>(pieces_of(opened.take(now.length.saturating_sub(offset))))
        };
        Box::pin(stream::once(opened).flat_map(|opened| match opened {
            Ok(pieces) => pieces,
            Err(error) => Box::pin(stream::iter([Err(error)])),
        }))
    }
}

fn pieces_of(reader: impl AsyncRead + Send + Unpin + 'static) -> Pieces {
    Box::pin(stream::try_unfold(reader, |mut reader| async move {
        let mut piece = BytesMut::with_capacity(PIECE);
        let read = reader.read_buf(&mut piece).await?;
        Ok((read > 0).then(|| (piece.freeze(), reader)))
    }))
}

fn without_first(pieces: Pieces, mut offset: u64) -> Pieces {
    if offset == 0 {
        return pieces;
    }
    Box::pin(pieces.filter_map(move |piece| {
        let piece = piece.map(|mut piece: Bytes| {
            let skipped = usize::try_from(offset).map_or(piece.len(), |offset| offset.min(piece.len()));
            offset -= skipped as u64;
            piece.split_off(skipped)
        });
        let is_behind = piece.as_ref().is_ok_and(Bytes::is_empty);
        std::future::ready((!is_behind).then_some(piece))
    }))
}
