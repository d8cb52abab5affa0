/** Routes about the machine itself: who it is and where it is on the network, what it bears, and receipts of its past work. */
import { z } from "zod";
import type { Scope } from "../commands.ts";
import { type MachineFacts, marketingName } from "../machine-facts.ts";
import { type AnswerOf, type Query, type QueryAnswer, queryAnswers } from "../queries.ts";
import { RECEIPT_DAYS_MAX, receiptsAnswer } from "../receipts.ts";
import type { ManagementState } from "./state.ts";

const known = z.string().nullable();

export const machineAnswer = z.object({
  version: z.string(),
  nodeVersion: z.string(),
  kernelVersion: known,
  machine: known,
  label: known.meta({ description: "As its maker sells it." }),
  controlBoard: known,
  emulationLabel: known.meta({ description: "What of it is not real; null: all is." }),
  network: z.object({
    hostname: known,
    device: known,
    macAddress: known,
    ipAddress: known,
    netmask: known,
    gateway: known,
    dnsServers: z.array(z.string()).readonly().nullable(),
    isDhcp: z.boolean().nullable(),
    tlsFingerprint256: known.meta({
      description: "SHA-256 of the certificate of this API; null: it is not encrypted.",
    }),
  }),
  powerW: z.number().nullable().meta({ description: "At the wall; null: nothing in the machine measures it." }),
  hardware: queryAnswers.hardware.nullable().meta({ description: "Null while nothing is switched on." }),
});

export interface MachineContext {
  readonly state: ManagementState;
  readonly facts: () => MachineFacts;
  readonly tlsFingerprint256: string | null;
  readonly query: (query: Query, scope: Scope) => Promise<QueryAnswer>;
}

async function machineOf(context: MachineContext, scope: Scope): Promise<z.infer<typeof machineAnswer>> {
  const { state, tlsFingerprint256 } = context;
  const facts = context.facts();
  const { snapshot } = state;
  const hardware = await context.query({ kind: "hardware" }, scope);
  return {
    version: state.version,
    nodeVersion: process.versions.node,
    kernelVersion: facts.kernelVersion,
    machine: snapshot?.machine ?? null,
    label: snapshot === null ? null : marketingName(snapshot.machine),
    controlBoard: snapshot?.controlBoard ?? null,
    emulationLabel: snapshot?.emulationLabel ?? null,
    network: {
      hostname: facts.hostname,
      device: facts.netDevice,
      macAddress: facts.macAddress,
      ipAddress: facts.ipAddress,
      netmask: facts.netmask,
      gateway: facts.gateway,
      dnsServers: facts.dnsServers,
      isDhcp: facts.isDhcp,
      tlsFingerprint256,
    },
    powerW: facts.powerW,
    hardware: hardware.ok ? (hardware.data as AnswerOf<"hardware">) : null,
  };
}

const receiptsWish = z.object({
  days: z.coerce
    .number()
    .int()
    .min(1)
    .max(RECEIPT_DAYS_MAX)
    .default(30)
    .meta({ description: "So many of the newest days with work." }),
});

interface Request {
  readonly query: unknown;
  readonly identity: { readonly scope: Scope } | null;
}

export const MACHINE_ROUTES = [
  {
    method: "GET",
    url: "/api/v1/machine",
    summary: "Who this machine is, where it is on the network, what it bears.",
    scope: "read",
    answer: machineAnswer,
    handle: async (context: MachineContext, { identity }: Request) => ({
      status: 200,
      body: await machineOf(context, identity?.scope ?? "read"),
    }),
  },
  {
    method: "GET",
    url: "/api/v1/receipts",
    summary: "Accepted work by day, pool and user, newest first.",
    scope: "read",
    query: receiptsWish,
    answer: receiptsAnswer,
    handle: async (context: MachineContext, { query, identity }: Request) => {
      const { days } = query as z.infer<typeof receiptsWish>;
      const answer = await context.query({ kind: "receipts", days }, identity?.scope ?? "read");
      return answer.ok ? { status: 200, body: answer.data } : { status: 400, body: answer };
    },
  },
] as const;
