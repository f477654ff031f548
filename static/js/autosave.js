// Keeps what was typed in a long form until it is sent, in this tab only.
for (const form of document.querySelectorAll("form[data-autosave]")) {
  const key = `form:${form.dataset.autosave}`;
  const fields = () => [...form.elements].filter(
    (f) => f.name && !["hidden", "file", "password", "submit"].includes(f.type),
  );
  const isAnswer = document.querySelector(".error-summary") !== null;
  let saved = null;
  try { saved = JSON.parse(sessionStorage.getItem(key)); } catch { /* unreadable: start from the page */ }
  if (saved && !isAnswer && saved.path === location.pathname + location.search) {
    for (const field of fields()) {
      const value = saved.values[field.name];
      if (value === undefined) continue;
      if (field.type === "checkbox") field.checked = value;
      else if (field.type === "radio") field.checked = field.value === value;
      else field.value = value;
    }
  }
  form.addEventListener("input", () => {
    const kept = fields().filter((f) => f.type !== "radio" || f.checked);
    const values = Object.fromEntries(kept.map((f) => [f.name, f.type === "checkbox" ? f.checked : f.value]));
    sessionStorage.setItem(key, JSON.stringify({ path: location.pathname + location.search, values }));
  });
  form.addEventListener("submit", () => sessionStorage.removeItem(key));
}
