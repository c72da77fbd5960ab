//! What the followed files hold and held, and so what the database has to say.
//!
//! A record is unique by its number. It must be there once if a file that is followed
//! holds it, or if the server was once seen to have it. One that was written and then
//! destroyed before anybody looked may be there or not; none may be there twice.

use std::collections::{BTreeMap, BTreeSet};

use super::action::Following;

/// Where the link of [`super::action::LINKED`] lies, and what it names.
pub const LINK: &str = "logs/current.log";
pub const LINK_TARGETS: [&str; 2] = ["real/first.log", "real/second.log"];

pub struct Model {
    pub following: Following,
    records: Vec<Record>,
    /// Contents by number; one that has no name any more is gone.
    bodies: Vec<Body>,
    /// Paths below the test's directory.
    names: BTreeMap<String, usize>,
    pub link: usize,
    /// Beginnings of lines that were never finished.
    torn: Vec<String>,
    /// Beginnings of lines that were finished later, each with its record's number.
    finished: Vec<(String, usize)>,
    banners: usize,
}

/// What was written as one record.
#[derive(Clone, Debug, Default)]
struct Record {
    /// The message and what continues it, of whole lines.
    text: String,
    /// Its first line has its end.
    whole: bool,
    /// The server had so many bytes of the text.
    confirmed: Option<usize>,
}

/// The content of a file.
#[derive(Clone, Debug, Default)]
struct Body {
    /// Numbers of records, in order.
    records: Vec<usize>,
    open: Option<OpenLine>,
    /// The server read it under a path that it follows.
    known: bool,
}

/// A line without its end.
#[derive(Clone, Debug)]
struct OpenLine {
    written: String,
    rest: String,
}

impl Model {
    pub fn new(following: Following) -> Model {
        Model {
            following,
            records: Vec::new(),
            bodies: Vec::new(),
            names: BTreeMap::new(),
            link: 0,
            torn: Vec::new(),
            finished: Vec::new(),
            banners: 0,
        }
    }

    pub fn exists(&self, path: &str) -> bool {
        self.names.contains_key(path)
    }

    /// The content of a path, made if there is none; whether it was made.
    fn body(&mut self, path: &str) -> usize {
        if let Some(&body) = self.names.get(path) {
            return body;
        }
        self.bodies.push(Body::default());
        let body = self.bodies.len() - 1;
        self.names.insert(path.to_owned(), body);
        body
    }

    pub fn banner(&mut self) -> String {
        self.banners += 1;
        "2026-01-05 00:00:00.000 INFO payment: started\n".to_owned()
    }

    /// What finishes the line that is open at the end of a file, if one is.
    pub fn finish_line(&mut self, path: &str) -> String {
        let body = self.body(path);
        let Some(open) = self.bodies[body].open.take() else {
            return String::new();
        };
        if let Some(&last) = self.bodies[body].records.last() {
            self.records[last].whole = true;
            self.finished.push((open.written, last));
        }
        open.rest
    }

    /// The line of a new record at the end of a file.
    pub fn record(&mut self, path: &str) -> String {
        let body = self.body(path);
        let (text, line) = self.new_record(body);
        self.records.last_mut().unwrap().whole = true;
        debug_assert!(line.ends_with(&format!("{text}\n")));
        line
    }

    fn new_record(&mut self, body: usize) -> (String, String) {
        let number = self.records.len();
        let text = format!("event {number:06} took {} ms", number * 7 % 1000);
        let (minutes, seconds) = (number / 60, number % 60);
        let line = format!(
            "2026-01-05 {:02}:{:02}:{seconds:02}.000 INFO payment: {text}\n",
            minutes / 60,
            minutes % 60
        );
        self.records.push(Record { text: text.clone(), ..Record::default() });
        self.bodies[body].records.push(number);
        (text, line)
    }

    /// A line that continues the last record of a file; empty if there is no record.
    pub fn frame(&mut self, path: &str, frame: u32) -> String {
        let body = self.body(path);
        let Some(&last) = self.bodies[body].records.last() else {
            return String::new();
        };
        let text = format!("\tat shop.Frame{frame}(Shop.java:{last})");
        let record = &mut self.records[last];
        record.text.push('\n');
        record.text.push_str(&text);
        text + "\n"
    }

