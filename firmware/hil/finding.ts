/** What a step can say of what it looked at. */
/** What a step found: it passes when it names no problem. */
export interface Finding {
  /** One sentence each, with part and place. */
  readonly problems: readonly string[];
  /** What was seen, for people. */
  readonly notes: readonly string[];
  /** Why there was nothing to check here; null = there was. */
  readonly notApplicable?: string;
}

/** Problems of several parts as one finding. */
export function joined(findings: readonly Finding[]): Finding {
  const reasons = findings.map(({ notApplicable }) => notApplicable);
  const isNothing = findings.length > 0 && reasons.every((reason) => reason !== undefined);
  return {
    problems: findings.flatMap(({ problems }) => problems),
    notes: findings.flatMap(({ notes }) => notes),
    ...(isNothing ? { notApplicable: reasons[0] ?? "" } : {}),
  };
}

export function seen(note: string): Finding {
  return { problems: [], notes: [note] };
}

export function wrong(...problems: string[]): Finding {
  return { problems, notes: [] };
}
