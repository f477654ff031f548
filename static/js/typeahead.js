// A list of suggestions under <input data-typeahead="/url">, by the ARIA combobox pattern (list autocomplete).
// The server answers GET url?q=… with <li role="option" data-value="…">…</li>. The chosen value goes to the field whose
// id stands in data-typeahead-target, else into the input itself. Without script it stays a plain input.
const WAIT_MS = 200;

function enhance(input) {
  const list = document.createElement("ul");
  list.id = `${input.id}-list`;
  list.className = "typeahead-list";
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", input.labels?.[0]?.textContent.trim() ?? "");
  list.hidden = true;
  const anchor = input.closest(".field-control") ?? input;
  anchor.after(list);
  for (const [name, value] of Object.entries({
    role: "combobox", autocomplete: "off", "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": list.id,
  })) input.setAttribute(name, value);

  const target = document.getElementById(input.dataset.typeaheadTarget ?? "");
  let active = -1;
  let timer = 0;
  let request = null;
  const options = () => [...list.querySelectorAll("[role=option]")];

  function close() {
    list.hidden = true;
    active = -1;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  }
  function mark(index) {
    const all = options();
    active = (index + all.length) % all.length;
    all.forEach((option, i) => option.setAttribute("aria-selected", String(i === active)));
    input.setAttribute("aria-activedescendant", all[active].id);
    all[active].scrollIntoView({ block: "nearest" });
  }
  function choose(option) {
    const value = option.dataset.value ?? option.textContent.trim();
    if (target) { target.value = value; input.value = option.dataset.label ?? option.textContent.trim(); } else input.value = value;
    (target ?? input).dispatchEvent(new Event("change", { bubbles: true }));
    close();
  }
  async function ask() {
    const words = input.value.trim();
    request?.abort();
    if (!words) { close(); return; }
    request = new AbortController();
    const url = new URL(input.dataset.typeahead, location.href);
    url.searchParams.set("q", words);
    try {
      const answer = await fetch(url, { signal: request.signal, headers: { "HX-Request": "true" } });
      if (!answer.ok) { close(); return; }
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      list.replaceChildren(...page.querySelectorAll("[role=option]"));
    } catch { return; /* replaced by a newer question, or no network: the input works alone */ }
    const all = options();
    all.forEach((option, i) => { option.id = `${list.id}-${i}`; option.setAttribute("aria-selected", "false"); });
    active = -1;
    input.removeAttribute("aria-activedescendant");
    list.hidden = all.length === 0;
    input.setAttribute("aria-expanded", String(all.length > 0));
  }

  input.addEventListener("input", () => {
    if (target) target.value = "";
    clearTimeout(timer);
    timer = setTimeout(ask, WAIT_MS);
  });
  input.addEventListener("keydown", (event) => {
    if (event.isComposing) return; // Chinese input methods use the same keys
    if (event.key === "ArrowDown" && list.hidden && input.value.trim()) { event.preventDefault(); ask(); return; }
    if (list.hidden) return;
    if (event.key === "ArrowDown") { event.preventDefault(); mark(active + 1); }
    else if (event.key === "ArrowUp") { event.preventDefault(); mark(active < 0 ? -1 : active - 1); }
    else if (event.key === "Enter" && active >= 0) { event.preventDefault(); choose(options()[active]); }
    else if (event.key === "Escape") { event.preventDefault(); close(); }
  });
  input.addEventListener("blur", () => { clearTimeout(timer); request?.abort(); close(); });
  // Pressing must not take the focus away before the click arrives.
  list.addEventListener("pointerdown", (event) => event.preventDefault());
  list.addEventListener("click", (event) => {
    const option = event.target.closest("[role=option]");
    if (option) choose(option);
  });
}

for (const input of document.querySelectorAll("input[data-typeahead]")) enhance(input);
