//! CSV as Salesforce reads and writes it, to and from types of one's own (RFC 4180; Bulk API 2.0 and Bulk API Developer Guide,
//! "Prepare CSV Files").

pub mod format;
mod record_parser;
pub(crate) mod row_buffer;
mod row_serializer;
pub mod rows;
mod unwritable;
mod value_serializer;
pub mod writer;

/// What stands for "no value" in a column that is to be emptied.
pub(crate) const NO_VALUE: &str = "#N/A";
/// What UTF-8 files may begin with.
pub(crate) const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