    /// The first bytes of a new record's line.
    pub fn begin_line(&mut self, path: &str, bytes: usize) -> String {
        let body = self.body(path);
        let (_, line) = self.new_record(body);
        let (written, rest) = line.split_at(bytes.min(line.len() - 1));
        let open = OpenLine { written: written.to_owned(), rest: rest.to_owned() };
        self.bodies[body].open = Some(open);
        written.to_owned()
    }

    /// Another name for a content; what had it is gone.
    pub fn rename(&mut self, from: &str, to: &str) {
        self.remove(to);
        if let Some(body) = self.names.remove(from) {
            self.names.insert(to.to_owned(), body);
        }
    }

    /// The same content in another file.
    pub fn copy(&mut self, from: &str, to: &str) {
        self.remove(to);
        let copy = Body { known: false, ..self.bodies[self.names[from]].clone() };
        self.bodies.push(copy);
        self.names.insert(to.to_owned(), self.bodies.len() - 1);
    }

    pub fn remove(&mut self, path: &str) {
        if let Some(body) = self.names.remove(path) {
            self.tear(body);
        }
    }

    pub fn truncate(&mut self, path: &str) {
        let body = self.names[path];
        self.tear(body);
        self.bodies[body].records.clear();
        self.bodies[body].known = false;
    }

    /// The line that is open in a content will never be finished.
    fn tear(&mut self, body: usize) {
        if let Some(open) = self.bodies[body].open.take() {
            self.torn.push(open.written);
        }
    }

    /// Whether the server has to read this file.
    fn is_followed(&self, path: &str) -> bool {
        if path == LINK_TARGETS[self.link] {
            return true;
        }
        let Some(name) = path.strip_prefix("logs/") else {
            return false;
        };
        let by_name = match self.following {
            Following::Directory => true,
            Following::Glob => name.ends_with(".log"),
            Following::Files => ["app.log", "db.log"].contains(&name),
        };
        // A rotated file is finished under its new name.
        by_name || (self.bodies[self.names[path]].known && !name.ends_with(".gz"))
    }

    /// The contents that the server has to read.
    fn followed(&self) -> impl Iterator<Item = &Body> {
        let names = self.names.iter().filter(|(path, _)| self.is_followed(path));
        names.map(|(_, &body)| &self.bodies[body])
    }

    /// What is wrong with the database for good: no waiting mends it.
    pub fn never(&self, stored: &Stored) -> Vec<String> {
        let mut problems = Vec::new();
        for (number, texts) in &stored.records {
            match self.records.get(*number) {
                None => problems.push(format!("record {number} was never written")),
                Some(_) if texts.len() > 1 => {
                    problems
                        .push(format!("record {number} is there {} times: {texts:?}", texts.len()));
                }
                Some(_) => {}
            }
        }
        problems
    }

    /// What is missing or not as it should be; empty when the server has everything.
    pub fn missing(&self, stored: &Stored) -> Vec<String> {
        let mut problems = self.never(stored);
        let mut followed = BTreeSet::new();
        for body in self.followed() {
            let end = body.open.as_ref().map(|line| line.written.as_str());
            for (at, &number) in body.records.iter().enumerate() {
                followed.insert(number);
                let record = &self.records[number];
                let after = if at + 2 == body.records.len() { end } else { None };
                match stored.text_of(number) {
                    _ if !record.whole => {}
                    None => problems.push(format!("record {number} is missing")),
                    Some(text) if record.is(text, after) => {}
                    Some(text) => problems
                        .push(format!("record {number} is {text:?} instead of {:?}", record.text)),
                }
            }
        }
        let fragments = self.fragments(&followed);
        for (number, record) in self.records.iter().enumerate() {
            if !followed.contains(&number) {
                problems.extend(record.gone(number, stored.text_of(number), &fragments));
            }
        }
        problems.extend(self.unexplained(stored, &fragments));
        problems
    }

    /// Beginnings of lines that may have been read as they are: nobody finished them, or
    /// the file was gone before anybody could see that.
    fn fragments(&self, followed: &BTreeSet<usize>) -> Vec<&str> {
        let open = self.bodies.iter().filter_map(|body| Some(body.open.as_ref()?.written.as_str()));
        let finished = self.finished.iter().filter(|(_, number)| {
            !followed.contains(number) && self.records[*number].confirmed.is_none()
        });
        let torn = self.torn.iter().map(String::as_str);
        torn.chain(open).chain(finished.map(|(written, _)| written.as_str())).collect()
    }

