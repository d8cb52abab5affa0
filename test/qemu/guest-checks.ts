/** What the programs in guests share: checks by name, a line each on the console, `ok ...` or `FAILED ...`. */

/** What a check holds true, and the check: it throws, or gives what it saw. */
export type GuestChecks = Readonly<Record<string, () => Promise<string>>>;

export async function runGuestChecks(checks: GuestChecks): Promise<void> {
  for (const [name, check] of Object.entries(checks)) {
    try {
      console.log(`ok ${name}: ${await check()}`);
    } catch (error) {
      console.log(`FAILED ${name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  console.log("CHECKS DONE");
}

export const sleepMs = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
