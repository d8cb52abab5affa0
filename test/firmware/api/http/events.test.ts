/** Twenty tabs cost one serialisation of a snapshot, whatever they ask. */
import { ServerResponse } from "node:http";
import { Socket } from "node:net";
import { expect, test } from "vitest";
import { EventStream } from "#firmware/api/http/events.ts";
import { ManagementState } from "#firmware/api/http/state.ts";
import type { MinerSnapshot } from "#firmware/api/snapshot.ts";

const TABS = 20;

class Tab extends ServerResponse {
  readonly received: string[] = [];

  constructor() {
    super({ method: "GET" } as ConstructorParameters<typeof ServerResponse>[0]);
    this.assignSocket(new Socket());
  }

  override write(chunk: unknown): boolean {
    this.received.push(String(chunk));
    return true;
  }
}

test("twenty tabs, their first look and their reads: one serialisation for each snapshot", () => {
  let serialisations = 0;
  const chains = {
    toJSON: () => {
      serialisations++;
      return [];
    },
  };
  const snapshot = { machine: "s21", chains } as unknown as MinerSnapshot;
  const state = new ManagementState("1.2.3");
  const events = new EventStream();
  const tabs = Array.from({ length: TABS }, () => new Tab());
  for (let second = 1; second <= 3; second++) {
    state.take({ kind: "snapshot", snapshot });
    if (second === 1) for (const tab of tabs) events.add(tab, state.snapshotText);
    else events.send("snapshot", state.snapshotText ?? "");
    for (let read = 0; read < TABS; read++) expect(state.snapshotText).toContain('"machine":"s21"');
    expect(serialisations).toBe(second);
  }
  for (const { received } of tabs) {
    expect(received).toHaveLength(3);
    expect(received[2]).toBe(`event: snapshot\ndata: ${state.snapshotText}\n\n`);
  }
});
