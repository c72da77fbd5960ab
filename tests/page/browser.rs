//! A Chromium with its driver, and a page in it: looked at and used as people do, with patience.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Condvar, Mutex, Once};
use std::time::{Duration, Instant};

use fantoccini::actions::{
    InputSource, KeyAction, KeyActions, MOUSE_BUTTON_LEFT, MouseActions, PointerAction,
    WheelAction, WheelActions,
};
use fantoccini::elements::Element;
use fantoccini::error::CmdError;
use fantoccini::key::Key;
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::common::Pintail;
use crate::common::server::Server;

/// Longer than anything on the page takes, on a machine that does much else meanwhile.
const PATIENCE: Duration = Duration::from_secs(60);

/// Between two looks at a page that is not yet as it should be.
const GLANCE: Duration = Duration::from_millis(20);

/// Browsers at a time: each keeps a core busy while it draws.
const BROWSERS: usize = 2;

static FREE: (Mutex<usize>, Condvar) = (Mutex::new(BROWSERS), Condvar::new());

/// Where screenshots go; not in the repository.
pub fn screenshots() -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/screenshots");
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// What a page shows: a directory, and the server over its database.
pub struct World {
    pub pintail: Pintail,
    /// `None` while a test has stopped it.
    server: Option<Server>,
}

impl World {
    pub fn new(pintail: Pintail, server: Server) -> World {
        World { pintail, server: Some(server) }
    }

    pub fn server(&self) -> &Server {
        self.server.as_ref().unwrap()
    }

    pub fn stop(&mut self) {
        self.server.take().unwrap().stop();
    }

    pub fn start(&mut self, server: Server) {
        self.server = Some(server);
    }
}

/// Runs a test in a browser of its own. `world` is what there is to look at; it outlives the
/// page, so that a page never misses its server. At the end the browser must have had
/// nothing to complain of: no error, no violation of the content security policy.
pub fn browse(world: impl FnOnce() -> World, test: impl FnOnce(&Page, &mut World)) {
    let Some((chromedriver, chromium)) = find() else {
        return;
    };
    let _slot = Slot::take();
    let mut world = world();
    let page = Page::new(&chromedriver, &chromium);
    test(&page, &mut world);
    let complaints = page.complaints();
    assert!(complaints.is_empty(), "the browser complains: {complaints:#?}");
}

/// Paths of `chromedriver` and `chromium`. Without them the tests say so, past the harness,
/// which shows nothing of tests that pass, and are skipped, unless that is forbidden.
fn find() -> Option<(PathBuf, PathBuf)> {
    static TOLD: Once = Once::new();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let find = |name| std::env::split_paths(&path).map(|dir| dir.join(name)).find(|p| p.is_file());
    let found = find("chromedriver").zip(find("chromium"));
    if found.is_none() {
        let how = "no chromedriver; install it with: apt install chromium chromium-driver";
        assert!(std::env::var_os("PINTAIL_REQUIRE_BROWSER").is_none(), "{how}");
        let words = format!("skipped: {how}\n");
        TOLD.call_once(|| std::io::stderr().write_all(words.as_bytes()).unwrap());
    }
    found
}

/// The right to have a browser.
struct Slot;

impl Slot {
    fn take() -> Slot {
        let mut free = FREE.1.wait_while(FREE.0.lock().unwrap(), |free| *free == 0).unwrap();
        *free -= 1;
        Slot
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        *FREE.0.lock().unwrap() += 1;
        FREE.1.notify_one();
    }
}

/// chromedriver, in a process group of its own with everything it starts.
struct Driver {
    child: Child,
    address: String,
}

impl Driver {
    /// Starts it on a free port. It looks for one that is free for IPv4 and takes the same for
    /// IPv6, and ends when somebody else has that one: then it looks again.
    fn start(chromedriver: &Path, temp: &Path) -> Driver {
        (0..10)
            .find_map(|_| Driver::try_start(chromedriver, temp))
            .unwrap_or_else(|| panic!("{} does not start", chromedriver.display()))
    }