    /// What is there and was never a whole line, nor the beginning of one.
    fn unexplained(&self, stored: &Stored, fragments: &[&str]) -> Vec<String> {
        let is_torn = |text: &str| fragments.iter().any(|torn| torn.contains(text.trim()));
        let mut problems = Vec::new();
        let mut banners = 0;
        for text in &stored.others {
            match text.strip_prefix("started") {
                Some(rest) if rest.is_empty() || is_torn(rest) => banners += 1,
                _ if is_torn(text) => {}
                _ => problems.push(format!("nobody wrote the record {text:?}")),
            }
        }
        if banners > self.banners {
            problems.push(format!("{banners} first lines of {} files", self.banners));
        }
        for line in stored.rejects.iter().filter(|line| !is_torn(line)) {
            problems.push(format!("rejected: {line:?}"));
        }
        problems
    }

    /// Notes what the server has now, after [`Model::missing`] found nothing.
    pub fn confirm(&mut self) {
        let followed: Vec<usize> = self
            .names
            .iter()
            .filter(|(path, _)| self.is_followed(path))
            .map(|(_, &body)| body)
            .collect();
        for body in followed {
            let records = self.bodies[body].records.clone();
            for number in records {
                if self.records[number].whole {
                    self.records[number].confirmed = Some(self.records[number].text.len());
                    self.bodies[body].known = true;
                }
            }
        }
    }

    /// Bytes of the longest line without an end that is in a file now.
    pub fn open_bytes(&self) -> u64 {
        let open = self.names.values().filter_map(|&body| self.bodies[body].open.as_ref());
        open.map(|line| line.written.len() as u64).max().unwrap_or(0)
    }

    /// The number of the next record.
    pub fn next_number(&self) -> usize {
        self.records.len()
    }

    /// How many records must be there, and how many were written.
    pub fn counts(&self) -> (usize, usize) {
        let mut must: BTreeSet<usize> =
            self.followed().flat_map(|body| body.records.iter().copied()).collect();
        must.extend((0..self.records.len()).filter(|n| self.records[*n].confirmed.is_some()));
        must.retain(|number| self.records[*number].whole);
        (must.len(), self.records.len())
    }
}

impl Record {
    /// What is wrong with it if no followed file holds it any more.
    fn gone(&self, number: usize, stored: Option<&str>, fragments: &[&str]) -> Option<String> {
        let Some(text) = stored else {
            let had = self.confirmed?;
            return Some(format!("record {number} was there ({had} bytes of it) and is no more"));
        };
        let is_part = self.text.starts_with(text) && text.len() >= self.confirmed.unwrap_or(0);
        // What was torn after it may have joined it.
        let is_right = is_part || fragments.iter().any(|torn| self.is(text, Some(torn)));
        let whole = &self.text;
        (!is_right).then(|| format!("record {number} is {text:?} and was {whole:?}"))
    }

    /// Whether it may be stored like this, if `after` is a line without an end that follows.
    fn is(&self, text: &str, after: Option<&str>) -> bool {
        let Some(rest) = text.strip_prefix(self.text.as_str()) else {
            return false;
        };
        rest.is_empty() || after.is_some_and(|after| rest.trim() == after.trim())
    }
}

/// What the database holds.
#[derive(Debug, Default)]
pub struct Stored {
    records: BTreeMap<usize, Vec<String>>,
    /// Messages without a number.
    others: Vec<String>,
    rejects: Vec<String>,
}

impl Stored {
    pub fn new(messages: Vec<String>, rejects: Vec<String>) -> Stored {
        let mut stored = Stored { rejects, ..Stored::default() };
        for message in messages {
            // Whether this word is the service is told from a file's first lines, of which
            // a torn one may be half.
            let message = message.strip_prefix("payment ").unwrap_or(&message).to_owned();
            let number =
                message.strip_prefix("event ").and_then(|rest| rest.get(..6)?.parse().ok());
            match number {
                Some(number) => stored.records.entry(number).or_default().push(message),
                None => stored.others.push(message),
            }
        }
        stored
    }

    pub fn has(&self, number: usize) -> bool {
        self.records.contains_key(&number)
    }

    fn text_of(&self, number: usize) -> Option<&str> {
        self.records.get(&number).map(|texts| texts[0].as_str())
    }
}
