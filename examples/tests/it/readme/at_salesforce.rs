fn org() -> CirrusResult<SharedAuth> {
    let auth = JwtAuth::builder()
        .consumer_key("3MVG9...")
        .username("integration@acme.example")
        .private_key_pem_file("server.key")?
        .login_url("https://acme.my.salesforce.com")
        .build()?;
    Ok(Arc::new(auth)) // `auth.authorization().await?` is the header: at once, without a lock or a copy, while the token is fresh
}