    fn try_start(chromedriver: &Path, temp: &Path) -> Option<Driver> {
        // The shell waits for the end of its input, which comes even when this process is
        // killed; then it ends the group, itself last.
        let script = r#""$0" --port=0 & exec >/dev/null; cat; kill -9 0"#;
        let mut child = Command::new("sh")
            .args(["-c", script])
            .arg(chromedriver)
            .process_group(0)
            .env("TMPDIR", temp)
            // Local time is not UTC for most people.
            .env("TZ", "Europe/Berlin")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut driver = Driver { child, address: String::new() };
        let port = lines.by_ref().find_map(|line| {
            let port = line.unwrap().split_once("successfully on port ")?.1.to_owned();
            port.trim_end_matches('.').parse::<u16>().ok()
        })?;
        std::thread::spawn(move || lines.for_each(drop));
        driver.address = format!("http://127.0.0.1:{port}");
        Some(driver)
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        drop(self.child.wait());
    }
}

/// A page in a browser. A target is the name of a `data-test` hook, or else a CSS selector.
pub struct Page {
    runtime: Runtime,
    client: Client,
    session: String,
    agent: ureq::Agent,
    // Declared in the order of their end: the directory goes when nobody writes into it.
    _driver: Driver,
    files: TempDir,
}

#[derive(Clone, Copy, Debug)]
pub struct Rect {
    pub left: f64,
    pub top: f64,
    pub width: f64,
    pub height: f64,
}

impl Rect {
    /// A point of it, in shares of its width and height.
    pub fn at(&self, x: f64, y: f64) -> (f64, f64) {
        (self.left + self.width * x, self.top + self.height * y)
    }
}

fn selector(target: &str) -> String {
    let is_hook = target.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    if is_hook { format!("[data-test=\"{target}\"]") } else { target.to_owned() }
}

impl Page {
    fn new(chromedriver: &Path, chromium: &Path) -> Page {
        let files = tempfile::tempdir().unwrap();
        let downloads = files.path().join("downloads");
        std::fs::create_dir(&downloads).unwrap();
        let driver = Driver::start(chromedriver, files.path());
        let Value::Object(capabilities) = json!({
            "goog:loggingPrefs": {"browser": "ALL"},
            "goog:chromeOptions": {
                "binary": chromium,
                "args": [
                    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                    "--lang=en-US", "--hide-scrollbars",
                ],
                "prefs": {
                    "download.default_directory": downloads,
                    "download.prompt_for_download": false,
                },
            },
        }) else {
            unreachable!()
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let connect = async {
            let mut builder = ClientBuilder::new(HttpConnector::new());
            builder.capabilities(capabilities);
            let client = builder.connect(&driver.address).await.unwrap();
            let session = client.session_id().await.unwrap().unwrap();
            (client, session)
        };
        let limited = async { tokio::time::timeout(PATIENCE, connect).await };
        let (client, session) = runtime.block_on(limited).expect("the browser starts");
        let agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(PATIENCE))
            .build()
            .into();
        let page = Page { runtime, client, session, agent, _driver: driver, files };
        page.resize(1440, 900);
        page
    }

    /// Waits for the browser, not for ever.
    fn wait<T>(&self, what: impl Future<Output = T>) -> T {
        self.try_wait(what).expect("the browser answers")
    }

    fn try_wait<T>(&self, what: impl Future<Output = T>) -> Option<T> {
        self.runtime.block_on(async { tokio::time::timeout(PATIENCE, what).await.ok() })
    }

    /// A command of chromedriver's own.
    fn command(&self, command: &str, body: &Value) -> Value {
        self.try_command(command, body).unwrap_or_else(|e| panic!("{command}: {e}"))
    }

