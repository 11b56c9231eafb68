// What every page does: the token of requests, copying, dark and light, errors of the network.

const token = document.querySelector('meta[name="gremlink-token"]').content;

document.addEventListener("htmx:configRequest", (event) => {
  event.detail.headers["X-Gremlink-Token"] = token;
});

function say(text) {
  let place = document.getElementById("said");
  if (place === null) {
    place = document.createElement("div");
    place.id = "said";
    place.setAttribute("role", "status");
    document.body.append(place);
  }
  place.textContent = text;
  place.hidden = false;
  clearTimeout(say.timer);
  say.timer = setTimeout(() => { place.hidden = true; }, 4000);
}

document.addEventListener("htmx:sendError", () => say("The proxy does not answer."));
document.addEventListener("htmx:responseError", (event) => say(`The proxy answered ${event.detail.xhr.status}.`));

function prepare(root) {
  for (const button of root.querySelectorAll("[data-copy]")) button.hidden = !navigator.clipboard;
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (button === null) return;
  await navigator.clipboard.writeText(button.parentElement.querySelector("code").textContent);
  say("Copied.");
});

document.addEventListener("htmx:load", (event) => prepare(event.detail.elt));
prepare(document);

const theme = document.getElementById("theme");
theme.hidden = false;
theme.addEventListener("click", () => {
  const dark = getComputedStyle(document.documentElement).colorScheme.trim() === "dark";
  document.documentElement.dataset.theme = dark ? "light" : "dark";
  localStorage.setItem("theme", document.documentElement.dataset.theme);
  document.dispatchEvent(new CustomEvent("gremlink:theme"));
});

document.addEventListener("change", (event) => {
  if (event.target.matches("[data-submit]")) event.target.form.requestSubmit();
});

export { say, token };
