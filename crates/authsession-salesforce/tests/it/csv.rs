//! CSV, to and from values of one's own.

use std::collections::BTreeMap;

use authsession_salesforce::{
    BulkColumnDelimiter, BulkLineEnding, Bytes, CirrusError, CirrusResult, CsvFaultKind, CsvFormat, CsvRows,
    CsvWriter,
};
use futures_util::{FutureExt as _, TryStreamExt, stream};
use proptest::collection::vec;
use proptest::prelude::*;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Contact {
    last_name: String,
    #[serde(rename = "Account.Number__c")]
    account: String,
    age: Option<i64>,
    share: f64,
    is_new: bool,
}

fn contact(last_name: &str) -> Contact {
    Contact { last_name: last_name.into(), account: "7".into(), age: None, share: 0.1, is_new: true }
}

fn written<T: Serialize>(records: &[T], format: CsvFormat) -> CirrusResult<String> {
    let mut csv = CsvWriter::new(format);
    records.iter().try_for_each(|record| csv.write(record))?;
    Ok(String::from_utf8(csv.into_bytes().into()).unwrap())
}

/// In pieces of that many bytes.
fn read<T: DeserializeOwned>(csv: &[u8], format: CsvFormat, piece: usize) -> CirrusResult<Vec<T>> {
    let pieces: Vec<_> = csv.chunks(piece).map(|piece| Ok(Bytes::copy_from_slice(piece))).collect();
    CsvRows::new(stream::iter(pieces), format).try_collect().now_or_never().unwrap()
}

fn fault<T: std::fmt::Debug>(outcome: CirrusResult<T>) -> (CsvFaultKind, u64, Option<usize>) {
    let error = outcome.unwrap_err();
    let CirrusError::Csv(fault) = error else { unreachable!("{error:?}") };
    assert!(!error.to_string().contains("secret"), "{error}");
    (fault.kind(), fault.record(), fault.column())
}

fn formats() -> impl Strategy<Value = CsvFormat> {
    use BulkColumnDelimiter as Delimiter;
    let delimiters = [
        Delimiter::Backquote,
        Delimiter::Caret,
        Delimiter::Comma,
        Delimiter::Pipe,
        Delimiter::Semicolon,
        Delimiter::Tab,
    ];
    let endings = [BulkLineEnding::LF, BulkLineEnding::CRLF];
    (prop::sample::select(delimiters.to_vec()), prop::sample::select(endings.to_vec()))
        .prop_map(|(delimiter, ending)| CsvFormat::new().delimiter(delimiter).line_ending(ending))
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![any::<String>(), "[\",;|\\^`\t\r\n '#N/A\u{feff}a]{0,8}"]
}

proptest! {
    #[test]
    fn any_text_survives_writing_and_reading(
        rows in vec(vec(text(), 3), 1..6),
        columns in 1..=3_usize,
        format in formats(),
        piece in 1..40_usize,
    ) {
        let names = ["Name", "\"Odd, na`me\"", "\u{feff}Third\r\n"];
        let rows: Vec<BTreeMap<String, String>> = rows
            .into_iter()
            .map(|row| names.iter().map(ToString::to_string).zip(row).take(columns).collect())
            .collect();
        let csv = written(&rows, format).unwrap();
        let back: Vec<BTreeMap<String, String>> = read(csv.as_bytes(), format, piece).unwrap();
        prop_assert_eq!(back, rows);
    }

    #[test]
    fn values_survive_too(age in any::<Option<i64>>(), share in -1e300..1e300_f64, clear in any::<bool>()) {
        let contact = Contact { age, share, ..contact("Curie") };
        let format = CsvFormat::new().clear_nulls(clear);
        let csv = written(std::slice::from_ref(&contact), format).unwrap();
        prop_assert_eq!(read::<Contact>(csv.as_bytes(), format, 5).unwrap(), [contact]);
    }

    #[test]
    fn whatever_comes_is_read_or_refused(bytes in vec(any::<u8>(), 0..60), piece in 1..9_usize) {
        let _ = read::<BTreeMap<String, String>>(&bytes, CsvFormat::new(), piece);
    }
}

