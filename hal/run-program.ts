/** Runs another program to its end. The real one in `hal/linux/run-program.ts`; tests hand in their own. */
export interface ProgramEnd {
  /** Exit code; missing: there is no such program. late: it was ended after the limit. */
  readonly code: number | "missing" | "late";
  readonly stdout: string;
  readonly stderr: string;
}

export interface ProgramOptions {
  readonly limitMs: number;
  /** Gets each line of standard output as it comes. */
  readonly onLine?: (line: string) => void;
}

/** Never rejects for what the program does. */
export type RunProgram = (program: string, args: readonly string[], options: ProgramOptions) => Promise<ProgramEnd>;
