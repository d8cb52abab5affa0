// What the tests in QEMU saw: a line for each check, and their count as the last line and the exit code.

const counts = { passed: 0, failed: 0 };

/** @param {boolean} holds @param {string} text */
export function tell(holds, text) {
  counts[holds ? "passed" : "failed"]++;
  console.log(`${holds ? "ok" : "FAILED"} ${text}`);
}

/** The checks of a guest (guest-checks.ts). @param {string} text its console's @param {unknown} done null: they did not end */
export function tellGuestChecks(text, done) {
  for (const [, verdict, what = ""] of text.matchAll(/^(ok|FAILED) (.*?)\r?$/gm)) tell(verdict === "ok", what);
  if (done === null) tell(false, `the checks did not end: ${text.slice(-1500)}`);
}

export function tellCounts() {
  console.log(`${counts.passed} passed, ${counts.failed} failed`);
  process.exitCode = counts.failed === 0 && counts.passed > 0 ? 0 : 1;
}