    fn try_command(&self, command: &str, body: &Value) -> Result<Value, String> {
        let url = format!("{}/session/{}/{command}", self._driver.address, self.session);
        let mut response = self.agent.post(url).send_json(body).map_err(|e| e.to_string())?;
        let answer: Value = response.body_mut().read_json().map_err(|e| e.to_string())?;
        if response.status() == 200 { Ok(answer["value"].clone()) } else { Err(answer.to_string()) }
    }

    /// A command of the DevTools protocol.
    pub fn devtools(&self, method: &str, params: &Value) -> Value {
        self.command("goog/cdp/execute", &json!({"cmd": method, "params": params}))
    }

    /// What the browser wrote to its console since the last call, information left out.
    pub fn complaints(&self) -> Vec<String> {
        let entries = self.command("se/log", &json!({"type": "browser"}));
        let entries = entries.as_array().unwrap().iter();
        let text = |entry: &Value| format!("{}: {}", entry["level"], entry["message"]);
        let all = entries
            .map(text)
            .filter(|entry| !entry.starts_with("\"INFO") && !entry.starts_with("\"DEBUG"));
        // That what was asked for early was not needed yet is true of a slow machine.
        all.filter(|entry| !entry.contains("was preloaded using link preload")).collect()
    }

    /// Complaints that a test brings about on purpose: each must contain one of `parts`.
    pub fn expect_complaints(&self, parts: &[&str]) {
        for complaint in self.complaints() {
            assert!(parts.iter().any(|part| complaint.contains(part)), "{complaint}");
        }
    }

