async fn users(secret: &str) -> Result<Response, Box<dyn Error>> {
    let tokens = TokenSource::builder()
        .issuer("https://login.microsoftonline.com/my-tenant-id/v2.0")
        .client("my-client-id", ClientAuth::Secret(secret.into()))
        .scope("https://graph.microsoft.com/.default")
        .client_credentials()
        .build()?; // one for the whole program
    let graph = tokens.api_client("https://graph.microsoft.com")?; // attaches the token there, and nowhere else
    Ok(graph.get("https://graph.microsoft.com/v1.0/users").send().await?)
}