#[test]
fn columns_are_those_of_the_first_record_by_name() {
    let rows = [BTreeMap::from([("A", "1"), ("B", "2")]), BTreeMap::from([("B", "3")])];
    assert_eq!(written(&rows, CsvFormat::new()).unwrap(), "A,B\n1,2\n,3\n");
    let mut csv = CsvWriter::with_columns(CsvFormat::new(), ["B", "A", "C"]);
    csv.write(&rows[0]).unwrap();
    assert_eq!(csv.take(), "B,A,C\n2,1,\n");
    assert!(csv.is_empty());
    let more = [BTreeMap::from([("A", "secret")]), BTreeMap::from([("Z", "secret")])];
    assert_eq!(fault(written(&more, CsvFormat::new())), (CsvFaultKind::Unwritable, 2, Some(0)));
}

#[test]
fn nothing_is_an_empty_column_or_a_field_to_be_emptied() {
    let contacts = [contact("Curie")];
    let csv = written(&contacts, CsvFormat::new()).unwrap();
    assert_eq!(csv, "LastName,Account.Number__c,Age,Share,IsNew\nCurie,7,,0.1,true\n");
    let clearing = CsvFormat::new().clear_nulls(true);
    let csv = written(&contacts, clearing).unwrap();
    assert!(csv.ends_with("Curie,7,#N/A,0.1,true\n"), "{csv}");
    assert_eq!(read::<Contact>(csv.as_bytes(), clearing, 9).unwrap(), contacts);
}

#[test]
fn what_a_spreadsheet_would_compute_is_data_unless_it_is_to_be_read_by_people() {
    let cells = ["=1+1", "+49 30 1", "-2.5", "-cmd", "@SUM(A1)", "a=b"];
    let rows: Vec<_> = cells.iter().map(|cell| BTreeMap::from([("Name", cell)])).collect();
    assert_eq!(written(&rows, CsvFormat::new()).unwrap(), format!("Name\n{}\n", cells.join("\n")));
    let safe = written(&rows, CsvFormat::new().neutralize_formulas(true)).unwrap();
    assert_eq!(safe, "Name\n'=1+1\n'+49 30 1\n-2.5\n'-cmd\n'@SUM(A1)\na=b\n");
}

#[test]
fn a_byte_order_mark_is_no_part_of_the_first_column_however_it_is_cut() {
    for piece in 1..6 {
        let csv = "\u{feff}Name,Age\r\nAda,\r\n\r\n".as_bytes();
        let rows: Vec<BTreeMap<String, String>> = read(csv, CsvFormat::new(), piece).unwrap();
        assert_eq!(rows, [BTreeMap::from([("Name".into(), "Ada".into()), ("Age".into(), String::new())])]);
    }
    assert!(read::<Contact>(b"", CsvFormat::new(), 1).unwrap().is_empty());
    assert!(read::<Contact>(b"A", CsvFormat::new(), 1).unwrap().is_empty());
}

#[test]
fn csv_that_is_none_says_where_and_not_what() {
    let header = "LastName,Account.Number__c,Age,Share,IsNew\n";
    let rows = |rows: &str| read::<Contact>(format!("{header}{rows}").as_bytes(), CsvFormat::new(), 7);
    assert_eq!(fault(rows("a,b,1,1,true\nsecret,b\n")), (CsvFaultKind::Columns, 2, None));
    assert_eq!(fault(rows("a,b,secret,1,true\n")), (CsvFaultKind::Shape, 1, Some(2)));
    assert_eq!(fault(rows("a,b,1,1,true\na,b,1,1,secret\n")), (CsvFaultKind::Shape, 2, Some(4)));
    assert_eq!(fault(read::<Contact>(b"LastName\nsecret\n", CsvFormat::new(), 3)).0, CsvFaultKind::Shape);
    let latin = b"LastName\nM\xfcller\n";
    assert_eq!(fault(read::<BTreeMap<String, String>>(latin, CsvFormat::new(), 4)).0, CsvFaultKind::NotUtf8);
}

