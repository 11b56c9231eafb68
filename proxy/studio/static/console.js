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

form.addEventListener("htmx:beforeRequest", () => {
  const text = script.value.trim();
  if (text === "") return;
  localStorage.setItem(KEY, JSON.stringify([text, ...remembered().filter((each) => each !== text)].slice(0, MOST)));
  show();
});
script.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    form.requestSubmit(form.querySelector("button[value=run]"));
  }
});
document.addEventListener("click", (event) => {
  const example = event.target.closest("[data-example]");
  if (example !== null) take(example.dataset.example);
});
show();
