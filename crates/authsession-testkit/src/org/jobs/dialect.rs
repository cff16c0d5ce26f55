//! How a job's CSV is written: what parts the columns, and what ends a line.

use crate::org::api_error::ApiError;
use csv::QuoteStyle;
use csv::ReaderBuilder;
use csv::Terminator;
use csv::WriterBuilder;
use serde_json::Value;

const DELIMITERS: [(&str, u8); 6] = [
    ("BACKQUOTE", b'`'),
    ("CARET", b'^'),
    ("COMMA", b','),
    ("PIPE", b'|'),
    ("SEMICOLON", b';'),
    ("TAB", b'\t'),
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Dialect {
    delimiter: (&'static str, u8),
    crlf: bool,
}

impl Dialect {
    /// As a new job's description says; commas and LF where it does not.
    pub(crate) fn of(spec: &Value) -> Result<Self, ApiError> {
        let wrong = |what: &str, value: &str| {
            let message = format!("{value} is not a valid value for the enum {what}");
            ApiError::new(400, "JSON_PARSER_ERROR", message)
        };
        let name = spec["columnDelimiter"].as_str().unwrap_or("COMMA");
        let delimiter = DELIMITERS.into_iter().find(|(known, _)| *known == name);
        let delimiter = delimiter.ok_or_else(|| wrong("ColumnDelimiterEnum", name))?;
        let crlf = match spec["lineEnding"].as_str() {
            None | Some("LF") => false,
            Some("CRLF") => true,
            Some(other) => return Err(wrong("LineEndingEnum", other)),
        };
        Ok(Self { delimiter, crlf })
    }

    pub(crate) fn delimiter_name(self) -> &'static str {
        self.delimiter.0
    }

    pub(crate) fn line_ending(self) -> &'static str {
        if self.crlf { "CRLF" } else { "LF" }
    }

    /// Whether the first line of `data` ends as it should.
    pub(crate) fn fits(self, data: &[u8]) -> bool {
        let Some(end) = data.iter().position(|byte| *byte == b'\n') else { return true };
        let has_return = end.checked_sub(1).and_then(|before| data.get(before)) == Some(&b'\r');
        has_return == self.crlf
    }

    pub(crate) fn reader(self) -> ReaderBuilder {
        let mut reader = ReaderBuilder::new();
        reader.delimiter(self.delimiter.1).flexible(true);
        reader
    }

    /// One line, every value in quotes.
    pub(crate) fn line<V: AsRef<[u8]>>(self, values: impl IntoIterator<Item = V>) -> Vec<u8> {
        let mut writer = WriterBuilder::new();
        writer.delimiter(self.delimiter.1).quote_style(QuoteStyle::Always);
        writer.terminator(if self.crlf { Terminator::CRLF } else { Terminator::Any(b'\n') });
        let mut writer = writer.from_writer(Vec::new());
        // Writing to memory does not fail.
        let _ = writer.write_record(values);
        writer.into_inner().unwrap_or_default()
    }
}
