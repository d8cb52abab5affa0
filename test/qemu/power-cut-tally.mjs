// What the rounds of power-cut.mjs came to: counted from what their guests said, and judged once, for the line and the exit code.

/** Rounds without a cut that may follow the last cut until a version is committed; one in three versions is a bad one. */
export const CALM_ROUNDS_MAX = 12;

export class Tally {
  boots = 0;
  cuts = 0;
  lostSectors = 0;
  committed = 0;
  rolledBack = 0;
  failedTries = 0;
  freshEnvironments = 0;
  /** Of the settings: what the last guest was told to be written. */
  confirmed = 0;
  /** @type {string[]} */
  problems = [];

  /** Of one boot. @param {string} text what its guest said @param {number} version */
  note(text, version) {
    const settings = /^SETTINGS (\w+) ?(.*?)\r?$/m.exec(text);
    const number = settings?.[1] === "whole" ? Number(settings[2]) : 0;
    if (settings?.[1] === "TORN") this.problems.push(`settings are torn: ${settings[2]}`);
    if (settings !== null && number < this.confirmed)
      this.problems.push(`settings ${this.confirmed} were confirmed, ${number} are there`);
    for (const [, wrote] of text.matchAll(/^WROTE (\d+)\r?\n/gm)) this.confirmed = Number(wrote);
    if (/^PROVED committed/m.test(text)) this.committed++;
    // The older version's word, after the boot; the one that is given up says so before it, too.
    if (/^INCIDENT an older version runs again/m.test(text)) this.rolledBack++;
    for (const [line] of text.matchAll(/^NEVER .*$/gm)) this.problems.push(`version ${version}: ${line}`);
  }

  /** What a run of so many cuts still lacks. @param {number} wantedCuts @returns {string[]} */
  lacks(wantedCuts) {
    const lacks = [...this.problems];
    if (!(this.cuts >= wantedCuts)) lacks.push(`${this.cuts} cuts of ${wantedCuts}`);
    if (this.committed === 0)
      lacks.push("no version was committed, so that a way to the end of an update was not seen");
    return lacks;
  }

  /** @param {string} seed */
  lineOf(seed) {
    return `power cuts: ${this.cuts} in ${this.boots} boots (seed ${seed}), ${this.lostSectors} unflushed sectors lost; ${this.committed} versions committed, ${this.rolledBack} rolled back, ${this.failedTries} tries of a slot without a whole version, ${this.freshEnvironments} environments made anew; settings ${this.confirmed} confirmed`;
  }
}

/**
 * Cuts, then calm rounds until a version is committed.
 * @param {Tally} tally @param {number} wantedCuts @param {(isCut: boolean) => Promise<void>} round
 */
export async function runRounds(tally, wantedCuts, round) {
  // The first one undisturbed tells how long an update takes here.
  await round(false);
  while (tally.cuts < wantedCuts && tally.problems.length === 0) {
    await round(true);
    // Now and then an update comes to its end, so that versions are proved, and go back.
    if (tally.cuts % 4 === 0) await round(false);
  }
  for (let i = 0; i < CALM_ROUNDS_MAX && tally.committed === 0 && tally.problems.length === 0; i++) await round(false);
}
