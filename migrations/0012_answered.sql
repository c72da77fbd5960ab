-- Requests are known again only if they were not answered. A request is stored as `unanswered`
-- together with its records; when its answer has been written to the client, `answered` follows
-- with the same key. A key with more of the one than of the other belongs to requests that a
-- client may send again. `known` are idempotency keys and identities of documents.
alter table receipts
    add column state enum ('known', 'unanswered', 'answered') default 'known';
