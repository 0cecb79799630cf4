//! One browser window, driven over chromedriver's HTTP protocol (W3C WebDriver).

use std::path::Path;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};
use tempfile::TempDir;
use ureq::Agent;

use crate::driver::Driver;
use crate::process_cpu;

/// No command of a browser takes longer.
const LIMIT: Duration = Duration::from_secs(120);
/// Answers hold scripts' results.
const MOST_BYTES: u64 = 64 << 20;
pub(crate) const WIDTH: u32 = 1400;
pub(crate) const HEIGHT: u32 = 900;

/// A window of a headless Chromium with an empty profile of its own.
#[derive(Debug)]
pub(crate) struct Session {
    agent: Agent,
    address: String,
    /// Its main process, for when it cannot be asked to end.
    browser: Option<Pid>,
    _driver: Driver,
    /// All files of the browser and the driver; removed after these have ended.
    folder: TempDir,
}

impl Session {
    pub(crate) fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder for the browser");
        let driver = Driver::start(folder.path());
        let config = Agent::config_builder()
            .timeout_global(Some(LIMIT))
            .http_status_as_error(false)
            .proxy(None)
            .build();
        let mut session = Self {
            agent: Agent::new_with_config(config),
            address: format!("http://127.0.0.1:{}/session", driver.port),
            browser: None,
            _driver: driver,
            folder,
        };
        let answer = session.post("", &capabilities(session.folder.path()));
        let id = answer["sessionId"].as_str().expect("a session has an id");
        session.address = format!("{}/{id}", session.address);
        let pid = answer["capabilities"]["goog:processID"].as_i64();
        session.browser = pid
            .and_then(|pid| i32::try_from(pid).ok())
            .map(Pid::from_raw);
        session
    }

    /// Opens a file; returns when it is loaded.
    pub(crate) fn open(&self, page: &Path, hash: &str) {
        let path = page.to_str().expect("a temporary path is UTF-8");
        self.post("/url", &json!({ "url": format!("file://{path}{hash}") }));
    }

    pub(crate) fn reload(&self) {
        self.post("/refresh", &json!({}));
    }

    pub(crate) fn back(&self) {
        self.post("/back", &json!({}));
    }

    /// The result of an expression in the page.
    pub(crate) fn eval(&self, expression: &str) -> Value {
        let script = format!("return {expression};");
        self.post("/execute/sync", &json!({ "script": script, "args": [] }))
    }

    /// Milliseconds from the start of a script to the frame that shows what it did.
    pub(crate) fn millis_to_frame(&self, script: &str) -> f64 {
        // The callback of a frame runs before it is painted, a task after it.
        let script = format!(
            "const done = arguments[0], began = performance.now(); {script};\
             requestAnimationFrame(() => {{ const {{ port1, port2 }} = new MessageChannel();\
             port1.onmessage = () => done(performance.now() - began); port2.postMessage(0); }});"
        );
        let body = json!({ "script": script, "args": [] });
        let millis = self.post("/execute/async", &body);
        millis.as_f64().expect("a script says how long it took")
    }

    /// CPU seconds of the browser with all its processes since it was started.
    pub(crate) fn cpu(&self) -> f64 {
        let browser = self.browser.expect("chromedriver says the browser's pid");
        process_cpu::of_tree(browser)
    }

    /// Clicks at a point of the window.
    pub(crate) fn click(&self, x: f64, y: f64) {
        let actions = json!([
            { "type": "pointerMove", "duration": 0, "x": x as i64, "y": y as i64 },
            { "type": "pointerDown", "button": 0 },
            { "type": "pointerUp", "button": 0 },
        ]);
        self.pointer(&actions);
    }

    /// Moves the pointer to a point of the window.
    pub(crate) fn hover(&self, x: f64, y: f64) {
        self.pointer(
            &json!([{ "type": "pointerMove", "duration": 0, "x": x as i64, "y": y as i64 }]),
        );
    }

    fn pointer(&self, actions: &Value) {
        let mouse = json!({ "type": "pointer", "id": "mouse", "actions": actions });
        self.post("/actions", &json!({ "actions": [mouse] }));
    }

    /// Types keys, as a person does: `\u{e007}` is Enter (WebDriver's table of keys).
    pub(crate) fn keys(&self, keys: &str) {
        let strokes = keys.chars().flat_map(|key| {
            ["keyDown", "keyUp"].map(|kind| json!({ "type": kind, "value": key.to_string() }))
        });
        let keyboard =
            json!({ "type": "key", "id": "keys", "actions": strokes.collect::<Vec<_>>() });
        self.post("/actions", &json!({ "actions": [keyboard] }));
    }

    /// What the console shows since this was asked last: errors and warnings of the page too.
    pub(crate) fn console(&self) -> Vec<String> {
        let text = |entry: &Value| entry["message"].as_str().unwrap_or_default().to_owned();
        self.log("browser").iter().map(text).collect()
    }

    /// Addresses that pages from files asked for since this was asked last, their own too.
    pub(crate) fn requests(&self) -> Vec<String> {
        let events = self.log("performance");
        let parsed = events
            .iter()
            .filter_map(|entry| serde_json::from_str::<Value>(entry["message"].as_str()?).ok());
        let by_page = |event: &Value| {
            let page = event["message"]["params"]["documentURL"].as_str();
            page.is_some_and(|page| page.starts_with("file://"))
        };
        let sent = parsed
            .filter(|event| event["message"]["method"] == "Network.requestWillBeSent")
            .filter(by_page);
        let address = |event: Value| {
            let url = &event["message"]["params"]["request"]["url"];
            url.as_str().unwrap_or_default().to_owned()
        };
        sent.map(address).collect()
    }

    fn log(&self, kind: &str) -> Vec<Value> {
        let answer = self.post("/se/log", &json!({ "type": kind }));
        answer.as_array().expect("a log is a list").clone()
    }

    /// Whether the pages opened next run scripts.
    pub(crate) fn run_scripts(&self, run: bool) {
        self.devtools(
            "Emulation.setScriptExecutionDisabled",
            json!({ "value": !run }),
        );
    }

    /// `light` or `dark`.
    pub(crate) fn prefer(&self, scheme: &str) {
        let features = json!([{ "name": "prefers-color-scheme", "value": scheme }]);
        self.devtools(
            "Emulation.setEmulatedMedia",
            json!({ "features": features }),
        );
    }

    fn devtools(&self, command: &str, parameters: Value) {
        self.post(
            "/goog/cdp/execute",
            &json!({ "cmd": command, "params": parameters }),
        );
    }

    /// Text of the page as it is read, found by a CSS selector without scripts.
    pub(crate) fn texts(&self, selector: &str) -> Vec<String> {
        let found = self.post(
            "/elements",
            &json!({ "using": "css selector", "value": selector }),
        );
        let elements = found.as_array().expect("elements are a list");
        let ids = elements
            .iter()
            .filter_map(|element| element.as_object()?.values().next()?.as_str());
        let text = |id: &str| self.get(&format!("/element/{id}/text"));
        ids.map(|id| text(id).as_str().unwrap_or_default().to_owned())
            .collect()
    }

    fn post(&self, path: &str, body: &Value) -> Value {
        let address = format!("{}{path}", self.address);
        let sent = self
            .agent
            .post(&address)
            .header("content-type", "application/json");
        result(path, sent.send(body.to_string()))
    }

    fn get(&self, path: &str) -> Value {
        result(
            path,
            self.agent.get(format!("{}{path}", self.address)).call(),
        )
    }
}

