//! The other side: answers every request with what the target put there.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// A provider that says whatever it is told to.
#[derive(Clone, Debug)]
pub struct Opposite {
    /// Such as `http://127.0.0.1:1234`.
    pub origin: String,
    answers: Answers,
}

type Answers = Arc<Mutex<HashMap<String, (u16, Vec<u8>)>>>;

impl Opposite {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let answers = Answers::default();
        let all = Arc::clone(&answers);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&all)));
            }
        });
        Self { origin, answers }
    }

    /// From now on a request for `path` is answered so; one for any other path with 404.
    pub fn answer(&self, path: &str, status: u16, body: &[u8]) {
        self.answers.lock().unwrap().insert(path.to_owned(), (status, body.to_vec()));
    }

    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.origin)
    }
}

async fn serve(stream: TcpStream, answers: Answers) {
    stream.set_nodelay(true).unwrap();
    let mut stream = BufReader::new(stream);
    while let Some(path) = request(&mut stream).await {
        let (status, body) = answers.lock().unwrap().get(&path).cloned().unwrap_or((404, Vec::new()));
        let head = format!(
            "HTTP/1.1 {status} Any\r\ncontent-type: application/json\r\nlocation: /elsewhere\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        let answer = [head.as_bytes(), &body].concat();
        if stream.write_all(&answer).await.is_err() {
            return;
        }
    }
}

/// Reads a request whole, and says for which path it is.
async fn request(stream: &mut BufReader<TcpStream>) -> Option<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    let head = String::from_utf8(head).ok()?;
    let length = head
        .lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .and_then(|(_, value)| value.trim().parse().ok())
        .unwrap_or(0);
    stream.read_exact(&mut vec![0; length]).await.ok()?;
    Some(head.split(' ').nth(1)?.to_owned())
}
