// Copies the pinned front-end packages out of node_modules; nothing of them is kept in git.
import { copyFileSync, mkdirSync } from "node:fs";

const files = {
  "static/vendor": [
    ["bootstrap/dist/css/bootstrap-reboot.min.css", "bootstrap-reboot.min.css"],
    ["htmx.org/dist/htmx.min.js", "htmx.min.js"],
  ],
  "static/vendor-dev": [["axe-core/axe.min.js", "axe.min.js"]],
};

for (const [folder, copies] of Object.entries(files)) {
  mkdirSync(folder, { recursive: true });
  for (const [from, to] of copies) copyFileSync(`node_modules/${from}`, `${folder}/${to}`);
}
