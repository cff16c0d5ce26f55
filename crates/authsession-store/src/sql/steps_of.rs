//! The steps of a database's backend, handed on to those of its [`Sql`](crate::sql::Sql).

/// [`Backend`](crate::backend::Backend) of a type, by its field that is a [`Sql`].
macro_rules! steps_of {
    ($backend:ident, $sql:tt $(, $($more:tt)*)?) => {
        #[async_trait::async_trait]
        impl $crate::backend::Backend for $backend {
            async fn create(
                &self,
                name: &$crate::keyed_hash::KeyedHash,
                content: &$crate::backend::Content,
                labels: &$crate::backend::Labels,
                idle_deadline: ::authsession_core::clock::Timestamp,
                _now: ::authsession_core::clock::Timestamp,
            ) -> Result<bool, $crate::store::StoreError> {
                self.$sql.create(name, content, labels, idle_deadline).await
            }

            async fn load(&self, name: &$crate::keyed_hash::KeyedHash) -> Result<$crate::backend::Kept, $crate::store::StoreError> {
                self.$sql.load(name).await
            }

            async fn update(
                &self,
                name: &$crate::keyed_hash::KeyedHash,
                read: $crate::record::Version,
                content: &$crate::backend::Content,
                labels: &$crate::backend::Labels,
                now: ::authsession_core::clock::Timestamp,
            ) -> Result<$crate::backend::UpdateOutcome, $crate::store::StoreError> {
                self.$sql.update(name, read, content, labels, now).await
            }

            async fn touch(
                &self,
                name: &$crate::keyed_hash::KeyedHash,
                idle_deadline: ::authsession_core::clock::Timestamp,
                now: ::authsession_core::clock::Timestamp,
            ) -> Result<bool, $crate::store::StoreError> {
                self.$sql.touch(name, idle_deadline, now).await
            }

            async fn end(
                &self,
                name: &$crate::keyed_hash::KeyedHash,
                reason: $crate::end_reason::EndReason,
                now: ::authsession_core::clock::Timestamp,
                forget_at: ::authsession_core::clock::Timestamp,
            ) -> Result<$crate::backend::EndOutcome, $crate::store::StoreError> {
                self.$sql.end(name, reason, now, forget_at).await
            }

            async fn sweep(
                &self,
                at_most: usize,
                now: ::authsession_core::clock::Timestamp,
                forget_at: ::authsession_core::clock::Timestamp,
            ) -> Result<Vec<($crate::keyed_hash::KeyedHash, $crate::end_reason::EndReason, $crate::backend::Content)>, $crate::store::StoreError> {
                self.$sql.sweep(at_most, now, forget_at).await
            }

            async fn find(&self, label: &$crate::backend::Label, now: ::authsession_core::clock::Timestamp) -> Result<Vec<$crate::keyed_hash::KeyedHash>, $crate::store::StoreError> {
                self.$sql.find(label, now).await
            }

            async fn lease(
                &self,
                name: &$crate::keyed_hash::KeyedHash,
                owner: $crate::store::LeaseOwner,
                ttl: ::std::time::Duration,
                now: ::authsession_core::clock::Timestamp,
            ) -> Result<bool, $crate::store::StoreError> {
                self.$sql.lease(name, owner, ttl, now).await
            }

            async fn time(&self) -> Result<Option<::authsession_core::clock::Timestamp>, $crate::store::StoreError> {
                self.$sql.time().await
            }

            async fn release(&self, name: &$crate::keyed_hash::KeyedHash, owner: $crate::store::LeaseOwner) -> Result<(), $crate::store::StoreError> {
                self.$sql.release(name, owner).await
            }

            $($($more)*)?
        }
    };
}

pub(crate) use steps_of;