#[test]
fn a_quote_that_is_not_closed_is_no_row() {
    for piece in [1, 3, 100] {
        let rows =
            |csv: &str| fault(read::<BTreeMap<String, String>>(csv.as_bytes(), CsvFormat::new(), piece)).0;
        assert_eq!(rows("Name\nA\n\"secret\nB\n"), CsvFaultKind::EndlessRow);
        assert_eq!(rows("Name\nA\n\""), CsvFaultKind::EndlessRow);
        assert_eq!(rows("Name\nA\n\"secret\"\""), CsvFaultKind::EndlessRow);
        for closed in ["Name\n\"A\"", "Name\n\"A\n\"\"\"\n", "Name\nA\" B", "Name\nA\n\n", "\"Name\""] {
            let rows = read::<BTreeMap<String, String>>(closed.as_bytes(), CsvFormat::new(), piece);
            assert_eq!(rows.unwrap().len(), usize::from(closed.contains('A')));
        }
    }
}

#[test]
fn a_row_of_ten_million_columns_is_an_error_and_is_not_held() {
    let commas = vec![b','; 10_000_000];
    let endless = fault(read::<BTreeMap<String, String>>(&commas, CsvFormat::new(), 64 * 1024));
    assert_eq!(endless, (CsvFaultKind::ManyColumns, 0, None));
    let second = [&b"Name\n"[..], &commas].concat();
    let endless = fault(read::<BTreeMap<String, String>>(&second, CsvFormat::new(), 64 * 1024));
    assert_eq!(endless, (CsvFaultKind::ManyColumns, 1, None));
    let wide = format!("{}\n{}\n", "A,".repeat(9_999) + "B", ",".repeat(9_999));
    let rows: Vec<Vec<String>> = read(wide.as_bytes(), CsvFormat::new(), 64 * 1024).unwrap();
    assert_eq!(rows[0].len(), 10_000);
}

#[test]
fn a_record_that_is_none_is_refused_before_anything_of_it_is_written() {
    #[derive(Serialize)]
    struct Nested {
        name: &'static str,
        lines: [u8; 2],
    }
    let nested = [Nested { name: "secret", lines: [1, 2] }];
    assert_eq!(fault(written(&nested, CsvFormat::new())), (CsvFaultKind::Unwritable, 1, Some(1)));
    assert_eq!(fault(written(&[f64::NAN], CsvFormat::new())), (CsvFaultKind::Unwritable, 1, None));
    let infinite = BTreeMap::from([("Share", f64::INFINITY)]);
    assert_eq!(fault(written(&[infinite], CsvFormat::new())), (CsvFaultKind::Unwritable, 1, Some(0)));
}

#[test]
fn a_row_is_on_its_way_before_the_next_one_has_come() {
    let pieces = stream::iter([Ok(Bytes::from("Name\n\"A\nB\"\nC"))]).chain_pending();
    let mut rows = CsvRows::<BTreeMap<String, String>>::new(pieces, CsvFormat::new());
    let first = rows.try_next().now_or_never().unwrap().unwrap().unwrap();
    assert_eq!(first["Name"], "A\nB");
    assert!(rows.try_next().now_or_never().is_none(), "the other one may go on");
    assert_eq!(rows.columns().collect::<Vec<_>>(), ["Name"]);
}

trait ChainPending: futures_util::Stream + Sized {
    fn chain_pending(self) -> futures_util::stream::Chain<Self, futures_util::stream::Pending<Self::Item>> {
        futures_util::StreamExt::chain(self, stream::pending())
    }
}

impl<S: futures_util::Stream> ChainPending for S {}
