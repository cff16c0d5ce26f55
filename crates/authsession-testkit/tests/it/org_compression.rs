//! Answers packed for who takes them so.

use crate::org_client::Stage;
use flate2::read::GzDecoder;
use serde_json::Value;
use std::io::Read as _;
use tokio::io::AsyncReadExt as _;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

/// What the org answers, byte for byte: the head, and the body.
async fn answer(stage: &Stage, accepts: &str) -> (String, Vec<u8>) {
    let mut stream = TcpStream::connect(stage.org.address()).await.unwrap();
    let request = format!("GET /services/data HTTP/1.1\r\nhost: org\r\n{accepts}connection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).await.unwrap();
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").unwrap() + 4;
    let body = bytes.split_off(end);
    (String::from_utf8(bytes).unwrap(), body)
}

#[tokio::test]
async fn an_org_that_compresses_packs_what_it_answers_to_who_takes_gzip() {
    let stage = Stage::with(|org| org.compresses(true)).await;
    let (plain, versions) = answer(&stage, "").await;
    assert!(!plain.contains("content-encoding"));
    for accepts in ["gzip", "deflate, GZIP;q=0.5", "br,gzip"] {
        let (head, body) = answer(&stage, &format!("accept-encoding: {accepts}\r\n")).await;
        assert!(head.contains("content-encoding: gzip") && head.contains("vary: Accept-Encoding"), "{head}");
        let mut unpacked = Vec::new();
        GzDecoder::new(&*body).read_to_end(&mut unpacked).unwrap();
        assert_eq!(unpacked, versions);
    }
}

#[tokio::test]
async fn nothing_is_packed_for_who_does_not_take_gzip_nor_by_an_org_that_was_not_told_to() {
    let (compresses, plain) = (Stage::with(|org| org.compresses(true)).await, Stage::new().await);
    for (stage, accepts) in
        [(&compresses, "identity"), (&compresses, "gzip;q=0"), (&compresses, "br, deflate"), (&plain, "gzip")]
    {
        let (head, body) = answer(stage, &format!("accept-encoding: {accepts}\r\n")).await;
        assert!(!head.contains("content-encoding"), "{head}");
        assert!(serde_json::from_slice::<Value>(&body).unwrap().is_array());
    }
}
