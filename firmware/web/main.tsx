/** The page of the owner starts here. */
import { render } from "preact";
import { App } from "./app.tsx";
import { applyTheme } from "./parts/theme-switch.tsx";

applyTheme();
const place = document.getElementById("app");
if (place !== null) {
  place.textContent = "";
  render(<App />, place);
}
