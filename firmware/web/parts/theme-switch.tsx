/** Dark or light: as the system has it, unless the owner says otherwise. */
import { useState } from "preact/hooks";
import { browser } from "../browser.ts";

const CHOICES = ["system", "light", "dark"] as const;
type Theme = (typeof CHOICES)[number];

function remembered(): Theme {
  const name = browser.recall("theme");
  return CHOICES.find((choice) => choice === name) ?? "system";
}

export function applyTheme(theme: Theme = remembered()): void {
  if (theme === "system") delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = theme;
}

export function ThemeSwitch() {
  const [theme, setTheme] = useState(remembered);
  const choose = (next: Theme): void => {
    browser.remember("theme", next === "system" ? null : next);
    applyTheme(next);
    setTheme(next);
  };
  return (
    <label class="theme">
      <span>Colours</span>
      <select value={theme} onChange={({ currentTarget }) => choose(currentTarget.value as Theme)}>
        {CHOICES.map((choice) => (
          <option key={choice} value={choice}>
            {choice}
          </option>
        ))}
      </select>
    </label>
  );
}
