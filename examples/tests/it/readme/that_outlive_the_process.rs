async fn sessions(key: &Secret) -> Result<SealedStore, Box<dyn Error>> {
    let backend = PostgresBackend::connect("postgres://app@db.example/app").await?; // makes its table, if need be
    Ok(SealedStore::new(Arc::new(backend), KeyRing::new(key)?))
}
