// A field that finds a vertex while one types: the combobox pattern of WAI-ARIA.

const WAIT = 200; // milliseconds without a key before it asks

function enhance(field) {
  const input = field.querySelector("[role=combobox]");
  const hidden = field.querySelector("input[type=hidden]");
  const list = field.querySelector("[role=listbox]");
  let timer = 0;
  let active = -1;
  let asked = 0;

  const options = () => [...list.querySelectorAll("[role=option]:not([aria-disabled])")];

  function close() {
    list.hidden = true;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
    active = -1;
  }

  function mark(index) {
    const all = options();
    active = all.length ? (index + all.length) % all.length : -1;
    all.forEach((each, at) => each.setAttribute("aria-selected", String(at === active)));
    if (active >= 0) {
      input.setAttribute("aria-activedescendant", all[active].id);
      all[active].scrollIntoView({ block: "nearest" });
    }
  }

  function choose(option) {
    input.value = option.dataset.shown;
    hidden.value = option.dataset.address;
    close();
    hidden.dispatchEvent(new Event("change", { bubbles: true }));
    const form = field.closest("form[data-at-once]");
    if (form !== null) form.requestSubmit();
  }

  async function look() {
    const mine = ++asked;
    const query = new URLSearchParams({ text: input.value, label: field.dataset.label, list: list.id });
    let text = "";
    try {
      const answer = await fetch(`/studio/vertices?${query}`, { headers: { "HX-Request": "true" } });
      text = await answer.text();
    } catch {
      text = `<li role="option" aria-disabled="true" class="quiet none">The proxy does not answer.</li>`;
    }
    if (mine !== asked || document.activeElement !== input) return;
    const found = new DOMParser().parseFromString(text, "text/html");
    list.replaceChildren(...found.querySelectorAll("li"));
    for (const [at, each] of options().entries()) each.id = `${list.id}-${at}`;
    list.hidden = false;
    input.setAttribute("aria-expanded", "true");
    active = -1;
  }

  input.addEventListener("input", () => {
    hidden.value = "";
    asked += 1; // what is on its way answers an earlier text
    list.replaceChildren();
    close();
    clearTimeout(timer);
    timer = setTimeout(look, WAIT);
  });
  input.addEventListener("focus", () => { if (input.value === "") look(); else input.select(); });
  input.addEventListener("blur", () => setTimeout(close, 150));
  input.addEventListener("keydown", async (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (list.hidden) await look();
      mark(active + (event.key === "ArrowDown" ? 1 : -1));
    } else if (event.key === "Enter" && hidden.value === "" && input.value.trim() !== "") {
      event.preventDefault();
      clearTimeout(timer);
      if (list.hidden) await look();
      if (options().length) choose(options()[Math.max(active, 0)]);
    } else if (event.key === "Enter" && !list.hidden && active >= 0) {
      event.preventDefault();
      choose(options()[active]);
    } else if (event.key === "Escape") {
      close();
    }
  });
  list.addEventListener("mousedown", (event) => {
    const option = event.target.closest("[role=option]:not([aria-disabled])");
    if (option !== null) { event.preventDefault(); choose(option); }
  });
}

function prepare(root) {
  for (const field of root.querySelectorAll(".vertex-field")) {
    if (field.dataset.ready) continue;
    field.dataset.ready = "yes";
    enhance(field);
  }
}

document.addEventListener("htmx:load", (event) => prepare(event.detail.elt));
prepare(document);