    pub fn resize(&self, width: u32, height: u32) {
        let size =
            json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false});
        self.devtools("Emulation.setDeviceMetricsOverride", &size);
    }

    /// What the system's theme is: `light` or `dark`.
    pub fn prefer(&self, scheme: &str) {
        let features = json!([{"name": "prefers-color-scheme", "value": scheme}]);
        self.devtools("Emulation.setEmulatedMedia", &json!({ "features": features }));
    }

    pub fn visit(&self, server: &Server, path: &str) {
        self.goto(&format!("{}{path}", server.address));
    }

    pub fn goto(&self, url: &str) {
        self.wait(self.client.goto(url)).unwrap();
    }

    pub fn reload(&self) {
        self.wait(self.client.refresh()).unwrap();
    }

    pub fn back(&self) {
        self.wait(self.client.back()).unwrap();
    }

    /// The value of an expression.
    pub fn js(&self, expression: &str) -> Value {
        self.run(&format!("return ({expression});")).unwrap()
    }

    pub fn run(&self, script: &str) -> Result<Value, CmdError> {
        self.wait(self.client.execute(script, Vec::new()))
    }

    /// The value that the function body `script` gives to `done(value)`.
    pub fn run_async(&self, script: &str) -> Value {
        let script = format!("const done = arguments[arguments.length - 1]; {script}");
        self.wait(self.client.execute_async(&script, Vec::new())).unwrap()
    }

    /// Waits until an expression is true in JavaScript's sense, and gives its value.
    pub fn until(&self, expression: &str) -> Value {
        let is_true = |value: &Value| {
            !matches!(value, Value::Null | Value::Bool(false)) && value != 0 && value != ""
        };
        self.patiently(expression, || match self.run(&format!("return ({expression});")) {
            Ok(value) if is_true(&value) => Ok(value),
            other => Err(format!("{other:?}")),
        })
    }

    /// Tries until it works.
    fn patiently<T>(&self, what: &str, mut attempt: impl FnMut() -> Result<T, String>) -> T {
        let started = Instant::now();
        loop {
            match attempt() {
                Ok(value) => return value,
                Err(last) if started.elapsed() > PATIENCE => {
                    panic!("waited in vain for {what}, last: {last}, at {}", self.address())
                }
                Err(_) => std::thread::sleep(GLANCE),
            }
        }
    }

    /// Does something with an element as soon as it is there and lets it be done.
    fn with<T>(&self, target: &str, act: impl AsyncFn(Element) -> Result<T, CmdError>) -> T {
        let css = selector(target);
        self.patiently(target, || {
            self.wait(async {
                let element = self.client.find(Locator::Css(&css)).await?;
                act(element).await
            })
            .map_err(|e: CmdError| e.to_string())
        })
    }

    /// Whether it is there and can be seen.
    pub fn shows(&self, target: &str) -> bool {
        self.js(&visible(target)) == true
    }

    pub fn until_shown(&self, target: &str) {
        self.until(&visible(target));
    }

    pub fn until_gone(&self, target: &str) {
        self.until(&format!("!{}", visible(target)));
    }

    /// Waits until a panel has what it shows.
    pub fn until_ready(&self, panel: &str) {
        let css = format!("{}[data-state=ready]:not([data-busy])", selector(panel));
        self.until(&format!("document.querySelector({})", json!(css)));
    }

    pub fn count(&self, target: &str) -> usize {
        let found = self.js(&format!("{}.length", all(target)));
        usize::try_from(found.as_u64().unwrap()).unwrap()
    }

    /// The text of the first.
    pub fn text(&self, target: &str) -> String {
        let text = self.until(&format!("[{}?.textContent]", first(target)));
        text[0].as_str().unwrap_or_default().trim().to_owned()
    }

    pub fn texts(&self, target: &str) -> Vec<String> {
        let texts = self.js(&format!("{}.map((e) => e.textContent.trim())", all(target)));
        texts.as_array().unwrap().iter().map(|t| t.as_str().unwrap().to_owned()).collect()
    }

    /// Waits until the text of the first contains this.
    pub fn until_text(&self, target: &str, part: &str) {
        self.until(&format!("{}?.textContent.includes({})", first(target), json!(part)));
    }

    pub fn attribute(&self, target: &str, name: &str) -> String {
        let value = self.until(&format!("[{}?.getAttribute({})]", first(target), json!(name)));
        value[0].as_str().unwrap_or_default().to_owned()
    }

    pub fn rect(&self, target: &str) -> Rect {
        let rect = self.until(&format!("{}?.getBoundingClientRect().toJSON()", first(target)));
        let side = |name: &str| rect[name].as_f64().unwrap();
        Rect { left: side("left"), top: side("top"), width: side("width"), height: side("height") }
    }

    /// Path and query of the address, as text.
    pub fn address(&self) -> String {
        let address =
            self.js("decodeURIComponent(location.pathname + location.search).replaceAll('+', ' ')");
        address.as_str().unwrap().to_owned()
    }

    /// A parameter of the address; empty if it is not there.
    pub fn parameter(&self, name: &str) -> String {
        let value = self.js(&format!("new URLSearchParams(location.search).get({})", json!(name)));
        value.as_str().unwrap_or_default().to_owned()
    }

    pub fn until_address(&self, part: &str) {
        let address = "decodeURIComponent(location.href).replaceAll('+', ' ')";
        self.until(&format!("{address}.includes({})", json!(part)));
    }

    pub fn click(&self, target: &str) {
        // WebDriver takes what lies under the header for visible.
        self.until(&format!(
            "{0} && ({0}.scrollIntoView({{ block: 'nearest' }}), true)",
            first(target)
        ));
        self.with(target, async |element| element.click().await);
    }

    /// Puts text in place of what a field has.
    pub fn fill(&self, target: &str, text: &str) {
        // As one does it: WebDriver's own way to clear a field takes its focus away.
        let clear = [Key::Control.into(), 'a', Key::Null.into(), Key::Delete.into()];
        let keys = format!("{}{text}", String::from_iter(clear));
        self.with(target, async |element| element.send_keys(&keys).await);
    }

    /// A key to an element.
    pub fn send(&self, target: &str, key: Key) {
        let key = char::from(key).to_string();
        self.with(target, async |element| element.send_keys(&key).await);
    }

    pub fn choose(&self, target: &str, value: &str) {
        self.with(target, async |element| element.select_by_value(value).await);
    }

    /// Keys to whatever has the focus.
    pub fn press(&self, keys: &str) {
        let mut actions = KeyActions::new("keyboard".to_owned());
        for value in keys.chars() {
            actions = actions.then(KeyAction::Down { value }).then(KeyAction::Up { value });
        }
        self.wait(self.client.perform_actions(actions)).unwrap();
    }

    /// A key while Control is held.
    pub fn press_with_control(&self, value: char) {
        let control = char::from(Key::Control);
        let actions = KeyActions::new("keyboard".to_owned())
            .then(KeyAction::Down { value: control })
            .then(KeyAction::Down { value })
            .then(KeyAction::Up { value })
            .then(KeyAction::Up { value: control });
        self.wait(self.client.perform_actions(actions)).unwrap();
    }

    /// Drags with the mouse, in a few steps.
    pub fn drag(&self, from: (f64, f64), to: (f64, f64)) {
        let step = |share: f64| PointerAction::MoveTo {
            duration: Some(Duration::from_millis(20)),
            x: from.0 + (to.0 - from.0) * share,
            y: from.1 + (to.1 - from.1) * share,
        };
        let mut actions = MouseActions::new("mouse".to_owned())
            .then(step(0.0))
            .then(PointerAction::Down { button: MOUSE_BUTTON_LEFT });
        for n in 1..=5 {
            actions = actions.then(step(f64::from(n) / 5.0));
        }
        let actions = actions.then(PointerAction::Up { button: MOUSE_BUTTON_LEFT });
        self.wait(self.client.perform_actions(actions)).unwrap();
    }

    /// Turns the wheel over a place.
    #[allow(clippy::cast_possible_truncation)]
    pub fn wheel(&self, (x, y): (f64, f64), by: i64) {
        let turn = WheelAction::Scroll {
            duration: None,
            x: x as i64,
            y: y as i64,
            delta_x: 0,
            delta_y: by,
        };
        let actions = WheelActions::new("wheel".to_owned()).then(turn);
        self.wait(self.client.perform_actions(actions)).unwrap();
    }

    /// Waits for a downloaded file with this ending, and takes it away.
    pub fn download(&self, ending: &str) -> Vec<u8> {
        let folder = self.files.path().join("downloads");
        let path = self.patiently(&format!("a download {ending}"), || {
            let files = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap());
            // Until it is complete, an empty file keeps its name for it.
            let mut files = files.filter(|entry| entry.metadata().is_ok_and(|is| is.len() > 0));
            let found = files.find(|entry| entry.file_name().to_string_lossy().ends_with(ending));
            found.map(|entry| entry.path()).ok_or_else(|| "none".to_owned())
        });
        let bytes = std::fs::read(&path).unwrap();
        std::fs::remove_file(path).unwrap();
        bytes
    }

    pub fn download_text(&self, ending: &str) -> String {
        String::from_utf8(self.download(ending)).unwrap()
    }

    pub fn screenshot(&self, name: &str) {
        let png = self.wait(self.client.screenshot()).unwrap();
        std::fs::write(screenshots().join(format!("{name}.png")), png).unwrap();
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        // Nothing here may panic: a test that fails must not take the others with it.
        if std::thread::panicking() {
            // What it looked like helps to see why.
            let name = std::thread::current().name().unwrap_or("test").replace("::", "-");
            if let Some(Ok(png)) = self.try_wait(self.client.screenshot()) {
                drop(std::fs::write(screenshots().join(format!("failed-{name}.png")), png));
            }
            let console = self.try_command("se/log", &json!({"type": "browser"}));
            eprintln!("the console: {console:#?}");
        }
        drop(self.try_wait(self.client.clone().close()));
    }
}

fn all(target: &str) -> String {
    format!("[...document.querySelectorAll({})]", json!(selector(target)))
}

fn first(target: &str) -> String {
    format!("document.querySelector({})", json!(selector(target)))
}

fn visible(target: &str) -> String {
    format!("{}.some((e) => e.checkVisibility())", all(target))
}
