// The editor of the console: Ctrl-Enter, examples, and the queries that were run in this browser.

const MOST = 20; // queries that are remembered
const KEY = "console";
const form = document.getElementById("console");
const script = document.getElementById("script");
const history = document.getElementById("history");

const remembered = () => {
  try {
    const found = JSON.parse(localStorage.getItem(KEY) ?? "[]");
    return Array.isArray(found) ? found.filter((each) => typeof each === "string") : [];
  } catch { return []; }
};

function show() {
  const found = remembered();
  history.hidden = found.length === 0;
  history.querySelector("ul").replaceChildren(...found.map((each) => {
    const item = document.createElement("li");
    const button = document.createElement("button");
    button.type = "button";
    button.className = "linklike";
    button.textContent = each;
    button.addEventListener("click", () => take(each));
    item.append(button);
    return item;
  }));
}

function take(text) {
  script.value = text;
  script.focus();
}

// A query has an id of the page's own, by which it is cancelled.

const cancel = document.getElementById("cancel");
const working = document.getElementById("working");
const id = document.getElementById("query");
let returns = null; // the element that had the focus when the query began

function uuid() { // crypto.randomUUID is missing on plain http
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  return [...bytes].map((each, at) => ([4, 6, 8, 10].includes(at) ? "-" : "") + each.toString(16).padStart(2, "0")).join("");
}

form.addEventListener("htmx:configRequest", (event) => {
  id.value = uuid();
  if (event.detail.formData) event.detail.formData.set("query", id.value);
  else event.detail.parameters.query = id.value;
});
form.addEventListener("htmx:beforeRequest", () => {
  returns = document.activeElement;
  working.textContent = "Running …";
  cancel.hidden = false;
  cancel.disabled = false;
  if (returns !== script) cancel.focus(); // a button that is disabled has lost it
});
form.addEventListener("htmx:afterRequest", () => {
  const had = document.activeElement === cancel || document.activeElement === document.body;
  cancel.hidden = true;
  working.textContent = "";
  id.value = "";
  if (had) returns?.focus();
});

async function end() {
  if (cancel.hidden || cancel.disabled || id.value === "") return;
  cancel.disabled = true;
  working.textContent = "Cancelling …";
  const fields = new FormData(form);
  fields.set("query", id.value);
  try { await fetch("/studio/console/cancel", { method: "POST", body: new URLSearchParams(fields) }); }
  finally { cancel.disabled = false; }
}
cancel.addEventListener("click", end);
form.addEventListener("keydown", (event) => { if (event.key === "Escape") end(); });

form.addEventListener("htmx:beforeRequest", () => {
  const text = script.value.trim();
  if (text === "") return;
  localStorage.setItem(KEY, JSON.stringify([text, ...remembered().filter((each) => each !== text)].slice(0, MOST)));
  show();
});
script.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    if (cancel.hidden) form.requestSubmit(form.querySelector("button[value=run]"));
  }
});
document.addEventListener("click", (event) => {
  const example = event.target.closest("[data-example]");
  if (example !== null) take(example.dataset.example);
});
show();
