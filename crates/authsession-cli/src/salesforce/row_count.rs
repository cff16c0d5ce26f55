//! Rows of CSV, counted while they pass.

/// Counts the rows below the header, whatever parts their columns and however many there are: a row ends with a line that ends
/// outside of quotes.
#[derive(Default)]
pub(crate) struct RowCount {
    rows: u64,
    is_quoted: bool,
    /// Whether anything stands in the row that has not ended.
    is_begun: bool,
}

impl RowCount {
    pub(crate) fn push(&mut self, csv: &[u8]) {
        for byte in csv {
            match byte {
                b'\n' if !self.is_quoted => self.rows += u64::from(std::mem::take(&mut self.is_begun)),
                b'\r' | b'\n' => {}
                _ => {
                    self.is_begun = true;
                    self.is_quoted ^= *byte == b'"';
                }
            }
        }
    }

    pub(crate) fn rows(&self) -> u64 {
        (self.rows + u64::from(self.is_begun)).saturating_sub(1)
    }
}

#[cfg(test)]
mod tests {
    use super::RowCount;

    #[test]
    fn rows_are_counted_however_they_come_and_end() {
        let csv = b"\"Name\";\"Note\"\r\n\"a\";\"b\nc \"\"d\"\"\"\r\n\r\ne\n\"\"";
        for pieces in [csv.chunks(1), csv.chunks(7), csv.chunks(csv.len())] {
            let mut count = RowCount::default();
            pieces.for_each(|piece| count.push(piece));
            assert_eq!(count.rows(), 3);
        }
        assert_eq!(RowCount::default().rows(), 0);
    }
}
