// The switch for dark mode, on every page.

import { $ } from "./dom.js";

const root = document.documentElement;
const prefersDark = matchMedia("(prefers-color-scheme: dark)");
const button = $("theme");

const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : prefersDark.matches);
const show = () => button.setAttribute("aria-pressed", String(isDark()));

button.addEventListener("click", () => {
  const theme = isDark() ? "light" : "dark";
  root.dataset.theme = theme;
  // The server writes it into the page, so that no page begins in the other one.
  document.cookie = `theme=${theme}; path=/; max-age=31536000; samesite=lax`;
  show();
});
prefersDark.addEventListener("change", show);
show();