/// The value of an answer; the test fails with what the browser complains of.
fn result(path: &str, answer: Result<ureq::http::Response<ureq::Body>, ureq::Error>) -> Value {
    let mut answer = answer.unwrap_or_else(|error| panic!("{path}: {error}"));
    let body = answer
        .body_mut()
        .with_config()
        .limit(MOST_BYTES)
        .read_to_string();
    let text = body.unwrap_or_else(|error| panic!("{path}: {error}"));
    let mut parsed: Value =
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
    let value = parsed["value"].take();
    assert!(answer.status().is_success(), "{path}: {value:#}");
    value
}

fn capabilities(folder: &Path) -> Value {
    let arguments = [
        "--headless=new".to_owned(),
        // Root has no sandbox of Chromium's; the pages are our own.
        "--no-sandbox".to_owned(),
        "--disable-gpu".to_owned(),
        "--disable-dev-shm-usage".to_owned(),
        "--disable-background-networking".to_owned(),
        "--no-first-run".to_owned(),
        "--hide-scrollbars".to_owned(),
        "--force-device-scale-factor=1".to_owned(),
        format!("--window-size={WIDTH},{HEIGHT}"),
        format!("--user-data-dir={}/profile", folder.display()),
    ];
    json!({ "capabilities": { "alwaysMatch": {
        "browserName": "chrome",
        "goog:loggingPrefs": { "browser": "ALL", "performance": "ALL" },
        "goog:chromeOptions": { "args": arguments },
    } } })
}

impl Drop for Session {
    fn drop(&mut self) {
        // Ends the browser; the driver ends afterwards.
        let ended = self.agent.delete(&self.address).call();
        if let (Err(_), Some(browser)) = (ended, self.browser) {
            let _ = kill(browser, Signal::SIGKILL);
        }
    }
}
