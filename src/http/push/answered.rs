//! Whether the answer to a request reached its client: what was stored and not answered is known
//! again when it is sent again ([`crate::receive::receipts`]).
//!
//! An answer counts if it says that all is well and has been written to the connection. If the
//! client goes before that, or hears of an error, it may send the same again.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;

use super::super::app::App;
use super::super::prompt::{Answers, Told};
use crate::receive::receipts::Answering;

/// The attempt that a request is, from when its records may be stored.
#[derive(Clone, Default)]
pub struct Answer {
    answering: Arc<Mutex<Option<Answering>>>,
}

impl Answer {
    pub fn begin(&self, answering: Option<Answering>) {
        *self.lock() = answering;
    }

    fn take(&self) -> Option<Answering> {
        self.lock().take()
    }

    fn lock(&self) -> MutexGuard<'_, Option<Answering>> {
        self.answering.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Notes of each request whether it was answered. If the client goes while the request is being
/// handled, this is dropped, and the attempt with it.
pub async fn note(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let answer = Answer::default();
    let answers = request.extensions().get::<Answers>().cloned();
    request.extensions_mut().insert(answer.clone());
    let response = next.run(request).await;
    // gRPC has the status of a success in the trailers, and of everything else in a header.
    let is_well = response.status().is_success() && !response.headers().contains_key("grpc-status");
    if let Some(answering) = answer.take().filter(|_| is_well) {
        let desk = app.options.desk.clone();
        let told: Told = Box::new(move || desk.note_answered(answering));
        match answers {
            Some(answers) => answers.tell(told),
            None => told(),
        }
    }
    response
}
